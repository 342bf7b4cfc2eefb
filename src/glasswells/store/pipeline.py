"""The table of stages that run tasks. A stage is one declaration: all that others know of it.

`Stage.run` is the physics and runs in a worker; `Stage.follow` is bookkeeping, runs in the
coordinator and says what comes next. Neither touches a disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from glasswells.store.codec import Codec
from glasswells.store.tasks import SELF, FollowUp, Ref, Task, TaskInput, TaskOutput, resolve


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordNumber:
    """A number of each record of a kind, as a column of a report's table."""

    name: str
    """Heading."""
    unit: str
    """In reduced units, as in `Pipeline.units`; 1 for none."""
    meaning: str
    of: Callable[[Any], float]
    """From the record; NaN where it has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordTable:
    """A table of a report on the products of a stage: means over all records of a kind."""

    kind: str
    title: str
    note: str
    """What the reader has to know besides the meanings of the columns."""
    numbers: tuple[RecordNumber, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One row of the pipeline's table."""

    name: str
    title: str
    """What `status` calls it."""
    run: Callable[[TaskInput], TaskOutput]
    """Pure, and importable by name in a worker process."""
    follow: Callable[[Any, Task, TaskOutput], Sequence[FollowUp]] | None = None
    """From the plan, a finished task and its output to the tasks that come next."""
    code_format: int = 1
    """Raise it when the same inputs would no longer give the same products: then no result of the
    old code is taken for one of the new. Other stages keep theirs."""
    begins: Callable[[Mapping[str, Any], Mapping[str, Any]], bool] | None = None
    """Whether a chain with the first parameters is the beginning of one with the second: its
    state, or at its end its one product, is then the state from which the second goes on."""
    join: Callable[[Sequence[Any]], Any] | None = None
    """Where a chain may end in several products: from them to that state."""
    is_swift: bool = False
    """Whether a task is bookkeeping of other products, so that it may be done while a campaign is
    played again, which cannot go on before it knows what the task asks for."""
    is_light: bool = False
    """Whether a task looks at few configurations of the many that it takes: then the coordinator
    does it, where they are read from the store one by one when it looks at them."""
    reads_late: bool = False
    """Whether a task looks at many of them, but at few at a time: then a worker of the
    coordinator's machine reads them from the store when it looks at them. Those that it gives back
    are not sent, as the store has them."""
    settings: Mapping[str, type[Any]] = field(default_factory=dict)
    """The tables of a plan that it reads, by name."""
    takes: tuple[str, ...] = ()
    """Kinds of the products of other tasks that its tasks take."""
    gives: Mapping[str, type[Any]] = field(default_factory=dict)
    """The records that it saves, by kind."""
    states: tuple[type[Any], ...] = ()
    """The records that carry a chain from one chunk to the next."""
    asked_by: str | None = None
    """A kind of products: a task that ends with some of them asks for one of this stage, which
    takes them all. None: only the plan and `follow` ask for tasks."""
    parameters: Callable[[Any], Mapping[str, Any] | None] | None = None
    """Of a task that is asked for by products: from the plan to all that its own products depend on
    besides these; None: the plan wants none of it."""
    about_wells: frozenset[str] = frozenset()
    """Kinds of its products that are about a double well among those that its tasks take first: the
    one that the record names as `double_well`, or else the one of the same place."""
    units: Mapping[str, str] = field(default_factory=dict)
    """In reduced units, as `Pipeline.units`, of fields that only its records have."""
    tables: tuple[RecordTable, ...] = ()
    """Of a report, on what it gives, where no other section shows it."""
    cites: tuple[str, ...] = ()
    """The papers whose methods it uses."""

    @property
    def saves(self) -> tuple[type[Any], ...]:
        """All records that it saves, without those inside them."""
        return (*self.gives.values(), *self.states)


def as_it_is(text: str, folder: Path) -> str:
    """The text of a plan that names no files."""
    return text


def as_typed(text: str, like: str | None) -> str:
    """The text of a plan that leaves nothing out."""
    return text


def always_another(plan: Any, other: Any) -> bool:
    """That no plan is taken for the growth of another one."""
    return False


def no_limit(plan: Any) -> float:
    """That tasks may take any time."""
    return 0.0


def no_code(plan: Any) -> str:
    """That a plan names no code."""
    return ""


def any_task(plan: Any, task: Task) -> bool:
    """That no task needs a permission."""
    return True


def not_told(plan: Any, other: Any, *, places: tuple[str, str], of_work: bool = False) -> list[str]:
    """That nothing is said of how two plans differ."""
    return []


def without_keys(store: Any) -> Callable[[Any, int], str | None]:
    """That no product is about something that has a key."""
    return lambda record, item: None


def without_units(store: Any) -> Mapping[str, str]:
    """Units of stages that name none."""
    return {}


