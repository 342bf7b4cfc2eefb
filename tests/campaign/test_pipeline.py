"""The real stages end to end on a small glass: one catalogue, whatever the workers and kills."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from inspection import digest, tasks_by_stage, wait_for
from small_plan import SMALL_PLAN

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.catalog import open_campaign as open_catalog
from glasswells.core.errors import InputError
from glasswells.core.records import DoubleWell
from glasswells.engines.pool import InlineExecutor
from glasswells.khomenko2021 import SECTIONS
from glasswells.report import campaign_content
from glasswells.report.page import compose
from glasswells.report.search_tables import screening_tables, search_tables
from glasswells.report.well_tables import wells_table
from glasswells.stages.found import campaign_overview
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.reader import CONTINUED, DONE, FAILED, StoreReader
from glasswells.store.schema import STORE_NAME
from glasswells.store.verify import verify_store
from report_contents import write_small

pytestmark = pytest.mark.early

COMMAND = [sys.executable, "-m", "glasswells.cli"]
ENDED = (DONE, CONTINUED, FAILED)


@pytest.fixture(scope="module")
def plan(small_campaign: Path) -> Path:
    return small_campaign.with_name("plan.toml")


@pytest.fixture(scope="module")
def unbroken(small_campaign: Path) -> Path:
    return small_campaign


def test_it_finds_double_wells_and_their_splittings(unbroken: Path) -> None:
    with open_campaign(unbroken, PIPELINE) as store:
        counts = store.product_counts()
        wells = [item.record for item in store.records("double_well")]
        splittings = [item.record.splitting for item in store.records("splitting")]
    assert counts["glass"] == 1
    assert counts["trajectory"] == 2
    assert counts["structure"] > 2
    assert len(wells) >= 1
    assert len(splittings) == 3 * len(wells)
    assert counts["well_summary"] == len(wells)
    for well in wells:
        assert isinstance(well, DoubleWell)
        assert well.barrier > max(0.0, well.asymmetry)
        assert well.negative_eigenvalue < 0
        assert np.linalg.norm(well.tangent_a) == pytest.approx(1.0)
    assert all(s.splitting > 0 and s.error >= 0 for s in splittings)


def test_each_stage_saves_what_it_declares(unbroken: Path) -> None:
    with open_campaign(unbroken, PIPELINE) as store:
        for kind in store.product_counts():
            for item in store.records(kind):
                declared = PIPELINE.stage(item.stage).gives
                assert type(item.record) is declared[kind]


def test_each_link_is_searched_once_and_each_pair_is_followed(unbroken: Path) -> None:
    with open_campaign(unbroken, PIPELINE) as store:
        candidates = next(store.records("pair_candidates")).record
        pairs = [item.record for item in store.records("pair")]
        followed = [item.record for item in store.records("followed_pair")]
        searches = [row.task for row in store.tasks(stage="paths")]
        counts = store.counts()["pairs"]
    assert {(f.i, f.j) for f in followed} == {tuple(row) for row in candidates.minima}
    assert len({frozenset((p.i, p.j)) for p in pairs}) == len(pairs) == len(searches)
    assert {p.search for p in pairs} == {task.number for task in searches}
    assert counts["path_searches"] == len(searches)
    assert counts["followed_pairs"] == counts["pairs"] == len(followed)
    assert counts["rounds"] > 1
    assert {rule for f in followed for rule in f.rules} == {"linked", "close"}


def test_two_workers_give_the_same_catalogue(unbroken: Path, plan: Path, tmp_path: Path) -> None:
    directory = start_campaign(plan, tmp_path / "two", PIPELINE)
    assert run_campaign(directory, PIPELINE, workers=2).is_finished
    assert digest(directory, PIPELINE) == digest(unbroken, PIPELINE)


def test_machine_code_made_now_and_loaded_give_the_same_catalogue(
    unbroken: Path, plan: Path, tmp_path: Path
) -> None:
    """With an empty cache a worker compiles all kernels itself, whatever it runs first."""
    directory = tmp_path / "compiling"
    done = subprocess.run(
        [*COMMAND, "run", str(plan), "--dir", str(directory), "--workers", "1"],
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert any((tmp_path / "cache").rglob("*.nbi"))
    assert digest(directory, PIPELINE) == digest(unbroken, PIPELINE)


def test_a_killed_campaign_ends_as_the_unbroken_one(
    unbroken: Path, plan: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "killed"
    run = [*COMMAND, "run", str(plan), "--dir", str(directory), "--workers", "2"]
    for _ in range(4):
        before = tasks_by_stage(directory, PIPELINE, *ENDED).total()
        with subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            wait_for(
                lambda n=before: tasks_by_stage(directory, PIPELINE, *ENDED).total() > n,  # type: ignore[misc]
                tick=0.05,
            )
            process.kill()
        assert process.returncode == -signal.SIGKILL
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.match(r"\d+ two-level systems? \(argon-published ", done.stdout.splitlines()[-1])
    assert digest(directory, PIPELINE) == digest(unbroken, PIPELINE)
    assert verify_store(directory, PIPELINE.codec).is_sound


def test_status_and_report_of_a_finished_campaign(unbroken: Path, tmp_path: Path) -> None:
    status = subprocess.run(
        [*COMMAND, "status", str(unbroken), "--json"], capture_output=True, text=True, check=True
    )
    stages = {stage["stage"]: stage for stage in json.loads(status.stdout)["stages"]}
    assert list(stages) == [
        "prepare",
        "explore",
        "push",
        "library",
        "pairs",
        "screening",
        "paths",
        "splittings",
        "couplings",
        "modes",
        "overlaps",
    ]
    assert all(stage["left"] == stage["failed"] == 0 for stage in stages.values())
    with open_campaign(unbroken, PIPELINE) as store:
        content = campaign_content(store)
        # From the summaries in the store, and from the double wells in full.
        assert campaign_overview(store).numbers == content.overview.numbers
    found = json.loads(status.stdout)["found"]
    assert found == json.loads(json.dumps(content.overview.numbers))
    assert found["double_wells"] == found["solved"] >= 1
    words = subprocess.run(
        [*COMMAND, "status", str(unbroken)], capture_output=True, text=True, check=True
    )
    lines = words.stdout.splitlines()
    assert tuple(lines[-len(content.overview.sentences) :]) == content.overview.sentences
    assert re.fullmatch(
        r"\d+ two-level systems? \(argon-published \d+, argon \d+, NiP \d+\)", lines[-1]
    )
    table = open_catalog(unbroken).double_wells
    assert [row[0] for row in wells_table(content).rows] == list(table["key"])
    rows = wells_table(content)
    for name in ("linear_overlap_tangent_a", "cubic_barrier_softest", "largest_displacement"):
        column = [row[rows.columns.index(name)] for row in rows.rows]
        assert [float(cell or "nan") for cell in column] == pytest.approx(
            list(table[name]), abs=0, rel=0, nan_ok=True
        )
        assert any(column)
    page = compose(content, tmp_path / "report", SECTIONS, draw=write_small)
    assert "small" in page.read_text(encoding="utf-8")
    (preparation,) = content.preparations
    assert sum(len(glass.wells) for glass in preparation.glasses) >= 1


def test_double_wells_of_a_glass_whose_library_is_lost_are_left_out(
    unbroken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a salvaged campaign, until it is resumed; reports show explored glasses only."""
    monkeypatch.setattr(StoreReader, "glasses", lambda store, kind: ())
    with open_campaign(unbroken, PIPELINE) as store:
        numbers = campaign_overview(store).numbers
    assert (numbers["glasses"], numbers["double_wells"], numbers["solved"]) == (0, 0, 0)


