"""Toy campaigns from start to end: same catalogue whoever works on it, failures as data."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import toy
from inspection import query, stopping_after
from toy_runs import DONE, Start, digest, run_inline

from glasswells.campaign.campaigns import (
    Ending,
    load_pipeline,
    open_campaign,
    run_campaign,
)
from glasswells.campaign.progress import stage_progress
from glasswells.core.errors import InputError
from glasswells.engines.pool import InlineExecutor
from glasswells.store.errors import CampaignBusyError, DamagedStoreError, FormatError
from glasswells.store.reader import FAILED, StoreReader
from glasswells.store.tasks import FollowUp
from glasswells.store.writer import FAILED_INPUT, Store


class Shuffler(Executor):
    """Runs what was submitted last first, and lets it wait for company before."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1)
        self._stack: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, function: Callable[..., Any], /, *values: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._stack.append((future, function, values))
        self._threads.submit(self._pop)
        return future

    def _pop(self) -> None:
        time.sleep(0.005)
        future, function, values = self._stack.pop()
        future.set_result(function(*values))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)


def test_one_and_two_workers_and_any_order_find_the_same_to_the_bit(start: Start) -> None:
    a, b, c, d = (start(name) for name in "abcd")
    assert run_inline(a) == DONE
    assert run_campaign(b, toy.PIPELINE, workers=1) == DONE
    assert run_campaign(c, toy.PIPELINE, workers=2) == DONE
    assert run_inline(d, workers=7, make_executor=Shuffler) == DONE
    assert len({digest(x) for x in (a, b, c, d)}) == 1


def test_the_digest_sees_seeds_parameters_and_products(start: Start) -> None:
    variants = [{}, {"seed": 8}, {"steps": 21}, {"glasses": 1}, {"mode": "fail"}]
    directories = [start(f"c{k}", **change) for k, change in enumerate(variants)]
    for directory in directories:
        run_inline(directory)
    assert len({digest(x) for x in directories}) == len(variants)


def test_the_catalogue_is_what_the_stages_say(start: Start) -> None:
    directory = start(glasses=1, walks=2, chunks=2)
    run_inline(directory)
    with open_campaign(directory, toy.PIPELINE) as store:
        walks = list(store.records("walk"))
        assert [(w.number, w.position) for w in walks] == [(0, 0), (0, 0), (1, 0), (1, 0)]
        assert not (walks[0].record.path[-1] == walks[2].record.path[-1]).any()
        sites = [s.record for s in store.records("site")]
        assert sum(s.visits for s in sites) == 4 * 20
        squares = [s.record for s in store.records("square", glass="g0")]
        assert [s.visits for s in squares] == [s.visits for s in sites]
        (total,) = store.records("total")
        assert total.record.sum == sum(s.x for s in squares)
        assert store.counts() == {"walk": {"steps": 80}, "gather": {"sites": len(sites)}}
        assert store.product_counts().keys() == {"walk", "site", "square", "total"}
        assert list(store.records("square", glass="g1")) == []


def test_running_again_does_nothing(start: Start) -> None:
    directory = start()
    run_inline(directory)
    acknowledged: list[str] = []
    assert run_inline(directory, acknowledged=acknowledged.extend) == DONE
    assert acknowledged == []
    with open_campaign(directory, toy.PIPELINE) as store:
        assert [s["session"] for s in store.sessions()] == [1, 2]
        assert all(s["ending"].endswith(" done") for s in store.sessions())
        assert store.sessions()[0]["packages"]["numpy"]
        assert store.sessions()[0].keys() == {
            *("session", "started", "ending", "workers", "engine"),
            *("python", "packages", "git_commit", "system", "processor"),
        }


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("fail", "zero"),
        ("error", "zero_division_error"),
        ("unsavable", "not_savable"),
        ("vast", "not_savable"),
    ],
)
def test_failures_are_recorded_and_the_campaign_goes_on(
    start: Start, mode: str, reason: str
) -> None:
    directory = start(mode=mode)
    assert run_inline(directory) == DONE
    with open_campaign(directory, toy.PIPELINE) as store:
        failed = list(store.tasks(FAILED))
        assert [row.reason for row in failed] == [reason] * 2
        words = {"unsavable": "set", "vast": "bytes"}.get(mode, "origin")
        assert all(words in row.error for row in failed)
        assert store.reasons() == {"square": {reason: 2}}
        totals = [t.record.sites for t in store.records("total")]
        assert sum(totals) == store.product_counts()["site"] - 2
        (progress,) = [p for p in stage_progress(store, toy.PIPELINE) if p.stage == "square"]
        assert progress.failed == 2
        assert progress.left == 0


