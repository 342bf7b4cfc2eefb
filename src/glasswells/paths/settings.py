"""Tolerances and sizes of the path search, with the reason for each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PathSettings:
    """How a double well is searched."""

    spring_constant: float = 10.0
    """Of the band."""
    band_memory: int = 5
    stiffness: float = 200.0
    band_step: float = 0.1
    max_force: float = 1e-10
    rounding_force: float = 1e-12
    newton_step: float = 0.1
    newton_steps: int = 25
    newton_products: int = 400
    newton_patience: int = 3
    mode_products: int = 400
    bend_tolerance: float = 1e-3
    first_distance: float = 2e-3
    first_fraction: float = 0.02
    first_duration: float = 1.0
    last_distance: float = 1e-4
    last_fraction: float = 0.1
    path_steps: int = 400
    path_tolerance: float = 1e-6
    longest_step: float = 0.03
    stiffness_margin: float = 1.15
    stray_force: float = 1e-3
    stray_distance: float = 0.05
    entry_dimension: int = 80
