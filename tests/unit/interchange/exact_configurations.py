"""Configurations of any numbers, and what it means that two are the same."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from glasswells.core.records import Configuration

# Half of the smallest numbers is not exact; a radius is half a diameter.
LENGTHS = st.floats(min_value=1e-300, max_value=1e300)
NUMBERS = st.floats(min_value=-1e300, max_value=1e300, allow_nan=False)


# Of spheres with a density that is a normal float64, and masses of 14 digits.
PLAIN_LENGTHS = st.floats(min_value=1e-90, max_value=1e90)
PLAIN_MASSES = st.integers(min_value=1, max_value=10**14 - 1).map(lambda n: float(f"{n}e-9"))


@st.composite
def configurations(
    draw: st.DrawFn,
    diameters: st.SearchStrategy[float] = LENGTHS,
    masses: st.SearchStrategy[float] = LENGTHS,
) -> Configuration:
    n = draw(st.integers(min_value=2, max_value=12))
    return Configuration(
        positions=draw(hnp.arrays(np.float64, (n, 3), elements=NUMBERS)),
        diameters=draw(hnp.arrays(np.float64, n, elements=diameters)),
        box=draw(hnp.arrays(np.float64, 3, elements=LENGTHS)),
        masses=draw(st.one_of(st.none(), hnp.arrays(np.float64, n, elements=masses))),
    )


def bits(configuration: Configuration) -> tuple[bytes, ...]:
    """All bits of a configuration but the sign of zero, which text keeps but arithmetic may not."""
    c = configuration
    arrays = (c.positions, c.diameters, c.box, c.masses)
    return tuple((array + 0.0).tobytes() for array in arrays)


def some_glass(n: int = 10, seed: int = 1, masses: list[float] | None = None) -> Configuration:
    generator = np.random.default_rng(seed)
    return Configuration(
        positions=generator.uniform(-3, 9, (n, 3)),
        diameters=generator.uniform(0.7, 1.6, n),
        box=generator.uniform(4, 6, 3),
        masses=masses,
    )
