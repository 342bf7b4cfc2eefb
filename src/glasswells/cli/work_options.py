"""The options of commands that do the tasks of a campaign, declared once for `run` and `resume`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from glasswells.engines.choice import EngineChoice, EngineName

WHERE = "Engine"
"""The panel of the help in which the options of engines stand."""
BUNDLE = "how"
"""The argument of a command that stands for all of these options."""

Certificate = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="PEM file for the scheduler.",
        show_default="dask's configuration",
        rich_help_panel=WHERE,
    ),
]


@dataclass(frozen=True, kw_only=True)
class WorkOptions:
    """How many tasks run at once, where, and how long."""

    workers: Annotated[
        int | None,
        typer.Option("--workers", "-w", min=1, help="Tasks at once.", show_default="all cores"),
    ] = None
    walltime: Annotated[
        str | None,
        typer.Option("--walltime", help="Stop cleanly before this time is over: 90, 30m, 2:00:00."),
    ] = None
    grace: Annotated[
        float,
        typer.Option("--grace", min=0.0, help="Seconds that chunks in flight get at a stop."),
    ] = 8.0
    engine: Annotated[
        EngineName, typer.Option("--engine", help="Where tasks run.", rich_help_panel=WHERE)
    ] = EngineName.LOCAL
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tls://HOST:PORT",
            help="Existing dask scheduler; without it a dask cluster on this machine.",
            rich_help_panel=WHERE,
        ),
    ] = None
    cluster: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Slurm jobs, TOML.", rich_help_panel=WHERE)
    ] = None
    tls_ca: Certificate = None
    tls_cert: Certificate = None
    tls_key: Certificate = None
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure",
            help="Plain text to the scheduler: whoever reaches its port can run programs as you.",
            rich_help_panel=WHERE,
        ),
    ] = False

    @property
    def choice(self) -> EngineChoice:
        """Where tasks run."""
        return EngineChoice(
            name=self.engine,
            scheduler=self.scheduler,
            cluster=self.cluster,
            tls_ca=self.tls_ca,
            tls_cert=self.tls_cert,
            tls_key=self.tls_key,
            insecure=self.insecure,
        )

    @property
    def seconds(self) -> float | None:
        """The wall time in seconds."""
        from glasswells.engines.stop import parse_walltime

        return None if self.walltime is None else parse_walltime(self.walltime)


def with_work_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose argument `how` stands for the options of `WorkOptions`, as typer sees it."""
    names = [field.name for field in fields(WorkOptions)]

    @functools.wraps(command)
    def taking_options(**given: Any) -> None:
        options = WorkOptions(**{name: given.pop(name) for name in names})
        command(**given, **{BUNDLE: options})

    options = get_type_hints(WorkOptions, include_extras=True)
    hints = get_type_hints(command, include_extras=True)
    keyword, parameters = inspect.Parameter.KEYWORD_ONLY, list[inspect.Parameter]()
    for name, own in inspect.signature(command).parameters.items():
        if name == BUNDLE:
            parameters += [
                inspect.Parameter(f.name, keyword, default=f.default, annotation=options[f.name])
                for f in fields(WorkOptions)
            ]
        else:
            parameters.append(own.replace(annotation=hints[name], kind=keyword))
    taking_options.__dict__["__signature__"] = inspect.Signature(parameters)
    taking_options.__annotations__ = {p.name: p.annotation for p in parameters}
    return taking_options