def test_time_left_knows_that_glasses_differ() -> None:
    def row(status: str, glass: str, tasks: int, left: int, seconds: float) -> dict[str, Any]:
        return {
            "stage": "walk", "status": status, "glass": glass, "tasks": tasks,
            "chunks_left": left, "cpu_seconds": seconds, "wall_seconds": seconds,
        }  # fmt: skip

    rows = [
        row("continued", "fast", 8, 0, 8.0), row("done", "fast", 2, 0, 2.0),
        row("running", "fast", 1, 5, 0.0), row("done", "slow", 1, 0, 12.0),
        row("ready", "slow", 3, 10, 0.0), row("ready", "new", 1, 2, 0.0),
    ]  # fmt: skip
    store: Any = SimpleNamespace(
        snapshot=nullcontext, summary=lambda: rows, reasons=dict, counts=dict
    )
    stages = {p.stage: p for p in stage_progress(store, toy.PIPELINE, workers=2)}
    walk = stages["walk"]
    assert (walk.done, walk.left, walk.running, walk.cpu_seconds) == (11, 17, 1, 22.0)
    assert walk.mean_seconds == 2.0
    assert walk.seconds_left == (5 * 1.0 + 10 * 12.0 + 2 * 2.0) / 2
    assert stages["square"].seconds_left is None


def test_what_needs_a_failed_task_fails_too(start: Start) -> None:
    directory = start(width=0)  # walks of width 0 have no first column: gather fails
    assert run_inline(directory) == DONE
    with Store(directory, toy.PIPELINE.codec) as store:
        gathers = list(store.tasks(FAILED))
        assert [row.reason for row in gathers] == ["index_error"] * 2
        assert "Traceback" in gathers[0].error
    bad = start("bad", width=-1)
    assert run_inline(bad) == DONE
    with open_campaign(bad, toy.PIPELINE) as store:
        assert store.reasons() == {"walk": {"value_error": 4}, "gather": {FAILED_INPUT: 2}}
    assert digest(bad)


def test_a_task_that_kills_its_worker_is_found_and_fails_alone(start: Start) -> None:
    directory = start(glasses=1, mode="die")
    assert run_campaign(directory, toy.PIPELINE, workers=2) == DONE
    with open_campaign(directory, toy.PIPELINE) as store:
        (failed,) = store.tasks(FAILED)
        assert failed.reason == "worker_died"
        assert failed.attempts == 3
        assert store.product_counts()["square"] == store.product_counts()["site"] - 1
        assert [row.attempts for row in store.tasks("done") if row.attempts] == []


def test_a_worker_that_dies_once_costs_nothing(start: Start, tmp_path: Path) -> None:
    marker = str(tmp_path / "marker")
    directory = start(glasses=1, mode="die once", marker=marker)
    twin = start("twin", glasses=1, mode="die once", marker=marker)
    assert run_campaign(directory, toy.PIPELINE, workers=2) == DONE
    assert Path(marker).exists()
    run_inline(twin)
    assert digest(directory) == digest(twin)
    with open_campaign(directory, toy.PIPELINE) as store:
        assert list(store.tasks(FAILED)) == []


def test_the_number_of_tasks_in_flight_follows_the_executor(start: Start) -> None:
    most = {1: 0, 4: 0}

    class Counting(ThreadPoolExecutor):
        workers = 1

    executors: list[Counting] = []

    def make() -> Executor:
        executors.append(Counting(1))
        return executors[-1]

    def observer(store: StoreReader, flights: Mapping[str, int]) -> None:
        workers = executors[0].workers
        most[workers] = max(most[workers], sum(flights.values()))
        if sum(most.values()) > 1:
            executors[0].workers = 4

    run_inline(start(walks=8, seconds=0.005), workers=None, make_executor=make, observer=observer)
    assert 0 < most[1] <= 2
    assert 2 < most[4] <= 8


def test_a_second_coordinator_is_refused_while_readers_are_welcome(start: Start) -> None:
    directory = start(glasses=1)
    refusals: list[str] = []

    def observer(store: StoreReader, flights: Mapping[str, int]) -> None:
        if not refusals:
            with pytest.raises(CampaignBusyError, match=f"process {os.getpid()} on") as caught:
                run_inline(directory)
            refusals.append(str(caught.value))
            with open_campaign(directory, toy.PIPELINE) as reader:
                assert stage_progress(reader, toy.PIPELINE)[0].left > 0

    assert run_inline(directory, observer=observer) == DONE
    assert len(refusals) == 1


def test_a_stop_keeps_what_came_in_and_the_rest_is_done_later(start: Start) -> None:
    whole, cut = start("whole"), start("cut")
    run_inline(whole)
    acknowledged: list[str] = []

    def stopping(ids: Sequence[str]) -> None:
        acknowledged.extend(ids)
        stop(ids)

    endings = []
    while not endings or endings[-1] != "done":
        stop = stopping_after(5)
        endings.append(run_inline(cut, acknowledged=stopping).reason)
    assert len(endings) > 3
    assert set(endings[:-1]) == {"signal SIGTERM"}
    assert len(acknowledged) == len(set(acknowledged))
    assert digest(cut) == digest(whole)