def links_of(directory: Path, rule: str) -> dict[tuple[int, int], list[tuple[str, float]]]:
    """What is on the way of each pair that a rule chose: outcomes and barriers."""
    with open_campaign(directory, PIPELINE) as store:
        wells = {item.number: item.record for item in store.records("double_well")}
        return {
            (pair.i, pair.j): [
                (outcome, wells[search].barrier if search in wells else 0.0)
                for outcome, search in zip(pair.outcomes, pair.searches, strict=True)
            ]
            for pair in (item.record for item in store.records("followed_pair"))
            if rule in pair.rules
        }


def sessions_of(directory: Path, stage: str) -> set[int]:
    connection = sqlite3.connect(directory / STORE_NAME)
    rows = connection.execute("SELECT DISTINCT session FROM tasks WHERE stage = ?", (stage,))
    found = {row[0] for row in rows}
    connection.close()
    return found


def test_other_rules_and_rounds_take_over_the_searches_that_were_made(
    unbroken: Path, tmp_path: Path
) -> None:
    """The paper's pairs and what they hold do not depend on what else is searched."""
    plan = tmp_path / "plan.toml"
    text = SMALL_PLAN.replace('"linked", "close"', '"linked"').replace("batch = 2", "batch = 1")
    plan.write_text(text, encoding="utf-8")
    alone = start_campaign(plan, tmp_path / "alone", PIPELINE, reuse=unbroken)
    assert run_campaign(alone, PIPELINE, workers=1, make_executor=InlineExecutor).is_finished
    assert verify_store(alone, PIPELINE.codec).is_sound
    assert links_of(alone, "linked") == links_of(unbroken, "linked")
    assert links_of(alone, "close") == {}
    assert sessions_of(alone, "paths") == sessions_of(alone, "splittings") == {1}
    assert sessions_of(alone, "pairs") == {2}

    back = start_campaign(tmp_path / "plan.toml", tmp_path / "afresh", PIPELINE)
    assert run_campaign(back, PIPELINE, workers=1, make_executor=InlineExecutor).is_finished
    assert digest(back, PIPELINE) == digest(alone, PIPELINE)


