"""The coordinator alone: results of real sizes, as fast as it takes them.

No work is done: an executor answers each task at once with records of the sizes that a campaign
on glasses of 1500 particles has. So the figures are the most that one coordinator and one store
take in, whatever the number of workers. `verify` then reads the same store.

The folder is made where `TMPDIR` says: the disk under it, and how long it takes to sync, count.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from glasswells.campaign.campaigns import run_campaign, start_campaign
from glasswells.engines.worker import TaskReport
from glasswells.store.codec import Codec
from glasswells.store.pipeline import Pipeline, Stage
from glasswells.store.tasks import FollowUp, Ref, Task, TaskInput, TaskOutput
from glasswells.store.verify import verify_store
from rows import Row

WORKERS = 64
"""Twice as many tasks are in flight, and may come back for one commit."""
VERIFY_AIM = 500.0
"""MB/s."""


class Size(NamedTuple):
    """What a task of one stage returns, and takes; means of a campaign at T_f = 0.092."""

    tasks: int
    """How many are fed."""
    records: int
    arrays: int
    """Of each record."""
    floats: int
    """Of each array."""
    numbers: int
    """Beside them, in the text of each record."""
    structures: int
    """Inputs: inherent structures of 1500 particles."""


SIZES = {
    # a path ends in 2.8 double wells of 15 arrays and 268 kB
    "paths": Size(tasks=400, records=3, arrays=15, floats=2233, numbers=60, structures=2),
    "splittings": Size(tasks=1500, records=6, arrays=1, floats=4, numbers=25, structures=0),
    "modes": Size(tasks=1500, records=1, arrays=8, floats=1256, numbers=60, structures=1),
}
POOL = 64
"""Structures that are inputs."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Structure:
    """Positions and diameters."""

    positions: np.ndarray
    diameters: np.ndarray


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Result:
    """As large as a real one."""

    arrays: tuple[np.ndarray, ...]
    numbers: tuple[float, ...]


def make_structures(task: TaskInput) -> TaskOutput:
    generator = np.random.default_rng(task.seed)
    found = [
        Structure(
            positions=generator.uniform(size=(1500, 3)), diameters=generator.uniform(size=1500)
        )
        for _ in range(POOL)
    ]
    return TaskOutput(products=tuple(("structure", item) for item in found))


def make_result(task: TaskInput) -> TaskOutput:
    size = SIZES[task.parameters["stage"]]
    generator = np.random.default_rng(task.seed)
    noise = generator.uniform(size=size.floats)
    records = [
        Result(
            arrays=tuple(noise + generator.uniform() for _ in range(size.arrays)),
            numbers=tuple(noise[np.arange(size.numbers) % size.floats].tolist()),
        )
        for _ in range(size.records)
    ]
    return TaskOutput(products=tuple(("result", record) for record in records))


def follow_structures(stage: str, task: Task, output: TaskOutput) -> Sequence[FollowUp]:
    size = SIZES[stage]
    return [
        FollowUp(
            stage=stage,
            glass=task.glass,
            number=k,
            inputs=tuple(
                Ref(chain="self", kind="structure", item=(k + j) % POOL)
                for j in range(size.structures)
            ),
            parameters={"stage": stage},
        )
        for k in range(size.tasks)
    ]


PIPELINE = Pipeline(
    name="coordinator",
    stages=(
        Stage(name="structures", title="", run=make_structures, follow=follow_structures),
        *(Stage(name=name, title=name, run=make_result) for name in SIZES),
    ),
    codec=Codec((Structure, Result)),
    read_plan=lambda text: text.strip(),
    roots=lambda stage: [FollowUp(stage="structures", glass="g", number=0)],
    identity=lambda stage: (stage, 1),
)


class Answering(Executor):
    """Knows the answer before the question; what making it up costs is not counted."""

    def __init__(self) -> None:
        self.cpu = 0.0
        self.wall = 0.0

    def submit(self, function: Callable[..., Any], /, *values: Any, **named: Any) -> Future[Any]:
        """Answer now."""
        cpu, wall = time.process_time(), time.perf_counter()
        run, task_input, _, packing = values
        future: Future[Any] = Future()
        output = run(task_input)
        future.set_result(TaskReport(output=output, encoded=packing.packed(task_input, output)))
        self.cpu += time.process_time() - cpu
        self.wall += time.perf_counter() - wall
        return future


def feed(stage: str, folder: Path) -> tuple[float, float, float, Path]:
    """CPU and wall seconds per task, MB per task, the campaign's folder."""
    plan = folder / f"{stage}.txt"
    plan.write_text(stage)
    directory = start_campaign(plan, folder / stage, PIPELINE)
    executor = Answering()
    marks: list[tuple[float, float]] = []

    def observer(store: Any, flights: Mapping[str, int]) -> None:
        if flights.get(stage) and not marks:
            marks.append((time.process_time() - executor.cpu, time.perf_counter() - executor.wall))

    run_campaign(
        directory, PIPELINE, workers=WORKERS, make_executor=lambda: executor, observer=observer
    )
    cpu = time.process_time() - executor.cpu - marks[0][0]
    wall = time.perf_counter() - executor.wall - marks[0][1]
    size = SIZES[stage]
    megabytes = size.records * size.arrays * size.floats * 8 / 1e6
    return cpu / size.tasks, wall / size.tasks, megabytes, directory


def main() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="glasswells-") as name:
        directories = []
        for stage, size in SIZES.items():
            cpu, wall, megabytes, directory = feed(stage, Path(name))
            directories.append(directory)
            rows.append(
                Row(
                    work=f"coordinator: {stage}, {megabytes * 1000:.1f} kB a task",
                    measured=f"{1 / cpu:.0f} tasks/s, {megabytes / cpu:.0f} MB/s of CPU; with the "
                    f"disk {1 / wall:.0f} tasks/s ({size.tasks} tasks)",
                )
            )
        rows.append(verify_row(directories))
    return rows


def verify_row(directories: Sequence[Path]) -> Row:
    """MB of arrays checked per second of CPU on the largest store."""
    largest = max(directories, key=lambda d: sum(p.stat().st_size for p in d.iterdir()))
    rates = []
    for _ in range(3):
        begin = time.process_time()
        result = verify_store(largest, PIPELINE.codec)
        rates.append(result.bytes / 1e6 / (time.process_time() - begin))
        if not result.is_sound:
            raise RuntimeError(result.problems[0])
    rate = statistics.median(rates)
    return Row(
        work=f"verify, {result.bytes / 1e6:.0f} MB in {result.arrays} arrays",
        measured=f"{rate:.0f} MB/s",
        aim=f"{VERIFY_AIM:.0f} MB/s",
        meets_must=True,
        meets_aim=rate >= VERIFY_AIM,
    )


if __name__ == "__main__":
    from rows import print_rows

    print_rows(main())
