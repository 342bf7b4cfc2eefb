"""Workers in Slurm jobs: submitted, watched, replaced when they end, given up when that is no use.

dask-jobqueue submits and cancels. What became of a job that it has submitted it does not ask, so
a job that never gets to work (refused, cancelled in the queue, without a Python) would be waited
for without end. The watch asks Slurm.
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import dask
from distributed import Client, Scheduler, Security, Status
from distributed.diagnostics.plugin import SchedulerPlugin

from glasswells.engines.dask_engine import (
    CLOSE_SECONDS,
    SETTINGS,
    SILENT,
    DaskExecutor,
    QuietScheduler,
    QuietWorker,
    connected,
)
from glasswells.engines.errors import EngineError
from glasswells.engines.slurm import SlurmJobs

JOB_NAME = "glasswells"
WATCH_SECONDS = 5.0
"""Between two looks at the jobs."""
LONGEST_WAIT = 600.0
"""Seconds until jobs are submitted again, when jobs end again and again before they work."""
HOPELESS = 3
"""How often all jobs may end before any worker registers, until the run is given up."""
SUBMIT_SECONDS = 60.0
"""For Slurm to take or refuse the first jobs."""
QUEUE_SECONDS = 30.0
"""For `squeue` to answer."""
ALIVE = "PENDING,CONFIGURING,RUNNING,SUSPENDED,COMPLETING"
"""States of jobs that may still get or have workers."""


@contextmanager
def _ctrl_c_kept() -> Iterator[None]:
    """Importing dask-jobqueue (0.9) makes Ctrl-C end us with exit code 0."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)


with _ctrl_c_kept():
    from dask_jobqueue import SLURMCluster
    from dask_jobqueue.slurm import SLURMJob


class WatchedJob(SLURMJob):  # type: ignore[misc]
    """A job that remembers why it was refused, instead of an error in dask's own thread."""

    refusal = ""

    async def start(self) -> None:
        """Submit it."""
        try:
            await super().start()
        except (OSError, RuntimeError, ValueError) as error:  # no `sbatch`, its exit code, its text
            self.refusal = " ".join(str(error).rpartition("stderr:")[2].split())
            self.status = Status.running  # as far as dask is concerned; the watch replaces it

    async def close(self) -> None:
        """Cancel it."""
        await super().close()
        self.status = Status.closed  # dask looks; dask-jobqueue (0.9) does not say


class WatchedCluster(SLURMCluster):  # type: ignore[misc]
    """A cluster of such jobs."""

    job_cls = WatchedJob

    def close(self, timeout: float | None = None) -> Any:
        """Cancel all jobs, and close the files of the workers' certificates."""
        try:
            return super().close(timeout)
        finally:
            for name in ("ca_file", "cert", "key"):  # dask-jobqueue leaves these to chance
                file = getattr(self, f"_job_{name}", None)
                if file is not None:
                    file.close()


