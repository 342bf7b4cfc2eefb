"""Columns of vibrations made by hand."""

import numpy as np

from glasswells.statistics import (
    DirectionColumns,
    SeedColumns,
    TangentColumns,
    WellVibrationColumns,
)
from glasswells.vibrations.records import DIRECTIONS, SEEDS


def filled(n, value):
    return np.broadcast_to(np.asarray(value, dtype=float), (n,)).copy()


def direction_columns(n, overlap, *, ceiling=None, ratio=0.05, frequency=1.0, mode=4.0):
    c = filled(n, overlap)
    top = c if ceiling is None else filled(n, ceiling)
    return DirectionColumns(
        overlap=c,
        ceiling=top,
        certified=np.where(top > c, 0.0, 1.0),
        mode=filled(n, mode),
        frequency=filled(n, frequency),
        participation_ratio=filled(n, ratio),
        mobility=filled(n, overlap),
    )


def seed_columns(n, start, reached, *, mobility=None, is_double_well=0.0):
    return SeedColumns(
        seed_overlap=filled(n, start),
        seed_mobility=filled(n, start),
        overlap=filled(n, reached),
        mobility=filled(n, reached if mobility is None else mobility),
        barrier=filled(n, 0.5),
        overlap_with_start=filled(n, 0.7),
        is_double_well=filled(n, is_double_well),
        outcomes=("converged",) * n,
        methods=("iteration",) * n,
    )


def columns(
    n, *, directions=(0.9, 0.3, 0.3), ceiling=None, ratio=0.05, reached=0.8, mobility=0.3,
    softest=(0.1, 0.1), is_double_well=0.0, splitting=None, single=0.0, frequency=None,
    asymmetry=0.0, participation=3.0, tangents=(), repeats=None, mobility_modes=60,
    mobility_all=np.nan,
):  # fmt: skip
    """n double wells of a glass that all differ a little, or in the way given."""
    return WellVibrationColumns(
        wells=np.arange(n),
        splittings={"argon": filled(n, 1e-4 if splitting is None else splitting)},
        asymmetries={"argon": filled(n, asymmetry)},
        single_wells={"argon": filled(n, single)},
        frequency=filled(n, np.linspace(1, 2, n) if frequency is None else frequency),
        participation_number=filled(n, participation),
        directions={
            name: direction_columns(
                n, c, ratio=ratio, ceiling=ceiling if name == "tangent_a" else None
            )
            for name, c in zip(DIRECTIONS, directions, strict=True)
        },
        seeds={
            SEEDS[0]: seed_columns(n, 1.0, reached, is_double_well=is_double_well),
            **{
                name: seed_columns(n, *softest, is_double_well=is_double_well) for name in SEEDS[1:]
            },
        },
        largest_mobility=filled(n, mobility),
        mobility_modes=filled(n, mobility_modes),
        largest_mobility_all=filled(n, mobility_all),
        repeats=np.arange(n) if repeats is None else repeats,
        tangents=tangents,
    )


def tangent_columns(well, overlaps):
    distances = np.geomspace(1e-5, 0.1, len(overlaps))
    return TangentColumns(
        well=well,
        distances=distances,
        overlaps=np.array(overlaps),
        modes=filled(len(overlaps), 4.0),
        images=np.array([40.0, 600.0]),
        image_distances=np.array([0.01, 0.001]),
        image_overlaps=np.array([0.7, 0.8]),
    )
