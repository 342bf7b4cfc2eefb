"""dask schedulers and workers as programs of their own, and campaigns run with them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import toy
from inspection import wait_for

from glasswells.campaign.campaigns import open_campaign, run_campaign
from glasswells.engines.choice import EngineChoice, EngineName, executor_factory
from glasswells.engines.pool import InlineExecutor
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.verify import verify_store

Start = Callable[..., Path]
HERE = Path(__file__).parent


def digest(directory: Path) -> str:
    assert verify_store(directory, toy.PIPELINE.codec).problems == ()
    with open_campaign(directory, toy.PIPELINE) as store:
        return catalogue_digest(store)


def reference(start: Start, **plan: Any) -> str:
    directory = start("reference", **plan)
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    return digest(directory)


def listening(*pids: int) -> set[tuple[str, int]]:
    """Addresses and ports at which processes and their children listen."""
    import psutil

    found = set()
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for each in (process, *process.children(recursive=True)):
                for connection in each.net_connections():
                    if connection.status == "LISTEN":
                        found.add((connection.laddr.ip, connection.laddr.port))
    return found


@contextmanager
def program(*words: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of dask, ended with the block."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    with (
        log.open("wb") as file,
        subprocess.Popen(
            [sys.executable, "-m", *words], stdout=file, stderr=file, env=environment
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def tls_words(certificates: dict[str, Path]) -> list[str]:
    return [
        *("--tls-ca-file", str(certificates["ca"])),
        *("--tls-cert", str(certificates["cert"])),
        *("--tls-key", str(certificates["key"])),
    ]


@contextmanager
def scheduler(
    tmp_path: Path, certificates: dict[str, Path] | None, port: int = 0
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A dask scheduler as a process of its own, and its address."""
    file = tmp_path / "scheduler.json"
    file.unlink(missing_ok=True)
    words = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    words += ["--scheduler-file", str(file)]
    words += ["--protocol", "tcp"] if certificates is None else tls_words(certificates)
    with program(*words, log=tmp_path / "scheduler.log") as process:
        wait_for(lambda: file.exists() and "address" in file.read_text())
        found = re.search(r'"address": "([^"]+)"', file.read_text())
        assert found
        yield process, found[1]


@contextmanager
def worker(
    tmp_path: Path, address: str, certificates: dict[str, Path] | None, name: str
) -> Iterator[subprocess.Popen[bytes]]:
    words = ["distributed.cli.dask_worker", address, "--nthreads", "1", "--name", name]
    words += ["--host", "127.0.0.1", "--no-nanny", "--memory-limit", "0"]
    words += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    words += ["--local-directory", str(tmp_path / name)]
    words += [] if certificates is None else tls_words(certificates)
    with program(*words, log=tmp_path / f"{name}.log") as process:
        yield process


def remote(address: str, certificates: dict[str, Path]) -> EngineChoice:
    return EngineChoice(
        name=EngineName.DASK,
        scheduler=address,
        tls_ca=certificates["ca"],
        tls_cert=certificates["cert"],
        tls_key=certificates["key"],
    )


def run(directory: Path, choice: EngineChoice, workers: int | None = None, **options: Any) -> Any:
    make, workers = executor_factory(choice, workers)
    return run_campaign(
        directory, toy.PIPELINE, workers=workers, make_executor=make, engine=choice.name, **options
    )