class _Seen(SchedulerPlugin):  # type: ignore[misc]
    """Remembers every worker that ever registered, by its name."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.count = 0

    def add_worker(self, scheduler: Scheduler, worker: str, **named: Any) -> None:
        """Note the worker at an address."""
        self.names.add(str(scheduler.workers[worker].name))
        self.count += 1


def slurm_executor(jobs: SlurmJobs) -> DaskExecutor:
    """Workers in Slurm jobs; a job that ends is replaced as long as the run lasts.

    Raises
    ------
    EngineError
        If Slurm refuses all jobs. Later the executor's tasks end with one, if all jobs end before
        they have a worker, three times.
    """
    scratch = ""
    cluster = None
    try:
        scratch = tempfile.mkdtemp(prefix="glasswells-", dir=jobs.shared_directory)
        cluster = slurm_cluster(jobs, scratch)
        seen = _Seen()
        cluster.scheduler.add_plugin(seen)
        cluster.scale(jobs=jobs.jobs)
        _check_submission(cluster, jobs.jobs)
        client: Client = connected(cluster, cluster.security)
        executor = DaskExecutor(client, cluster, scratch)
        watch = JobWatch(executor=executor, cluster=cluster, seen=seen, count=jobs.jobs)
        threading.Thread(target=watch.run, daemon=True).start()
        return executor
    except BaseException as error:
        if cluster is not None:
            with suppress(Exception):  # the first error is the one to tell
                cluster.close(timeout=CLOSE_SECONDS)
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)
        if isinstance(error, OSError | RuntimeError | ValueError) and not isinstance(
            error, EngineError
        ):
            raise EngineError(f"Slurm jobs cannot be prepared: {error}") from error
        raise


def slurm_cluster(jobs: SlurmJobs, folder: str) -> WatchedCluster:
    """A scheduler in this process for workers that Slurm will start; no job is submitted yet.

    The workers' certificates go into `folder`.
    """
    dask.config.set(SETTINGS)
    return WatchedCluster(
        queue=jobs.partition,
        account=jobs.account,
        walltime=jobs.walltime,
        cores=jobs.cores,
        processes=jobs.cores,
        memory=jobs.memory,
        interface=jobs.interface,
        job_name=JOB_NAME,
        job_extra_directives=list(jobs.directives),
        log_directory=jobs.log_directory,
        local_directory=jobs.local_directory,
        shared_temp_directory=folder,
        python=jobs.python or shlex.quote(sys.executable),
        worker_extra_args=[
            *("--worker-class", f"{QuietWorker.__module__}.{QuietWorker.__qualname__}"),
            "--no-dashboard",
        ],
        security=Security.temporary(),
        scheduler_cls=QuietScheduler,
        scheduler_options={"dashboard": False, "interface": jobs.interface},
        silence_logs=SILENT,
    )


def _check_submission(cluster: WatchedCluster, count: int) -> None:
    """Wait until Slurm has taken or refused the first jobs.

    Raises
    ------
    EngineError
        If it has refused all.
    """
    deadline = time.monotonic() + SUBMIT_SECONDS
    while len(cluster.workers) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    submitted = list(cluster.workers.values())
    if submitted and all(job.refusal for job in submitted):
        raise _verdict(submitted)


@dataclass(kw_only=True)
class JobWatch:
    """Submits jobs again that have ended, and gives up when they do nothing else."""

    executor: DaskExecutor
    cluster: WatchedCluster
    seen: _Seen
    """Workers that ever registered; of jobs that were replaced they are taken out again."""
    count: int
    """How many jobs there should be."""
    registered: int = 0
    """How many workers had registered at the last look."""
    fruitless: int = 0
    """How often since then some jobs have ended before they had a worker, ..."""
    hopeless: int = 0
    """... and how often all of them."""
    again: float = field(default_factory=time.monotonic)
    """When those may be submitted again: a refusal may be for a limit that others share."""
    seconds: float = field(default_factory=lambda: WATCH_SECONDS)
    """Between two looks, and until the first of those submissions."""
    queue: Callable[[], set[str] | None] = field(default_factory=lambda: _jobs_in_queue)
    """Asks for the ids of jobs that wait or run."""

    def run(self) -> None:
        """Look at the jobs as long as the executor lives."""
        while not self.executor.closed.wait(self.seconds):
            self.look()

    def look(self) -> None:
        """Replace what has ended."""
        jobs: dict[str, WatchedJob] = dict(self.cluster.workers)
        queue = self.queue()
        present = {str(worker.name) for worker in list(self.cluster.scheduler.workers.values())}
        names_seen = set(self.seen.names)
        idle = {name: job for name, job in jobs.items() if not _workers_of(name, present)}
        done = [name for name in idle if _workers_of(name, names_seen)]
        # A job that never had a worker may still wait in Slurm's queue.
        failed = [
            name
            for name, job in idle.items()
            if name not in done and (job.refusal or (queue is not None and job.job_id not in queue))
        ]
        if self.seen.count > self.registered:
            self.registered = self.seen.count
            self.fruitless = self.hopeless = 0
        if failed and time.monotonic() >= self.again:
            self.hopeless += len(failed) == len(jobs)
            if self.hopeless >= HOPELESS:
                self.executor.give_up(_verdict([jobs[name] for name in failed]))
                return
            self.again = time.monotonic() + min(LONGEST_WAIT, self.seconds * 2**self.fruitless)
            self.fruitless += 1
            done += failed
        if done:
            self._replace(done, names_seen)

    def _replace(self, names: list[str], names_seen: set[str]) -> None:
        if self.executor.closed.is_set():
            return
        with suppress(Exception):  # of Slurm: the next round tries again
            self.cluster.sync(self.cluster.scale_down, names)
            # New jobs take the names of old ones, and may wait in the queue for long.
            self.seen.names -= {
                worker for name in names for worker in _workers_of(name, names_seen)
            }
            self.cluster.scale(jobs=self.count)


def _workers_of(job: str, workers: set[str]) -> set[str]:
    """Workers are called after their job: JOB, or JOB-0, JOB-1, ... if it has several."""
    return {name for name in workers if name == job or name.rpartition("-")[0] == job}


def _jobs_in_queue() -> set[str] | None:
    """Ids of our jobs that wait or run; None: Slurm does not answer."""
    command = ["squeue", "--noheader", f"--name={JOB_NAME}", f"--states={ALIVE}", "--format=%A"]
    try:
        done = subprocess.run(  # noqa: S603 (nothing in it comes from outside)
            command, capture_output=True, text=True, check=True, timeout=QUEUE_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return set(re.findall(r"\d+", done.stdout))


def _verdict(failed: list[WatchedJob]) -> EngineError:
    refusals = [job.refusal for job in failed if job.refusal]
    if refusals:
        why = f"Slurm refuses the jobs ({refusals[0]})"
        what = "correct the file of --cluster"
    else:
        last = ", ".join(str(job.job_id) for job in failed[:3])
        why = (
            f"{HOPELESS} times all Slurm jobs ended before they had a worker, the last ones {last}"
        )
        what = (
            "see what they printed (the file of --cluster may name a log_directory), and whether "
            "its python runs on the nodes"
        )
    return EngineError(f"{why}: {what}, then go on with `resume`")
