"""Explicit random state for compiled loops: xoshiro256++ (Blackman & Vigna, 2019).

The state is a (4,) uint64 array that the functions advance in place: stored with a checkpoint, it
lets a run go on as if it had not been cut.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glasswells.core.checks import count
from glasswells.core.compiler import lean_kernel

UNIT_53 = 2.0**-53
"""Spacing of the uniform numbers: all the bits of a double."""


def seed_state(seed: int | np.random.SeedSequence) -> NDArray[np.uint64]:
    """The (4,) generator state that a seed stands for.

    Raises
    ------
    InputError
        For a seed that is neither an integer of at least 0 nor a `SeedSequence`.
    """
    if not isinstance(seed, np.random.SeedSequence):
        seed = np.random.SeedSequence(count("seed", seed))
    return np.asarray(seed.generate_state(4, np.uint64), dtype=np.uint64)


@lean_kernel
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


@lean_kernel
def next_uniform(state):  # type: ignore[no-untyped-def]
    """Advance the state and return a number uniform in [0, 1), a multiple of 2^-53."""
    return np.float64(next_uint64(state) >> np.uint64(11)) * UNIT_53


@lean_kernel
def next_normal_pair(state):  # type: ignore[no-untyped-def]
    """Advance the state and return two independent standard normal numbers (polar method)."""
    x, y, square = 0.0, 0.0, 0.0
    while square >= 1.0 or square == 0.0:
        x = 2.0 * next_uniform(state) - 1.0
        y = 2.0 * next_uniform(state) - 1.0
        square = x * x + y * y
    scale = np.sqrt(-2.0 * np.log(square) / square)
    return scale * x, scale * y