class CampaignOverview(Protocol):
    """What a campaign has found."""

    @property
    def numbers(self) -> dict[str, Any]:
        """As numbers by name, for JSON."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The same in words, line by line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """The stages of a campaign in order, and the types that they may save."""

    name: str
    stages: tuple[Stage, ...]
    codec: Codec
    read_plan: Callable[[str], Any]
    """From the text of a plan file to the plan; raises `InputError`."""
    read_kept_plan: Callable[[str], Any] | None = None
    """The same for the text in a store: what that leaves out is what it was when the campaign
    began. None: as `read_plan`."""
    read_stored_plan: Callable[[str], Any] | None = None
    """As `read_kept_plan`, where only what was found is wanted: lets pass what later versions came
    to refuse. None: the same."""
    roots: Callable[[Any], Sequence[FollowUp]]
    """From the plan to the first tasks."""
    identity: Callable[[Any], tuple[str, int]]
    """From the plan to the campaign's name and seed."""
    grows: Callable[[Any, Any], bool] = always_another
    """Whether the second plan is the first with more to do, all of whose tasks stay as they are."""
    differences: Callable[..., list[str]] = not_told
    """What differs between two plans, a text for each setting, in which `places` say where each of
    them is; with `of_work` only of what changes their tasks."""
    spell_out: Callable[[str, str | None], str] = as_typed
    """From the text of a plan file to one that leaves nothing out, since defaults change; of that
    which it leaves out the stored text of another campaign may say what it is."""
    complete_plan: Callable[[str, Path], str] = as_it_is
    """From that text and the folder of the plan file to the text that is stored: with the contents
    of the files that it names, since tasks must not read any."""
    task_limit: Callable[[Any], float] = no_limit
    """Seconds after which a task counts as hanging, where its worker can end itself; 0: none."""
    foreign_code: Callable[[Any], str] = no_code
    """From the plan to the name of code that its tasks run and that is not the package's own; empty
    if there is none. A campaign of somebody else must not bring any unasked."""
    permits: Callable[[Any, Task], bool] = any_task
    """Whether a task of the store runs no other such code than the plan names."""
    keys: Callable[[Any], Callable[[Any, int], str | None]] = without_keys
    """From a store to what gives the key of the object that a stored record, the item-th product of
    its kind and chain, is about; None if it is about none that has a key."""
    units: Callable[[Any], Mapping[str, str]] = without_units
    """From a store to the units of the real numbers in its records, by the names of fields, as
    `Record.field`, or as `outer.field`; for column guides."""
    overview: Callable[[Any], CampaignOverview] | None = None
    """From a store to what was found in it; None: the stages have nothing to sum up."""
    cites: tuple[str, ...] = ()
    """The papers behind every campaign; those of a method are named by its stage."""

    def stage(self, name: str) -> Stage:
        """The stage of this name."""
        return self.stages[self.rank(name)]

    def stored_plan(self, text: str) -> Any:
        """The plan of a campaign that exists, also where it would be refused today."""
        return (
            self.kept_plan(text) if self.read_stored_plan is None else self.read_stored_plan(text)
        )

    def kept_plan(self, text: str) -> Any:
        """The plan of a campaign that exists, to go on with it."""
        return (self.read_kept_plan or self.read_plan)(text)

    def rank(self, name: str) -> int:
        """Place of a stage in the table."""
        return [stage.name for stage in self.stages].index(name)

    @property
    def products(self) -> dict[str, type[Any]]:
        """Records by the kinds under which they are saved, in the order of the stages."""
        return {kind: record for stage in self.stages for kind, record in stage.gives.items()}

    @property
    def tables(self) -> tuple[RecordTable, ...]:
        """Those that stages declare for reports, in order."""
        return tuple(table for stage in self.stages for table in stage.tables)

    def may_ask(self, name: str) -> bool:
        """Whether tasks of this stage may ask for others."""
        stage = self.stage(name)
        return stage.follow is not None or any(s.asked_by in stage.gives for s in self.stages)

    def follow(self, plan: Any, task: Task, output: TaskOutput) -> list[FollowUp]:
        """The tasks that come after the end of a chain.

        Those of its stage's own `follow`, then one of each stage that its products ask for.
        """
        own = self.stage(task.stage).follow
        asked = [] if own is None else list(own(plan, task, output))
        kinds = {kind for kind, _ in output.products}
        for stage in self.stages:
            given = None
            if stage.asked_by in kinds and stage.parameters is not None:
                given = stage.parameters(plan)
            if given is not None:
                products = Ref(chain=SELF, kind=str(stage.asked_by))
                asked.append(
                    FollowUp(
                        stage=stage.name,
                        glass=task.glass,
                        number=task.number,
                        inputs=(products,),
                        parameters=given,
                    )
                )
        return asked

    def citations(self, stages: Iterable[str]) -> list[str]:
        """The papers for a campaign that ran these stages, each once."""
        ran = set(stages)
        own = (paper for stage in self.stages if stage.name in ran for paper in stage.cites)
        return list(dict.fromkeys((*self.cites, *own)))

    def tasks(
        self, follow_ups: Sequence[FollowUp], seed: int, parent: str | None = None
    ) -> tuple[Task, ...]:
        """The tasks behind follow-ups, with the code formats of their stages."""
        formats = {s.name: s.code_format for s in self.stages if s.code_format > 1}
        return resolve(follow_ups, seed, parent, formats)
