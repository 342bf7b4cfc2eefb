"""The derivatives at one place of energies in the tests that take positions each time."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse


class TwinDerivatives:
    """Asks `hessian`, `hessian_product`, `third_order` and `fourth_order` of a twin at one place.

    Those that a test does not need may be missing.
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
        return self.twin.fourth_order(self.positions, field)
