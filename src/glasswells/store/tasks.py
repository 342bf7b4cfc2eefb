"""Tasks: pure functions of records and a seed to records.

The words: a *chain* is one long task cut into *chunks*; most chains have one chunk. A task takes
*products* of other chains by `Ref`. What runs tasks is a stage (`pipeline.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glasswells.core.errors import GlasswellsError
from glasswells.store.codec import Encoded

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
    alike: tuple[tuple[Any, Any], ...] = ()
    """Records inside its inputs that are nearly one another: of each two the store may keep the
    first as its difference from the second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodedOutput:
    """What came of a task, ready to be saved."""

    products: tuple[tuple[str, Encoded], ...]
    counts: Mapping[str, int]
    state: Encoded | None
    chunks_left: int
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    alike: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    """Digests of the arrays of records that are nearly one another."""


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