def test_the_ending_is_kept_before_what_was_found(start: Start) -> None:
    """Which reads many records: the process may be killed meanwhile, or one may be damaged."""
    endings: list[str] = []

    def damaged(store: StoreReader) -> Any:
        with open_campaign(store.path.parent, toy.PIPELINE) as reader:  # what a kill would leave
            endings.append(reader.sessions()[-1]["ending"])
        raise DamagedStoreError("a record is not what was written")

    directory = start(glasses=1)
    summing = replace(toy.PIPELINE, overview=damaged)
    with pytest.raises(DamagedStoreError, match="a record is not"):
        run_campaign(directory, summing, workers=1, make_executor=InlineExecutor)
    with open_campaign(directory, toy.PIPELINE) as store:
        endings.append(store.sessions()[-1]["ending"])
    assert [ending.split()[1:] for ending in endings] == [["done"]] * 2


def test_what_was_found_is_not_counted_after_a_stop(start: Start) -> None:
    """A batch system kills soon after it has asked for the end."""
    counted: list[str] = []

    def overview(store: StoreReader) -> Any:
        counted.append(store.sessions()[-1]["ending"].split()[1])
        return SimpleNamespace(numbers={}, sentences=())

    directory = start(glasses=1)
    summing = replace(toy.PIPELINE, overview=overview)
    options: dict[str, Any] = {"workers": 1, "make_executor": InlineExecutor}
    stopped = run_campaign(directory, summing, walltime=0.0, **options)
    assert stopped.reason == "walltime"
    stopped = run_campaign(directory, summing, acknowledged=stopping_after(3), **options)
    assert stopped.reason == "signal SIGTERM"
    assert counted == []
    assert run_campaign(directory, summing, **options) == DONE
    assert counted == ["done"]


def test_a_campaign_may_run_outside_the_main_thread(start: Start) -> None:
    directory = start(glasses=1)
    endings: list[Ending] = []
    thread = threading.Thread(target=lambda: endings.append(run_inline(directory)))
    thread.start()
    thread.join()
    assert endings == [DONE]


def test_a_moved_folder_works(start: Start, tmp_path: Path) -> None:
    whole, cut = start("whole"), start("cut")
    run_inline(whole)
    run_inline(cut, walltime=0.0)
    elsewhere = tmp_path / "else where" / "moved?#%"
    elsewhere.parent.mkdir()
    cut.rename(elsewhere)
    (tmp_path / "link").symlink_to(elsewhere)
    assert run_inline(tmp_path / "link") == DONE
    assert digest(elsewhere) == digest(whole)


def test_other_stages_are_refused(start: Start) -> None:
    import dataclasses

    other = dataclasses.replace(toy.PIPELINE, name="other")
    directory = start()
    with pytest.raises(FormatError, match="pipeline 'toy', expected 'other'"):
        open_campaign(directory, other)
    with pytest.raises(FormatError, match="pipeline 'toy'"):
        run_campaign(directory, other)
    assert load_pipeline("toy:PIPELINE") is toy.PIPELINE
    for name in ("toy", "toy:none", "toy:roots", "no.such:thing", ""):
        with pytest.raises(InputError, match=r"pipeline is|expected a Pipeline"):
            load_pipeline(name)
    with pytest.raises(InputError, match="workers is 0"):
        run_campaign(directory, toy.PIPELINE, workers=0)


def test_a_campaign_whose_first_tasks_had_other_names_is_not_continued(start: Start) -> None:
    """Its tasks would be done again beside those that it has."""

    def older(plan: dict[str, Any]) -> list[FollowUp]:
        return [
            replace(task, parameters={**task.parameters, "older": True})
            if task.stage == "gather"
            else task
            for task in toy.roots(plan)
        ]

    directory = start()
    before = replace(toy.PIPELINE, roots=older)
    options = {"workers": 1, "make_executor": InlineExecutor}
    assert run_campaign(directory, before, **options) == DONE
    assert run_campaign(directory, before, **options) == DONE
    with pytest.raises(InputError, match=r"computed the stage gather otherwise.*--reuse"):
        run_campaign(directory, toy.PIPELINE, **options)


def test_a_single_glass_that_would_be_another_one_is_enough(start: Start) -> None:
    """Nor does such a campaign grow: it stays as it was, and of the format that it has."""

    def older(plan: dict[str, Any]) -> list[FollowUp]:
        return [
            replace(task, parameters={**task.parameters, "older": True})
            if (task.stage, task.glass) == ("gather", "g0")
            else task
            for task in toy.roots(plan)
        ]

    directory = start(glasses=2)
    options = {"workers": 1, "make_executor": InlineExecutor}
    assert run_campaign(directory, replace(toy.PIPELINE, roots=older), **options) == DONE
    before, plan = digest(directory), (directory / "plan.toml").read_text()
    query(directory, "PRAGMA user_version=3")  # that of the version that may go on with it
    for begin in (
        partial(run_campaign, directory, toy.PIPELINE, **options),
        partial(start, glasses=3),
    ):
        with pytest.raises(InputError, match=r"computed the stage gather otherwise.*--reuse"):
            begin()
        assert query(directory, "PRAGMA user_version") == [(3,)]
        assert (directory / "plan.toml").read_text() == plan
        assert digest(directory) == before
