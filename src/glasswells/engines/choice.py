"""Where tasks run beyond the local pool of processes: dask, here, on a cluster, or under Slurm.

dask is imported when an engine starts, not before: it is an extra (`glasswells[dask]`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from glasswells.core.errors import InputError
from glasswells.engines.errors import EngineError

if TYPE_CHECKING:
    from distributed import Security

ADDRESS = re.compile(
    r"(?:(tls|tcp)://)?([A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|\[[0-9A-Fa-f:]{2,39}\]):(\d{1,5})"
)
"""Of a scheduler. Other transports of dask (inproc, ucx, ws) are not offered."""


class EngineName(StrEnum):
    """What `--engine` may be."""

    LOCAL = "local"
    """A pool of processes on this machine: no open ports, nothing to install."""
    DASK = "dask"
    """An existing dask scheduler, or a cluster of processes on this machine."""
    SLURM = "slurm"
    """Workers that dask-jobqueue submits as Slurm jobs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineChoice:
    """An engine and how it is reached."""

    name: EngineName = EngineName.LOCAL
    scheduler: str | None = None
    """Address of an existing scheduler, `tls://host:port`; for dask only."""
    cluster: Path | None = None
    """File that describes the jobs; for Slurm only."""
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    """Files in PEM format for an existing scheduler; by default what dask's configuration says."""
    insecure: bool = False
    """Talk to the scheduler in plain text: whoever reaches its port can run programs as you."""

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises
        ------
        InputError
            Also if a file is missing.
        """
        tls = (self.tls_ca, self.tls_cert, self.tls_key)
        if self.scheduler is not None and self.name is not EngineName.DASK:
            raise InputError(f"--scheduler is for --engine dask, not for {self.name}")
        if (self.cluster is not None) != (self.name is EngineName.SLURM):
            raise InputError("--engine slurm needs --cluster FILE, and no other engine takes it")
        if self.scheduler is None and (any(tls) or self.insecure):
            raise InputError("--tls-ca, --tls-cert, --tls-key and --insecure need --scheduler")
        if any(tls) and not all(tls):
            raise InputError("--tls-ca, --tls-cert and --tls-key are needed together")
        if any(tls) and self.insecure:
            raise InputError("--insecure contradicts --tls-ca, --tls-cert and --tls-key")
        for path in tls:
            if path is not None and not path.is_file():
                raise InputError(f"{path} is missing, expected a file in PEM format")


def executor_factory(
    choice: EngineChoice, workers: int | None
) -> tuple[Callable[[], Executor] | None, int | None]:
    """What `run_campaign` takes as `make_executor` and `workers`.

    Parameters
    ----------
    choice
        The engine.
    workers
        Tasks at once; None: one for each core, or as many as the engine has threads.

    Returns
    -------
    make_executor, workers
        None stands for the pool of local processes, or for all cores.

    Raises
    ------
    InputError
        If options contradict each other, or a file of them is missing or wrong.
    EngineError
        If dask is not installed.
    """
    choice.check()
    if choice.name is EngineName.LOCAL:
        return None, workers
    try:
        from glasswells.engines import dask_engine
    except ImportError as error:
        raise EngineError(
            f"the engine {choice.name} needs the extra `dask` ({error}): install it with "
            f"`pip install 'glasswells[dask]'`"
        ) from None
    if choice.name is EngineName.SLURM:
        from glasswells.engines.slurm import read_slurm_jobs
        from glasswells.engines.slurm_cluster import slurm_executor

        jobs = read_slurm_jobs(choice.cluster or Path())
        return (lambda: slurm_executor(jobs)), workers or jobs.workers
    if choice.scheduler is None:
        from glasswells.engines.local_cluster import local_executor
        from glasswells.engines.pool import available_cores

        count = workers or available_cores()
        return (lambda: local_executor(count)), count
    address = scheduler_address(choice.scheduler, insecure=choice.insecure)
    security = _security(choice)
    return (lambda: dask_engine.remote_executor(address, security)), workers


def scheduler_address(text: str, *, insecure: bool) -> str:
    """A scheduler's address with its scheme, `tls` unless plain text was asked for.

    Raises
    ------
    InputError
        For anything else than `host:port`, and for `tcp` without `insecure`.
    """
    found = ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[3]) < 65536:
        raise InputError(f"scheduler is {text!r}, expected tls://HOST:PORT")
    scheme = found[1] or ("tcp" if insecure else "tls")
    if scheme == "tcp" and not insecure:
        raise InputError(
            f"scheduler is {text!r}, which is not encrypted: whoever reaches that port can run "
            f"programs as you. Start the scheduler with TLS, or add --insecure"
        )
    return f"{scheme}://{found[2]}:{found[3]}"


def _security(choice: EngineChoice) -> Security | None:
    """Certificates for an existing scheduler; None: plain text.

    Raises
    ------
    InputError
        If there are none.
    """
    from distributed import Security

    if choice.insecure:
        return None
    if choice.tls_ca is not None:
        return Security(
            tls_ca_file=str(choice.tls_ca),
            tls_client_cert=str(choice.tls_cert),
            tls_client_key=str(choice.tls_key),
            require_encryption=True,
        )
    configured = Security(require_encryption=True)
    if configured.tls_ca_file is None or configured.tls_client_cert is None:
        raise InputError(
            "no certificates for the scheduler: give --tls-ca, --tls-cert and --tls-key, or set "
            "distributed.comm.tls in dask's configuration"
        )
    return configured
