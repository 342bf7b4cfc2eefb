"""A symmetric linear operator on fields, and what Krylov subspaces tell of it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from glasswells.core.records import Array
from glasswells.curvature.krylov import Lanczos, Product, Projector, minres, softest

TOP_TOLERANCE, TOP_DIMENSION = 0.01, 40
"""Of the highest eigenvalue, an upper bound of which limits explicit steps."""


class Operator(ABC):
    """M on the flat fields (3N,) that a projector leaves: those without translations, mostly."""

    size: int
    """3N."""

    @abstractmethod
    def product(self, field: Array) -> Array:
        """M z."""

    @abstractmethod
    def project(self, field: Array) -> Array:
        """Remove from a field, in place, what lies outside of the space, and return it."""

    def across(self, mode: Array) -> Operator:
        """M on the fields that are orthogonal to a unit field (3N,), too."""

        def project(z: Array) -> Array:
            z = self.project(z)
            z -= mode * (mode @ z)
            return z

        return GivenOperator(self.product, project, self.size)

    def shifted(self, shift: float) -> Operator:
        """M - shift."""
        return GivenOperator(lambda z: self.product(z) - shift * z, self.project, self.size)

    def krylov(self, start: Array, most: int) -> Lanczos:
        """The space of z, M z, M M z, ... from a start (3N,), to be grown step by step."""
        return Lanczos(self.product, self.project(start.copy()), self.project, most)

    def minres(self, right: Array, tolerance: float, most: int) -> tuple[Array, int]:
        """The z (3N,) with |M z - right| <= tolerance |right|, and products spent.

        M may be indefinite: a Newton step to a stationary point of any index.
        """
        return minres(self.product, self.project(right.copy()), self.project, tolerance, most)

    def softest(
        self, most: int, tolerance: float, start: Array | None = None
    ) -> tuple[float, Array]:
        """The lowest eigenvalue and its unit vector (3N,), in at most `most` products.

        Stops when the residual is `tolerance` of the eigenvalue. A `start` (3N,) near the wanted
        vector converges sooner; by default it is random, with a component along every one.
        """
        start = self.random_field() if start is None else start
        value, field, _ = softest(self.product, start, self.project, most, tolerance)
        return value, field

    def highest(self) -> float:
        """The highest eigenvalue, to one percent."""
        value, _ = GivenOperator(lambda z: -self.product(z), self.project, self.size).softest(
            TOP_DIMENSION, TOP_TOLERANCE
        )
        return -value

    def random_field(self) -> Array:
        """Independent normal numbers (3N,), the same ones for each number of particles."""
        return np.random.default_rng(self.size).standard_normal(self.size)


class GivenOperator(Operator):
    """An operator made of two functions."""

    def __init__(self, product: Product, project: Projector, size: int) -> None:
        self._product, self._project, self.size = product, project, size

    def product(self, field: Array) -> Array:
        """M z."""
        return self._product(field)

    def project(self, field: Array) -> Array:
        """What the projector leaves of a field."""
        return self._project(field)