def test_the_report_counts_by_rule(unbroken: Path) -> None:
    with open_campaign(unbroken, PIPELINE) as store:
        content = campaign_content(store)
        wells = [item.number for item in store.records("double_well")]
        counts = store.counts()["pairs"]
    (table,) = search_tables(content)
    assert f"In all {counts['path_searches']} path searches" in table.note
    assert [row[1] for row in table.rows] == ["linked", "close"]
    assert all(0 < int(row[4]) <= counts["path_searches"] for row in table.rows)
    (preparation,) = content.preparations
    assert preparation.rules == ("linked", "close")
    for rule in ("linked", "close"):
        links = links_of(unbroken, rule).values()
        barriers = {barrier for way in links for outcome, barrier in way if barrier}
        (chosen,) = preparation.chosen_by(rule)
        assert {w.barrier for w in chosen} == barriers
    assert len(preparation.wells[0]) == len(wells)


def test_a_campaign_of_another_code_is_read_but_not_continued(
    unbroken: Path, plan: Path, tmp_path: Path
) -> None:
    older = [
        dataclasses.replace(stage, code_format=1 if stage.name == "pairs" else stage.code_format)
        for stage in PIPELINE.stages
    ]
    before = dataclasses.replace(PIPELINE, stages=tuple(older))
    directory = start_campaign(plan, tmp_path / "old", before, reuse=unbroken)
    assert run_campaign(directory, before, workers=1, make_executor=InlineExecutor).is_finished
    with open_campaign(directory, PIPELINE) as store:
        assert campaign_content(store).preparations
    with pytest.raises(InputError, match=r"computed the stage pairs otherwise.*--reuse"):
        run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor)


SCREENED_TABLES = """
[pairs.screened]
max_energy_difference = 1.0
min_distance = 0.05
max_distance = 3.0
[splittings]
units = ["heavy"]
[units.heavy]
length = 3.4
energy = 120.0
mass = 4000.0
tls_threshold = 0.005
"""
"""Atoms so heavy that the near minima of a small glass are two wells."""


def test_screened_rounds_wait_for_splittings(plan: Path, tmp_path: Path) -> None:
    """With too few double wells to learn from, it goes by the order of `close` and says so."""
    text = SMALL_PLAN.replace('"linked", "close"', '"screened"')
    path = tmp_path / "screened.toml"
    path.write_text(text + SCREENED_TABLES, encoding="utf-8")
    directory = start_campaign(path, tmp_path / "screened", PIPELINE)
    assert run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor).is_finished
    with open_campaign(directory, PIPELINE) as store:
        rounds = [item.record for item in store.records("screening_round")]
        states = [item.record for item in store.records("glass_round")]
        followed = [item.record for item in store.records("followed_pair")]
        candidates = next(store.records("pair_candidates")).record
        counts = store.counts()
        splittings = [item.record.splitting for item in store.records("splitting")]
        content = campaign_content(store)
        for kind in store.product_counts():
            assert isinstance(next(store.records(kind)).record, PIPELINE.products[kind])
    assert {(f.i, f.j) for f in followed} == {tuple(row) for row in candidates.minima}
    ((glass,),) = (p.glasses for p in content.preparations)
    assert glass.n_pairs == len(followed)
    assert glass.pairs_by_rule["screened"] == sum("screened" in f.rules for f in followed)
    table, _ = screening_tables(content)
    assert [row[4] for row in table.rows] == [str(r.searched) for r in rounds if r.searched]
    # The start, which the glass made, and each round.
    assert len(states) - 1 == len(rounds) + 1 == counts["pairs"]["rounds"]
    assert counts["screening"]["rounds"] == len(rounds) + 1
    assert "double wells are known, expected at least 100" in rounds[0].reason
    assert {r.rule for r in rounds} == {"close", "ended"}
    known = states[-1].screening.known
    assert len(known) == counts["pairs"]["path_searches"]
    usable = [s.splitting for s in splittings if s.is_two_level or s.splitting >= 0.005]
    assert sorted(each.splitting for each in known if each.splitting is not None) == sorted(usable)
    assert sum(r.searched for r in rounds) == counts["pairs"]["screened_searches"] > 0
    assert verify_store(directory, PIPELINE.codec).is_sound
