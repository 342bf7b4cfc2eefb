"""What came of a task, packed where it was computed, so that the coordinator only writes it down.

Which arrays a new one may be the difference from, the store says; the arrays themselves are those
of the task's inputs and of its own output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from glasswells.store.codec import Codec, Encoded
from glasswells.store.packing import LEAST_BYTES, MULTIPLES, SCALED, Packed, pack
from glasswells.store.tasks import EncodedOutput, TaskInput, TaskOutput

MOST_CANDIDATES = 32
"""Arrays that one array is compared with at most, to find what it is a difference from."""
OWN_BASES = 5
"""Of arrays of the same output, those may be bases for which fewer arrays than this are read: the
minima of a trajectory shall be bases of what paths between them find."""
MOST_INPUTS = 4
"""Of this many inputs of a task, arrays are compared with: a path has those of its two minima, a
trajectory that of its glass."""


class Bases:
    """Arrays that those of a task are likely to be similar to.

    Parameters
    ----------
    data
        Bytes by digest.
    reads
        How many arrays are read for each of them, itself included.
    """

    def __init__(self, data: Mapping[str, bytes], reads: Mapping[str, int]) -> None:
        self._data = dict(data)
        self._reads = {digest: reads[digest] for digest in data}

    def pack(self, digest: str, data: bytes, *, passes: bool = False) -> Packed:
        """An array in little room; it joins those that come next are compared with.

        Parameters
        ----------
        digest, data
            Of the array.
        passes
            Whether it belongs to a state, which the next one replaces. The multiples of a unit in
            it stay, such as places of minima. Real numbers pass, such as velocities, and would have
            to be kept for no more than being a base.
        """
        packed = pack(data, self._data)
        if packed.coding in (MULTIPLES, SCALED) or not passes:
            self.join(digest, data, 1 if packed.base is None else 1 + self._reads[packed.base])
        return packed

    @property
    def has_room(self) -> bool:
        """Whether more arrays may join."""
        return len(self._data) < MOST_CANDIDATES

    def join(self, digest: str, data: bytes, reads: int) -> None:
        """Let an array of the same output be a base, if that is worth it."""
        if self.has_room and len(data) >= LEAST_BYTES and reads < OWN_BASES:
            self._data[digest] = data
            self._reads[digest] = reads


@dataclass(frozen=True, kw_only=True, slots=True)
class Packing:
    """How what comes of a task is packed."""

    codec: Codec
    reads: Mapping[str, int]
    """Arrays of its inputs, and of the state that it goes on from, that others may be differences
    from: how many arrays are read for each, itself included, by digest."""
    known: frozenset[str] = frozenset()
    """Digests of the arrays of the state that it goes on from, which the store has."""
    keeps_records: bool = False
    """Whether somebody wants the records as they are, besides."""

    def packed(self, task_input: TaskInput, output: TaskOutput) -> EncodedOutput:
        """The output of a task as it is saved.

        Raises
        ------
        CodecError
            For what cannot be saved.
        """
        bases = Bases(self._in_hand(task_input), self.reads)
        known = self.known | self.reads.keys()

        def encoded(record: Any) -> Encoded:
            def keep(digest: str, data: bytes) -> Packed | None:
                passes = record is output.state
                return None if digest in known else bases.pack(digest, data, passes=passes)

            return self.codec.encode(record, keep)

        return output_as_saved(self.codec, output, encoded)

    def wanted(self, output: TaskOutput) -> TaskOutput:
        """What is sent of an output besides: its records only if somebody wants them."""
        if self.keeps_records:
            return output
        kinds = tuple((kind, None) for kind, _ in output.products)
        return TaskOutput(products=kinds, counts=output.counts, chunks_left=output.chunks_left)

    def _in_hand(self, task_input: TaskInput) -> dict[str, bytes]:
        """The arrays of the inputs and of the state that the store names."""
        found: dict[str, bytes] = {}
        if self.reads:
            firsts = [record for group in task_input.inputs[:MOST_INPUTS] for record in group[:1]]
            for record in (*firsts, task_input.state):
                if record is not None:
                    found |= self.codec.arrays_of(record, self.reads)
        return found


def output_as_saved(
    codec: Codec, output: TaskOutput, encode: Callable[[Any], Encoded] | None = None
) -> EncodedOutput:
    """The output of a task with its records as something encodes them; None: the codec alone."""
    encode = encode or codec.encode

    def arrays_of(record: Any) -> frozenset[str]:
        return codec.encode(record, lambda digest, data: None).digests

    return EncodedOutput(
        products=tuple((kind, encode(record)) for kind, record in output.products),
        counts=output.counts,
        state=None if output.state is None else encode(output.state),
        chunks_left=output.chunks_left,
        alike=tuple((arrays_of(one), arrays_of(other)) for one, other in output.alike),
    )
