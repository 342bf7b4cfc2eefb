"""A dask scheduler and its workers as programs of their own: TLS, deaths, the command line."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
import toy
from dask_programs import (
    HERE,
    Start,
    digest,
    listening,
    reference,
    remote,
    run,
    scheduler,
    worker,
)
from inspection import wait_for

from glasswells.engines.choice import EngineChoice
from glasswells.engines.errors import EngineError

pytest.importorskip("distributed")
from certificates import write_certificates
from distributed import Security

from glasswells.engines import dask_engine

# dask leaves sockets and coroutines behind when a connection breaks.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("collected"),
]


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, Path]:
    return write_certificates(tmp_path / "tls")


def test_a_scheduler_and_two_workers_as_processes_of_their_own(
    start: Start, tmp_path: Path, certificates: dict[str, Path]
) -> None:
    directory = start("remote")
    with ExitStack() as stack:
        process, address = stack.enter_context(scheduler(tmp_path, certificates))
        assert address.startswith("tls://127.0.0.1:")
        workers = [
            stack.enter_context(worker(tmp_path, address, certificates, f"w{k}")) for k in range(2)
        ]
        assert run(directory, remote(address, certificates)).is_finished
        assert all(each.poll() is None for each in (process, *workers)), "not ours to end"
        # As docs/CLUSTER.md starts them.
        assert {ip for ip, _ in listening(process.pid, *(w.pid for w in workers))} == {"127.0.0.1"}
        stranger = Security.temporary()  # other certificates
        with pytest.raises(EngineError, match="does not answer"):
            dask_engine.remote_executor(address, stranger, seconds=2.0)
    assert digest(directory) == reference(start)


def test_the_command_line_with_a_scheduler(
    tmp_path: Path, certificates: dict[str, Path], start: Start
) -> None:
    (tmp_path / "plan.toml").write_text(toy.plan_text())
    words = [sys.executable, "-m", "glasswells.cli", "run", "plan.toml", "--engine", "dask"]
    words += ["--pipeline", "toy:PIPELINE"]
    with ExitStack() as stack:
        _, address = stack.enter_context(scheduler(tmp_path, certificates))
        for k in range(2):
            stack.enter_context(worker(tmp_path, address, certificates, f"w{k}"))
        words += ["--scheduler", address]
        for name in ("ca", "cert", "key"):
            words += [f"--tls-{name}", str(certificates[name])]
        done = subprocess.run(
            words,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(HERE)},
        )
    assert done.returncode == 0, done.stderr
    assert "finished" in done.stdout
    assert digest(tmp_path / "toy") == reference(start)


@pytest.mark.soak
def test_a_scheduler_that_dies_and_comes_back_costs_nothing(
    start: Start, tmp_path: Path, certificates: dict[str, Path]
) -> None:
    plan = {"glasses": 2, "chunks": 10, "seconds": 0.1}
    directory = start("reborn", **plan)
    acknowledged: list[str] = []
    with ExitStack() as stack:
        first = ExitStack()
        process, address = first.enter_context(scheduler(tmp_path, certificates))
        port = int(address.rsplit(":", 1)[1])
        first.enter_context(worker(tmp_path, address, certificates, "w0"))

        def replace() -> None:
            wait_for(lambda: len(acknowledged) > 5)
            process.kill()
            process.wait()
            stack.enter_context(scheduler(tmp_path, certificates, port))
            stack.enter_context(worker(tmp_path, address, certificates, "w1"))

        thread = threading.Thread(target=replace)
        thread.start()
        ending = run(directory, remote(address, certificates), acknowledged=acknowledged.extend)
        thread.join()
        first.close()
    assert ending.is_finished
    assert len(acknowledged) == len(set(acknowledged))
    assert digest(directory) == reference(start, **plan)


@pytest.mark.soak
def test_a_scheduler_that_is_gone_stops_the_run_and_resume_goes_on(
    start: Start, tmp_path: Path, certificates: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "CONNECT_SECONDS", 3.0)
    plan = {"glasses": 2, "chunks": 10, "seconds": 0.1}
    directory = start("orphan", **plan)
    acknowledged: list[str] = []
    with (
        scheduler(tmp_path, certificates) as (process, address),
        worker(tmp_path, address, certificates, "w0"),
    ):

        def kill() -> None:
            wait_for(lambda: len(acknowledged) > 5)
            process.kill()

        thread = threading.Thread(target=kill)
        thread.start()
        with pytest.raises(EngineError, match=r"does not answer .*`resume`"):
            run(directory, remote(address, certificates), acknowledged=acknowledged.extend)
        thread.join()
    ending = run(directory, EngineChoice(), 1, acknowledged=acknowledged.extend)
    assert ending.is_finished
    assert len(acknowledged) == len(set(acknowledged))
    assert digest(directory) == reference(start, **plan)
