"""Tasks: pure functions of records and a seed to records, and the table of stages that run them.

The words: a *chain* is one long task cut into *chunks*; most chains have one chunk. A task takes
*products* of other chains by `Ref`. `Stage.run` is the physics and runs in a worker; `Stage.follow`
is bookkeeping, runs in the coordinator and says what comes next. Neither touches a disk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from glasswells.core.errors import GlasswellsError
from glasswells.store.codec import Codec

NAME_FORMAT = 1
"""Part of every task's name; raised only if all names change. What a stage's results are is said
by `Stage.code_format`."""
CODE_FORMAT = "code_format"
"""Parameter of a task that names the code format of its stage, if that is not the first."""
SELF = "self"
"""In a `FollowUp`: the chain of the task that it follows."""
CHECKPOINT = "checkpoint"
"""Kind of the record that carries a chain's state to its next chunk."""
KEY_DIGITS = 12
"""Hexadecimal digits of a chain's name in the key of a product: 2^48 chains apart."""


class TaskFailedError(GlasswellsError, RuntimeError):
    """Raised by a stage that cannot go on: recorded with its reason, the campaign continues.

    Parameters
    ----------
    reason
        One snake_case word, by which failures are counted.
    text
        What happened and what to do.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(reason, text)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """Products of a chain, as the input of a task."""

    chain: str
    """Id of the chain, or in a `FollowUp` also `SELF` or the label of an earlier one."""
    kind: str
    item: int | None = None
    """One of the products of this kind, counted over the chunks; None: all of them."""
    optional: bool = False
    """Whether the task runs all the same, without these products, if the chain has failed."""


def product_key(chain: str, item: int) -> str:
    """Name of one product of a chain, such as a double well: the same in every table."""
    return f"{chain[:KEY_DIGITS]}-{item}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One chunk of work, named by everything that its result depends on."""

    stage: str
    glass: str
    """Name of the glass, `all` for what concerns the whole campaign."""
    number: int
    """Which of the tasks of this stage and glass."""
    seed: int
    """Of the campaign."""
    inputs: tuple[Ref, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    chunk: int = 0
    chunks_left: int = 1
    """How many chunks the chain needs from here, as far as known; for the time left."""

    @property
    def chain(self) -> str:
        """Id of the chain: SHA-256 of stage, inputs, parameters and seed path."""
        refs = [[r.chain, r.kind, r.item, r.optional] for r in self.inputs]
        path = [self.seed, self.stage, self.glass, self.number]
        text = canonical([NAME_FORMAT, path, refs, dict(self.parameters)])
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def id(self) -> str:
        """Id of this chunk; the first chunk has that of its chain."""
        if self.chunk == 0:
            return self.chain
        return hashlib.sha256(f"{self.chain}/{self.chunk}".encode()).hexdigest()

    @property
    def seed_sequence(self) -> np.random.SeedSequence:
        """The chunk's own random stream, whatever the number of workers and the order of work.

        Stage and glass enter by name, so that plans may grow without moving other seeds.
        """
        key = (name_key(self.stage), name_key(self.glass), self.number, self.chunk)
        return np.random.SeedSequence(self.seed, spawn_key=key)

    @property
    def seed_path(self) -> str:
        """The same, to read."""
        return f"{self.seed}/{self.stage}/{self.glass}/{self.number}/{self.chunk}"


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskInput:
    """What a stage's `run` gets."""

    inputs: tuple[tuple[Any, ...], ...]
    """For each `Ref` of the task the records behind it."""
    state: Any
    """The `TaskOutput.state` of the previous chunk; None in the first."""
    parameters: Mapping[str, Any]
    seed: np.random.SeedSequence


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskOutput:
    """What a stage's `run` returns."""

    products: tuple[tuple[str, Any], ...] = ()
    """Kind and record, in order."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Numbers of events, summed per stage by `status`."""
    state: Any = None
    """A record from which the next chunk goes on; None: the chain is at its end."""
    chunks_left: int = 1
    """With a state: how many chunks are left, as far as known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowUp:
    """A task that another one asks for."""

    stage: str
    glass: str
    number: int
    inputs: tuple[Ref, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None
    """Name by which later ones of the same list may refer to this one's chain."""
    chunks: int = 1
    """How many chunks it will need, as far as known."""


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


def as_it_is(text: str, folder: Path) -> str:
    """The text of a plan that names no files."""
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


def not_told(plan: Any, other: Any) -> list[str]:
    """That nothing is said of how two plans differ."""
    return []


def without_keys(store: Any) -> Callable[[Any, int], str | None]:
    """That no product is about something that has a key."""
    return lambda record, item: None


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
    roots: Callable[[Any], Sequence[FollowUp]]
    """From the plan to the first tasks."""
    identity: Callable[[Any], tuple[str, int]]
    """From the plan to the campaign's name and seed."""
    grows: Callable[[Any, Any], bool] = always_another
    """Whether the second plan is the first with more to do, all of whose tasks stay as they are."""
    differences: Callable[[Any, Any], list[str]] = not_told
    """What differs between a plan there and one here, a text for each setting."""
    complete_plan: Callable[[str, Path], str] = as_it_is
    """From the text of a plan file and its folder to the text that is stored: with the contents of
    the files that it names, since tasks must not read any."""
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
    units: Mapping[str, str] = field(default_factory=dict)
    """Units of the real numbers in records, by the names of fields, as `Record.field`, or as
    `outer.field`; for column guides."""
    overview: Callable[[Any], CampaignOverview] | None = None
    """From a store to what was found in it; None: the stages have nothing to sum up."""

    def stage(self, name: str) -> Stage:
        """The stage of this name."""
        return self.stages[self.rank(name)]

    def rank(self, name: str) -> int:
        """Place of a stage in the table."""
        return [stage.name for stage in self.stages].index(name)

    def tasks(
        self, follow_ups: Sequence[FollowUp], seed: int, parent: str | None = None
    ) -> tuple[Task, ...]:
        """The tasks behind follow-ups, with the code formats of their stages."""
        formats = {s.name: s.code_format for s in self.stages if s.code_format > 1}
        return resolve(follow_ups, seed, parent, formats)


def resolve(
    follow_ups: Sequence[FollowUp],
    seed: int,
    parent: str | None = None,
    code_formats: Mapping[str, int] | None = None,
) -> tuple[Task, ...]:
    """The tasks behind follow-ups: `SELF` and labels replaced by the ids of chains.

    `code_formats` of stages become part of the parameters of their tasks.
    """
    chains = {} if parent is None else {SELF: parent}
    formats = code_formats or {}
    tasks = []
    for item in follow_ups:
        inputs = tuple(
            Ref(
                chain=chains.get(ref.chain, ref.chain),
                kind=ref.kind,
                item=ref.item,
                optional=ref.optional,
            )
            for ref in item.inputs
        )
        task = Task(
            stage=item.stage,
            glass=item.glass,
            number=item.number,
            seed=seed,
            inputs=inputs,
            parameters={**item.parameters, CODE_FORMAT: formats[item.stage]}
            if item.stage in formats
            else item.parameters,
            chunks_left=item.chunks,
        )
        if item.label is not None:
            chains[item.label] = task.chain
        tasks.append(task)
    return tuple(tasks)


def canonical(value: Any) -> str:
    """JSON text that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def name_key(name: str) -> int:
    """64 bits that stand for a name in a spawn key."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
