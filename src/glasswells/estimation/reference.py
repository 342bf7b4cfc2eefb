"""What was measured once, for what nothing better is known of: N = 1500, one core of an AMD EPYC.

Yields of these glasses are no law: see `estimate.NOTE_YIELDS`. Costs come from the same machine as
the second table of speeds in docs/VALIDATION.md.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

from glasswells.estimation.records import Known, Rate
from glasswells.estimation.sizes import SHIPPED_PARTICLES, groups, n_particles
from glasswells.plan.lanes import has_lanes
from glasswells.plan.plan import Plan

TEN = "ten shipped glasses of 0.07, November 2026"
"""Explored by 12 000 quenches each, 100 steps of 0.02 between two; up to 150 pairs of each of the
rules `linked` and `close`, 1192 path searches, 721 double wells."""
COUPLED = "docs/stages/couplings.md, eight double wells"
SIX = "six shipped glasses of 0.07, November 2026"
"""18 double wells with modes, three of each."""
WITH_MODES = "docs/VALIDATION.md, room of a store: a glass of 0.07 with modes"
"""Four trajectories of 500 quenches, 39 path searches, 34 double wells."""
SIXTY = "sixty shipped glasses, November 2026"
"""Twenty of 0.062, thirty of 0.07 and ten of 0.092: sixteen trajectories of 500 quenches in lanes,
100 steps of 0.02 between two; up to 300 pairs of each of the rules `linked` and `close`."""
FIGURES = "docs/FIGURES.md, six glasses of 0.062"
EXAMPLE = "one shipped glass of each temperature, 24 November 2026"
SPEEDS = "docs/VALIDATION.md, table of speeds"
CHOSEN = "from the shipped glasses of"
"""Begins the source of yields that were carried over from another temperature."""
WINDOW = "one window of the rule `screened`, not measured"

PUSHES = "scripts/push_or_walk.py, a glass of 0.07, 10 modes of each of 5 minima"
STEP = 1 / 15_500
"""CPU seconds of a step of molecular dynamics."""
DESCENT = 0.0182 - 100 * STEP
"""And of a quench, from explorations with 100 steps between two."""
LANE_GAINS = {0.062: 2.0, 0.07: 1.9, 0.092: 1.5}
"""How many times fewer CPU seconds a quench takes where trajectories go in lanes."""
SEARCH_COSTS = {0.062: 1.1, 0.07: 1.0, 0.092: 1.6}
"""How many times as much as at 0.07 a path search costs: `SIXTY`."""
LANES = "docs/VALIDATION.md, explorations in lanes"
STUDY_IMAGES = 40 + 80 + 160 + 320 + 600
"""Images of all bands of the tangent studies whose cost is below."""


def _rate(value: float, spread: float, glasses: int, source: str, depth: float = 0.0) -> Rate:
    return Rate(value=value, spread=spread, glasses=glasses, source=source, depth=depth)


COSTS = {
    "sweep": _rate(1.5e-4, 0.1, 1, SPEEDS),
    "block": _rate(0.03, 1.0, 1, "docs/MATERIALS.md, silicon"),
    "finish": _rate(24 * 0.0199, 0.2, 1, f"{SPEEDS}: 24 quenches"),
    "glass": _rate(0.0112, 0.2, 10, TEN),
    "push": _rate(0.33, 0.5, 1, PUSHES),
    "pooling": _rate(1.1e-4, 0.16, 10, TEN),
    "choosing": _rate(9.3e-4, 0.39, 10, TEN),
    "learning": _rate(2.0, 0.5, 1, "a round of ten shipped glasses of 0.07"),
    "search": _rate(0.41, 0.25, 10, TEN),
    "splitting": _rate(0.0047, 0.05, 10, TEN),
    "strain": _rate(0.005, 0.2, 1, COUPLED),
    "attempts": _rate(0.64, 0.1, 1, COUPLED),
    "modes": _rate(0.3, 0.15, 6, SIX),
    "overlap": _rate(1.12, 0.18, 6, SIX),
    "full_spectrum": _rate(19.4, 0.2, 1, f"{SPEEDS}: dense modes"),
    "tangent_study": _rate(60.0, 0.5, 3, "half a minute to two each, N = 1500"),
}
"""CPU seconds of a sweep, of 100 steps of a melt of silicon, of the end of a preparation, of a
shipped glass, of a mode followed one way, of pooling a minimum and of choosing pairs among it, of a
round of screening, of a path search, a splitting, the coupling of a double well to strain and its
attempt frequencies, the modes of a minimum, the overlaps of a double well, a full spectrum and a
tangent study more."""

BYTES = {
    "glass_bytes": _rate(5.3e4, 0.1, 1, WITH_MODES),
    "structure_bytes": _rate(2.6e3, 0.5, 1, WITH_MODES),
    "library_bytes": _rate(110.0, 0.3, 1, WITH_MODES),
    "round_bytes": _rate(8.0e2, 0.3, 1, WITH_MODES),
    "search_bytes": _rate(5.5e4, 0.3, 1, WITH_MODES),
    "splitting_bytes": _rate(1.1e3, 0.1, 1, WITH_MODES),
    "coupling_bytes": _rate(1.5e3, 0.3, 1, COUPLED),
    "modes_bytes": _rate(3.4e4, 0.2, 1, WITH_MODES),
    "overlap_bytes": _rate(3.3e4, 0.2, 1, WITH_MODES),
}
"""Of the file, for each glass, minimum that a trajectory met, path search, splitting and so on."""

YIELDS = {
    "searches": _rate(0.69, 0.2, 10, TEN),
    "wells": _rate(0.7, 0.27, 10, TEN),
    "minima": _rate(0.83, 0.22, 6, SIX),
    "saddles": _rate(0.1, 0.7, 1, PUSHES),
}
"""Path searches for each pair, double wells for each search, minima for each double well, saddles
for each mode that is followed one way."""

AT_TEMPERATURES = {
    0.062: {
        "new": _rate(0.149, 0.9, 20, SIXTY),
        "searches": _rate(0.65, 0.35, 20, SIXTY),
        "wells": _rate(0.57, 0.25, 20, SIXTY),
        "linked": _rate(183.0, 1.35, 6, FIGURES, 100_000),
        "close": _rate(276.0, 2.8, 1, f"{CHOSEN} 0.07", 12_000),
    },
    0.07: {
        "new": _rate(0.296, 0.68, 30, SIXTY),
        "searches": _rate(0.73, 0.3, 30, SIXTY),
        "wells": _rate(0.5, 0.3, 30, SIXTY),
        "linked": _rate(173.9, 0.56, 10, TEN, 12_000),
        "close": _rate(276.0, 2.8, 10, TEN, 12_000),
    },
    0.092: {
        "new": _rate(0.864, 0.12, 10, SIXTY),
        "searches": _rate(1.2, 0.2, 7, SIXTY),
        "wells": _rate(0.25, 0.42, 7, SIXTY),
        "linked": _rate(150.0, 1.0, 1, f"{EXAMPLE}; at least", 112_000),
        "close": _rate(2485.0, 1.0, 1, f"{CHOSEN} 0.07, the one with as many minima", 12_000),
    },
}
"""Minima for each quench that no earlier quench of its trajectory met; path searches for each pair,
double wells for each search; pairs of a glass by the rules, `linked` with `TRANSITIONS` or more."""

TRANSITIONS = 5
"""For which pairs by `linked` were counted."""

POWERS = {"full_spectrum": 3.0, "learning": 0.0, "splitting": 0.0, "splitting_bytes": 0.0}
"""With which costs and bytes grow with the number of particles; 1 if not here."""
NUMBERS = ("new", "linked", "close", "screened", "pairs", *YIELDS)
"""Rates that are numbers of things: those of another size are taken as they are."""


def reference_rates(plan: Plan) -> Known:
    """Rates for all that an estimate asks for, at the plan's sizes and temperatures."""
    quench = DESCENT + plan.explore.interval * STEP
    study = sum(plan.modes.images) / STUDY_IMAGES
    common = {
        **COSTS,
        **BYTES,
        **YIELDS,
        "screened": _rate(float(plan.pairs.screened.window), 1.5, 1, WINDOW),
        "quench": _rate(quench, 0.14, 10, TEN),
        "tangent_study": COSTS["tangent_study"].scaled(study),
    }
    rates: dict[tuple[str, float | None], Rate] = {(k, None): v for k, v in common.items()}
    rates |= {(key, None): rate for key, rate in AT_TEMPERATURES[0.07].items()}
    gains = []
    for group in groups(plan):
        nearest = min(AT_TEMPERATURES, key=lambda known: abs(known - group.temperature))
        rates |= {(k, group.temperature): v for k, v in AT_TEMPERATURES[nearest].items()}
        ratio = 1.0 if plan.model.is_material else SEARCH_COSTS[nearest]
        rates["search", group.temperature] = common["search"].scaled(ratio)
        gains.append(LANE_GAINS[nearest] if group.lanes > 1 else 1.0)
    if has_lanes(plan):
        rates["quench", None] = replace(
            common["quench"].scaled(1 / fmean(gains)), source=f"{TEN}; {LANES}"
        )
    return for_particles(Known(rates=rates), n_particles(plan) / SHIPPED_PARTICLES)


def for_particles(known: Known, ratio: float) -> Known:
    """Rates for `ratio` times as many particles: costs and bytes grow with their powers."""
    if ratio == 1:
        return known
    scaled = {}
    for (name, temperature), rate in known.rates.items():
        power = 0.0 if name in NUMBERS else POWERS.get(name, 1.0)
        source = rate.source if power == 0 else f"{rate.source}, scaled with particles"
        scaled[name, temperature] = replace(rate.scaled(ratio**power), source=source)
    return Known(rates=scaled)
