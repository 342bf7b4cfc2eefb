"""What a pair potential is to the kernels: a handful of compiled functions of scaled distance.

v(r) = strength_ij u(x), x = r / range_ij, u = 0 for x >= x_c. Every function takes x^2 and 1/x^2,
so that the loops over pairs spend one division, and a `NamedTuple` of constants whose precision
(32 or 64 bits) is that of the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

INSIDE = 1e-9
"""How far inside the cutoff, relative to x^2, a law is evaluated: there it is not yet cut."""
TYPICAL = (0.75, 0.8, 0.85)
"""Where, in units of the cutoff, a law has the size that jumps are compared with."""
EFFECTS = ("energies jump", "forces jump", "the Hessian and with it frequencies jump")
SMOOTH = 1e-6
"""Relative jumps up to which a law counts as smooth: what a smooth one has kept at `INSIDE`."""


class PairLaw(NamedTuple):
    """The compiled functions of one pair potential; k are its constants."""

    mix: Callable[..., Any]
    """(diameter_i, diameter_j, k) -> (range_ij, strength_ij)."""
    value: Callable[..., Any]
    """(x^2, 1/x^2, k) -> u."""
    slope: Callable[..., Any]
    """(x^2, 1/x^2, k) -> (u, u'/x)."""
    derivatives: Callable[..., Any]
    """(x^2, 1/x^2, k) -> (u'/x, u'', u'''/x, u'''')."""
    uniform_strength: bool
    """Whether strength_ij = 1 for all pairs: the kernels then skip reading it."""


def single_precision(constants: Any) -> Any:
    """The constants of a pair law as a NamedTuple of float32."""
    return type(constants)(*(np.float32(c) for c in constants))


class SmoothCutoff(NamedTuple):
    """Coefficients of the even polynomial c0 + c2 x^2 + c4 x^4 that ends x^-n at x_c."""

    c0: float
    c2: float
    c4: float


def smooth_cutoff(exponent: int, cutoff: float) -> SmoothCutoff:
    """The polynomial that makes x^-n vanish at x_c with its first two derivatives.

    c0 = -(n+2)(n+4)/8 x_c^-n, c2 = n(n+4)/4 x_c^-(n+2), c4 = -n(n+2)/8 x_c^-(n+4); the form is
    that of Nishikawa et al., PRX 12, 021001 (2022), eq. A1.
    """
    n, x_c = exponent, cutoff
    return SmoothCutoff(
        c0=-(n + 2) * (n + 4) / 8 * x_c**-n,
        c2=n * (n + 4) / 4 * x_c ** -(n + 2),
        c4=-n * (n + 2) / 8 * x_c ** -(n + 4),
    )


class CutoffJumps(NamedTuple):
    """Jumps of u, u' and u'' at the cutoff, relative to their sizes a fifth of it further in."""

    value: float
    """Of u: energies jump when a pair comes into range."""
    slope: float
    """Of u': forces jump."""
    curvature: float
    """Of u'': Hessians jump, and with them frequencies."""

    @property
    def words(self) -> str:
        """Which of v, v' and v'' jump, by how much, and what that does; empty if none does."""
        jumps = [
            (name, jump, what)
            for name, jump, what in zip(("v", "v'", "v''"), self, EFFECTS, strict=True)
            if abs(jump) > SMOOTH
        ]
        if not jumps:
            return ""
        sizes = ", ".join(f"{name} by {abs(jump):.1g}" for name, jump, _ in jumps)
        return (
            f"{sizes} of its size at 0.8 of the cutoff, so that {jumps[0][2]} when a pair comes "
            f"into range; smooth_cutoff of glasswells.model.law is a polynomial that ends a power"
        )


def cutoff_jumps(model: Any) -> CutoffJumps:
    """How far v, v' and v'' of a pair model are from 0 at its cutoff.

    Parameters
    ----------
    model
        A `PairModel`. What is compared are u, u' and u'' of v = strength u(x), just inside x_c,
        with their largest magnitudes at 0.75 to 0.85 of it.
    """
    return _jumps(model.law, model.constants)


def is_cut_smoothly(model: Any) -> bool:
    """Whether energies are continuous: laws of ours state it, others are evaluated once."""
    return getattr(model, "ends_smoothly", False) or abs(cutoff_jumps(model).value) <= SMOOTH


@lru_cache(maxsize=32)
def _jumps(law: PairLaw, constants: Any) -> CutoffJumps:
    orders: tuple[Callable[[float], float], ...] = (
        lambda x2: law.slope(x2, 1.0 / x2, constants)[0],
        lambda x2: law.slope(x2, 1.0 / x2, constants)[1] * np.sqrt(x2),
        lambda x2: law.derivatives(x2, 1.0 / x2, constants)[1],
    )
    edge = float(constants.cutoff2) * (1.0 - INSIDE)
    sizes = (max(abs(of(edge * part**2)) for part in TYPICAL) for of in orders)
    return CutoffJumps(
        *(float(of(edge) / size) if size else 0.0 for of, size in zip(orders, sizes, strict=True))
    )
