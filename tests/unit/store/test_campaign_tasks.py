"""Task names, seeds, references."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from glasswells.store.tasks import SELF, FollowUp, Ref, Task, resolve

TASK = Task(
    stage="paths",
    glass="T0.092-000",
    number=3,
    seed=42,
    inputs=(Ref(chain="ab" * 32, kind="minimum", item=1),),
    parameters={"images": 40, "rho": 0.01},
)


def test_ids_are_pinned() -> None:
    """They name what is done: a change would make every campaign start anew."""
    assert TASK.id == TASK.chain
    assert TASK.id == "b360e63e4bbe110626b4c7910ae1e4b9526d72a8c0eeffa45943f8ab4afc70bf"
    assert (
        replace(TASK, chunk=2).id
        == "25540fd7cc2e26557c4e1d4304561f4e0d01c5059ddae320fdf661e947c7bdfb"
    )
    assert replace(TASK, chunk=2).chain == TASK.chain


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "pairs"},
        {"glass": "T0.092-001"},
        {"number": 4},
        {"seed": 43},
        {"inputs": ()},
        {"inputs": (Ref(chain="ab" * 32, kind="minimum", item=2),)},
        {"inputs": (Ref(chain="ab" * 32, kind="minimum", item=1, optional=True),)},
        {"parameters": {"images": 40, "rho": 0.02}},
        {"chunk": 1},
    ],
)
def test_everything_that_a_result_depends_on_changes_the_id(change: dict[str, Any]) -> None:
    assert replace(TASK, **change).id != TASK.id


def test_what_a_result_does_not_depend_on_does_not_change_the_id() -> None:
    assert replace(TASK, chunks_left=9).id == TASK.id
    assert replace(TASK, parameters={"rho": 0.01, "images": 40}).id == TASK.id


def test_seeds_differ_between_tasks_and_are_pinned() -> None:
    tasks = [
        replace(TASK, stage=stage, glass=glass, number=number, chunk=chunk)
        for stage in ("prepare", "explore")
        for glass in ("a", "b")
        for number in range(3)
        for chunk in range(3)
    ]
    words = {tuple(t.seed_sequence.generate_state(4)) for t in tasks}
    children = {tuple(t.seed_sequence.spawn(1)[0].generate_state(4)) for t in tasks}
    assert len(words | children) == 2 * len(tasks)
    assert TASK.seed_sequence.generate_state(1)[0] == 3416185509
    assert TASK.seed_path == "42/paths/T0.092-000/3/0"
    # Other parameters, same random numbers: results of two plans can be compared pair by pair.
    other = replace(TASK, parameters={}).seed_sequence
    assert np.array_equal(other.generate_state(4), TASK.seed_sequence.generate_state(4))


def test_follow_ups_refer_to_their_parent_and_to_each_other() -> None:
    first = FollowUp(
        stage="a", glass="g", number=0, inputs=(Ref(chain=SELF, kind="x"),), label="one"
    )
    second = FollowUp(stage="b", glass="g", number=0, inputs=(Ref(chain="one", kind="y"),))
    a, b = resolve([first, second], seed=1, parent=TASK.chain)
    assert a.inputs == (Ref(chain=TASK.chain, kind="x"),)
    assert b.inputs == (Ref(chain=a.chain, kind="y"),)


def test_the_code_format_of_a_stage_is_part_of_its_tasks_names_only() -> None:
    first = FollowUp(stage="a", glass="g", number=0, label="one")
    second = FollowUp(stage="b", glass="g", number=0, inputs=(Ref(chain="one", kind="y"),))
    before = resolve([first, second], seed=1)
    same, changed = resolve([first, second], seed=1, code_formats={"b": 2})
    assert same.id == before[0].id
    assert changed.id != before[1].id
    assert changed.parameters["code_format"] == 2
