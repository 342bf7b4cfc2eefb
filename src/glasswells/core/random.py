"""Explicit random state for compiled loops: xoshiro256++ (Blackman & Vigna, 2019)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import kernel


def seed_state(seed: int | np.random.SeedSequence) -> NDArray[np.uint64]:
    """The (4,) generator state that a seed stands for."""
    sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    return sequence.generate_state(4, np.uint64)


@kernel
def next_uint64(state):  # type: ignore[no-untyped-def]
    """Advance the state and return 64 random bits."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    total = s0 + s3
    result = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    shifted = s1 << np.uint64(17)
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3
    return result
