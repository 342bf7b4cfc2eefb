"""Summaries of double wells made by hand."""

import numpy as np

from glasswells.core.splittings import TunnelSplitting
from glasswells.statistics import WellSummary


def splitting(value, *, units="argon", others=None, is_two_level=True, flags=(), error=1e-12):
    by_continuation = {"straight": value, **(others or {})}
    return TunnelSplitting(
        levels=np.array([0.1, 0.1 + value, 0.4, 0.7]),
        splitting=value,
        error=error,
        spread=float(np.ptp(list(by_continuation.values()))) / 2,
        by_continuation=by_continuation,
        asymmetry=0.8 * value,
        tunneling_amplitude=0.6 * value,
        continuation="straight",
        units=units,
        reduced_hbar=0.03,
        is_two_level=is_two_level,
        flags=flags,
    )


def summary(core, field, *, glass="g0", number=0, barrier=0.1, asymmetry=0.01, splittings=()):
    field = np.asarray(field, dtype=float)
    return WellSummary(
        glass=glass,
        number=number,
        barrier=barrier,
        asymmetry=asymmetry,
        distance=float(np.linalg.norm(field)),
        participation_number=3.0,
        path_length=0.5,
        frequency_a=1.0,
        frequency_b=1.1,
        core_particles=np.asarray(core, dtype=float),
        core_displacements=field,
        splittings={s.units: s for s in splittings},
    )
