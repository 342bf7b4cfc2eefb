"""Trying failed tasks again, with everything that rests on their failure.

A task may run without the products of another one that has failed, as the pairs of a glass do with
a trajectory less. So what was made after a failure is undone when the failure is: the campaign is
then what it would be if the task had not been tried yet.
"""

from __future__ import annotations

from typing import Any

from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import DONE, FAILED
from glasswells.store.writer import FAILED_INPUT, Store


def retry_failed(store: Store, pipeline: Pipeline, plan: Any) -> int:
    """Put failed tasks back in the queue, in one transaction; how many.

    What took their products, or ran without them, is removed with all that followed from it, and
    asked for again: by the plan, or by the finished tasks that had asked for it.
    """
    failed = [row for row in store.tasks(FAILED) if row.reason != FAILED_INPUT]
    if not failed:
        return 0
    store.erase_what_is_deleted()
    with store.transaction():
        undone = store.consumers(row.task.chain for row in failed)
        for chain in sorted(undone):
            store.forget(chain)
        revived = [row for row in failed if row.task.chain not in undone]
        for row in revived:
            store.revive(row)
        ask_again(store, pipeline, plan)
    return len(revived)


def ask_again(store: Store, pipeline: Pipeline, plan: Any) -> None:
    """Add all that the plan and the finished tasks of a store ask for, unless it is there."""
    seed = int(store.property("seed"))
    asked = list(pipeline.tasks(pipeline.roots(plan), seed))
    for stage in pipeline.stages:
        if pipeline.may_ask(stage.name):
            for row in store.tasks(DONE, stage=stage.name):
                following = pipeline.follow(plan, row.task, store.last_output(row))
                asked += pipeline.tasks(following, seed, row.task.chain)
    while asked:  # a task comes after those that it takes products from
        coming = {task.chain for task in asked}
        ready = [task for task in asked if not any(ref.chain in coming for ref in task.inputs)]
        for task in ready or asked:
            store.add_task(task, pipeline.rank(task.stage))
        added = {task.chain for task in ready or asked}
        asked = [task for task in asked if task.chain not in added]
