"""Report contents with vibrations made by hand."""

from dataclasses import replace

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.records import FieldProfile
from glasswells.report import ShownSpectrum, ShownVibrations, VibrationContent
from glasswells.statistics import collect_minimum_vibrations, collect_well_vibrations
from glasswells.statistics.vibration_numbers import vibration_numbers
from glasswells.vibrations.records import (
    DIRECTIONS,
    SEEDS,
    DirectionOverlap,
    MinimumVibrations,
    SeededMode,
    TangentStudy,
    WellVibrations,
)
from report_contents import N, content, double_well


def minimum_vibrations(rng, *, n=N, modes=None, quasilocalized=(4, 6)):
    count = 3 * n if modes is None else modes
    omega = np.concatenate([np.zeros(3), np.sort(1.2 + 14 * rng.beta(2.2, 2.5, count - 3))])
    ratio = np.concatenate([np.ones(3), rng.uniform(0.3, 0.6, count - 3)])
    for number in quasilocalized:
        omega[number - 1] *= 0.95
        ratio[number - 1] = 0.03
    field = rng.normal(size=(n, 3))
    return MinimumVibrations(
        frequencies=omega,
        participation_ratios=ratio,
        complete=modes is None,
        quasilocalized=tuple(quasilocalized),
        softest=field / np.linalg.norm(field),
        softest_localized=np.eye(1, 3 * n).reshape(n, 3) if quasilocalized else np.empty((0, 3)),
    )


def direction(name, overlap, *, certified=True, bound=0.1, mode=4, ratio=0.05, frequency=1.3):
    return DirectionOverlap(
        direction=name,
        overlap=overlap,
        mode=mode,
        frequency=frequency if mode else np.nan,
        participation_ratio=ratio if mode else np.nan,
        certified=certified,
        bound=bound,
        mobility=min(1.0, 1.1 * overlap),
    )


def seeded(name, *, start, reached, outcome=Outcome.CONVERGED, is_double_well=False):
    s = np.linspace(-1, 1, 5)
    return SeededMode(
        seed=name,
        seed_overlap=start,
        seed_mobility=min(1.0, 1.1 * start),
        overlap=reached,
        mobility=min(1.0, 1.05 * reached),
        stiffness=2.0,
        cubic=-3.0,
        barrier=0.6,
        overlap_with_start=0.7,
        iterations=20,
        method="iteration",
        outcome=outcome,
        profile=FieldProfile(
            distance=s, energy=s**2, minima=np.zeros(1), maxima=np.empty(0),
            reached=("extent", "extent"),
        ) if outcome.converged else None,
        is_double_well=is_double_well,
    )  # fmt: skip


def tangent_study(rng, *, modes=40, end=0.99, distances=None, images=(40, 100, 300, 600)):
    """c of mode 4 rises from 0.5 at rho = 0.1 to `end` as rho falls; the others share the rest."""
    rho = np.geomspace(1e-5, 0.1, 13) if distances is None else np.asarray(distances)

    def rows(at):
        x = np.clip(np.log(0.1 / at) / np.log(0.1 / 1e-5), 0, 1)
        c = np.zeros((len(at), modes))
        c[:, 3] = 0.5 + (end - 0.5) * x
        others = rng.exponential(size=modes - 4)
        others /= np.linalg.norm(others)
        c[:, 4:] = 0.8 * np.sqrt(1 - c[:, 3:4] ** 2) * others
        return c

    near = 0.4 / np.asarray(images, dtype=float)
    vibrations = minimum_vibrations(rng, modes=modes)
    return TangentStudy(
        frequencies=vibrations.frequencies,
        participation_ratios=vibrations.participation_ratios,
        distances=rho,
        overlaps=rows(rho),
        curvatures=np.ones(len(rho)),
        images=tuple(images),
        image_distances=near,
        image_overlaps=rows(near),
        image_curvatures=np.ones(len(near)),
        image_forces=np.full(len(near), 1e-5),
    )


def well_vibrations(rng, *, number=0, tangents=None, localized=True, found=True, overlaps=None):
    c = overlaps or (rng.beta(9, 2), 0.45 * rng.beta(4, 3), 0.4 * rng.beta(4, 3))
    reached = float(rng.beta(3, 1.4))
    bad = Outcome.CYCLE
    seeds = [
        seeded(
            "displacement_ab",
            start=1.0,
            reached=reached if found else np.nan,
            outcome=Outcome.CONVERGED if found else bad,
            is_double_well=bool(rng.random() < 0.1),
        )
    ]
    for name in SEEDS[1:]:
        if name == "softest" or localized:
            start = 0.2 * rng.beta(1, 3)
            seeds.append(
                seeded(name, start=start, reached=start * 0.9, is_double_well=rng.random() < 0.05)
            )
    field = rng.normal(size=(N, 3)) * (0.5 ** np.arange(N))[:, None]
    return WellVibrations(
        double_well=number,
        directions=tuple(direction(d, float(v)) for d, v in zip(DIRECTIONS, c, strict=True)),
        largest_mobility=min(1.0, 1.4 * c[2]),
        largest_mobility_mode=9,
        mobility_modes=60,
        seeds=tuple(seeds),
        linear_field=rng.normal(size=(N, 3)) / np.sqrt(3 * N),
        cubic_field=field / np.linalg.norm(field) if found else np.empty((0, 3)),
        tangents=tangents,
    )


def with_vibrations(made, *, shown=True, make=well_vibrations, studied=2):
    """`made` with the vibrations of every double well; the first few have their tangents."""
    rng = np.random.default_rng(8)
    preparations, examples = [], []
    for p in made.preparations:
        glasses = []
        for glass in p.glasses:
            pairs = []
            for k, well in enumerate(glass.wells):
                tangents = tangent_study(rng, end=rng.uniform(0.9, 1.0)) if k < studied else None
                # Higher barriers have higher frequencies and smaller splittings.
                value = 1.0 / well.splitting("argon") if "argon" in well.splittings else 1.0
                well = replace(well, frequency_a=float(2 + 0.2 * np.log(value) + rng.normal() / 3))
                found = make(rng, number=k, tangents=tangents)
                well = replace(well, numbers={**well.numbers, **vibration_numbers(found)})
                pairs.append((well, found))
            columns = collect_well_vibrations(pairs)
            examples += [(p.temperature, *pair) for pair in pairs]
            glasses.append(
                replace(
                    glass,
                    wells=tuple(well for well, _ in pairs),
                    minima=collect_minimum_vibrations(
                        minimum_vibrations(rng) for _ in range(len(pairs))
                    ),
                    vibrations=columns if len(columns) else None,
                )
            )
        preparations.append(replace(p, glasses=tuple(glasses)))
    some = [shown_vibrations(rng, *item) for item in examples[:2]] if shown else []
    spectrum = ShownSpectrum(
        glass="g0", preparation_temperature=0.07, n_particles=N, vibrations=minimum_vibrations(rng)
    )
    return replace(
        made,
        preparations=tuple(preparations),
        vibrations=VibrationContent(
            rho=0.01,
            spectrum=spectrum if examples else None,
            fields=tuple(some),
            tangents=tuple(s for s in some if s.vibrations.tangents is not None),
        ),
    )


def shown_vibrations(rng, temperature, well, vibrations):
    made = double_well(rng, 0.1, 0.01)
    return ShownVibrations(
        title="an example",
        glass=well.glass,
        number=well.number,
        preparation_temperature=temperature,
        splitting=well.splitting("argon"),
        minimum_a=made.minimum_a,
        displacement_ab=made.displacement_ab,
        vibrations=vibrations,
    )


__all__ = ["content", "with_vibrations"]
