"""The derivatives at one place of energies in the tests that take positions each time."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

FOURTH_STEP = 1e-2
"""Third orders are themselves differences, with a noise of some 1e-6."""


class TwinDerivatives:
    """Asks `hessian`, `hessian_product`, `third_order` and `fourth_order` of a twin at one place.

    Those that a test does not need may be missing; `fourth_order` may be missing in any case and is
    then made of differences of `third_order`.
    """

    def __init__(self, twin: Any, positions: np.ndarray) -> None:
        self.twin, self.positions = twin, np.array(positions)

    def matrix(self) -> scipy.sparse.csc_array:
        return scipy.sparse.csc_array(self.twin.hessian(self.positions))

    def product(self, field: np.ndarray) -> np.ndarray:
        return self.twin.hessian_product(self.positions, field)

    def third(self, field: np.ndarray) -> tuple[np.ndarray, float]:
        return self.twin.third_order(self.positions, field)

    def fourth(self, field: np.ndarray) -> tuple[np.ndarray, float]:
        if hasattr(self.twin, "fourth_order"):
            return self.twin.fourth_order(self.positions, field)
        h = FOURTH_STEP / np.linalg.norm(field)
        ends = [self.twin.third_order(self.positions + s * h * field, field) for s in (1, -1)]
        return (ends[0][0] - ends[1][0]) / (2 * h), (ends[0][1] - ends[1][1]) / (2 * h)
