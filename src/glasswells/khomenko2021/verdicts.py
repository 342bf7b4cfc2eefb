"""The claims of the paper's section IV beside what was measured, and a word by a stated rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glasswells.core.records import Array
from glasswells.khomenko2021.claims import Claim, Verdict, judge
from glasswells.modes.spectrum import QUASILOCALIZED, QuasilocalizedLimits
from glasswells.statistics.bootstrap import (
    DEFAULT_RESAMPLING,
    Estimate,
    Resampling,
    mean,
)
from glasswells.statistics.fractions import as_flags, fraction, known_above, with_entries
from glasswells.statistics.ranks import rank_correlation
from glasswells.statistics.well_vibration_columns import WellVibrationColumns, mobility_range

LEAST_OVERLAP = 0.4
"""The paper's lower limit of c of r_12."""
CLOSE_TO_ONE = 0.9
"""What counts as `quite close to one`."""
MUCH = 0.1
"""Difference of two mean overlaps that counts as `much`; below it they are `comparable`."""
POOR = 0.5
"""Overlaps below it are `small`: three quarters of the field, 1 - c^2, point elsewhere."""
LARGE_FRACTION = 0.25
"""What counts as `a large fraction`."""
RARELY = 0.9
"""Fraction of modes without a double well for `approximately 95 %` to hold."""
SUBSET_SPLITTING, SUBSET_PARTICIPATION = 1e-3, 5.0
"""The double wells of the paper's Fig. 5: E and PR_DW below these."""
MANY = 10_000
"""Double wells beyond which rank correlations are resampled less often."""


def verdicts(
    glasses: Sequence[WellVibrationColumns],
    units: Sequence[str],
    resampling: Resampling = DEFAULT_RESAMPLING,
    *,
    limits: QuasilocalizedLimits = QUASILOCALIZED,
) -> list[Verdict]:
    """The claims of sections IV A to D for the glasses of one preparation temperature.

    Over distinct double wells: a core that was met in several backgrounds is one, since its copies
    say the same; where a claim is about some double wells only, its first among these stands for
    it. What all double wells would give, copies included, stands beside it.

    Parameters
    ----------
    glasses
        For each glass its double wells; a glass without any may be left out.
    units
        Names of the unit sets; the first decides which double wells have a small splitting.
    resampling
        Of the intervals.
    limits
        A mode whose PR and frequency are below these is soft and quasilocalized; as the modes
        themselves were searched.
    """
    found = _verdicts(glasses, units, resampling, limits, WellVibrationColumns.distinct)
    has_repeats = any((g.repeats != g.wells).any() for g in glasses)
    with_copies = found
    if has_repeats:
        with_copies = _verdicts(glasses, units, resampling, limits, lambda g: g)
    return [replace(v, with_copies=e.estimate) for v, e in zip(found, with_copies, strict=True)]


def _verdicts(
    glasses: Sequence[WellVibrationColumns],
    units: Sequence[str],
    resampling: Resampling,
    limits: QuasilocalizedLimits,
    counted: Callable[[WellVibrationColumns], WellVibrationColumns],
) -> list[Verdict]:
    """The same over those double wells of a glass, or of a part of them, that are `counted`."""
    found: list[Verdict] = []
    every = [counted(g) for g in glasses]
    subsets = [("all", every)]
    if units:
        subset = [counted(g.where(in_subset(g, units[0]))) for g in glasses]
        subsets.insert(0, (subset_words(units[0]), subset))
    for words, wells in subsets:
        found += _tangents_parallel(wells, words, resampling, limits)
    found.append(_limit(every, resampling))
    for name in units:
        true = [counted(g.where(g.tunneling(name))) for g in glasses]
        found.append(_anticorrelation(every, name, "all resolved", resampling))
        verdict = _anticorrelation(true, name, "no single well in disguise", resampling)
        found.append(replace(verdict, remark=_reasons(true, name, resampling)))
    for words, wells in subsets:
        found += _curved_paths(wells, words, resampling)
    return [*found, *_nonlinear(every, resampling), *_unknown_end(every, resampling)]


def in_subset(glass: WellVibrationColumns, units: str) -> NDArray[np.bool_]:
    """(n,) of bool: the double wells of the paper's Fig. 5, E < 1e-3 and PR_DW < 5.

    Without single wells in disguise: the paper takes two-level systems.
    """
    nothing = np.full(len(glass), np.nan)
    chosen: NDArray[np.bool_] = (
        (glass.splittings.get(units, nothing) < SUBSET_SPLITTING)
        & (glass.participation_number < SUBSET_PARTICIPATION)
        & glass.tunneling(units)
    )
    return chosen


def subset_words(units: str) -> str:
    """Name of that subset."""
    return f"E < {SUBSET_SPLITTING:g} ({units}), PR_DW < {SUBSET_PARTICIPATION:g}"


def _tangents_parallel(
    glasses: Sequence[WellVibrationColumns],
    words: str,
    resampling: Resampling,
    limits: QuasilocalizedLimits,
) -> list[Verdict]:
    """Section IV A."""
    participation, frequency = limits.participation, limits.frequency
    columns = [g.directions["tangent_a"] for g in glasses]
    above = [known_above(c.overlap, c.ceiling, LEAST_OVERLAP) for c in columns]
    close = [known_above(c.overlap, c.ceiling, CLOSE_TO_ONE) for c in columns]
    soft = [
        as_flags((c.participation_ratio < participation) & (c.frequency < frequency), c.mode)
        for c in columns
    ]
    every = np.concatenate([np.empty(0), *(c.overlap for c in columns)])
    every = every[np.isfinite(every)]
    known = np.concatenate([np.empty(0), *above])
    remark = ""
    if len(every):
        remark = f"{int(np.sum(known == 0))} exceptions, smallest c known {every.min():.3g}"
        undecided = int(np.isnan(known).sum())
        remark += f", {undecided} undecided" if undecided else ""
    always = Claim(
        section="IV A",
        paper="The path leaves A along a linear mode: c of r_12 is above 0.4 in all cases",
        quantity=f"fraction of double wells with c > {LEAST_OVERLAP:g}",
        low=0.95,
        always=True,
    )
    most = Claim(
        section="IV A",
        paper="In most cases c of r_12 is quite close to one",
        quantity=f"fraction of double wells with c > {CLOSE_TO_ONE:g}",
        low=0.5,
    )
    kind = Claim(
        section="IV A",
        paper="This mode is typically a soft quasilocalized one",
        quantity=f"fraction of double wells whose mode has PR < {participation:g} and "
        f"omega < {frequency:g}",
        low=0.5,
    )
    return [
        replace(_verdict(always, words, fraction(above, resampling)), remark=remark),
        _verdict(most, words, fraction(close, resampling)),
        _verdict(kind, words, fraction(soft, resampling)),
    ]


def _limit(glasses: Sequence[WellVibrationColumns], resampling: Resampling) -> Verdict:
    """Section IV A: many images."""
    studied = [[t for t in g.tangents if len(t.distances)] for g in glasses]
    values = [[float(t.overlaps[t.distances.argmin()]) for t in ts] for ts in studied]
    least = [float(t.distances.min()) for ts in studied for t in ts]
    claim = Claim(
        section="IV A",
        paper="With more and more images r_12 becomes parallel to one mode",
        quantity="mean of the largest c of the exact path at the smallest distance studied",
        low=CLOSE_TO_ONE,
    )
    words = "those studied as a function of the distance"
    remark = f"rho = {max(least):g}" if least else ""
    return replace(_verdict(claim, words, _mean(values, 0.0, resampling)), remark=remark)


def _anticorrelation(
    glasses: Sequence[WellVibrationColumns], units: str, words: str, resampling: Resampling
) -> Verdict:
    """Section IV B."""
    claim = Claim(
        section="IV B",
        paper="The frequency in A along the path is anticorrelated with the splitting E",
        quantity=f"Spearman's rank correlation of E ({units}) and omega",
        high=0.0,
    )
    return _verdict(claim, words, frequency_correlation(glasses, units, resampling))


def _reasons(glasses: Sequence[WellVibrationColumns], units: str, resampling: Resampling) -> str:
    """What E follows: in E^2 = Delta^2 + Delta_0^2 only Delta_0 is bound to the path's shape."""
    resolved = _resolved(glasses, units)
    if not resolved:
        return ""
    splitting, asymmetry, frequency = (list(each) for each in zip(*resolved, strict=True))
    size = [np.abs(delta) for delta in asymmetry]
    amplitude = [
        np.sqrt(np.maximum(e**2 - d**2, 0.0)) for e, d in zip(splitting, size, strict=True)
    ]
    by_size = _rank_correlation(splitting, size, resampling)
    by_amplitude = _rank_correlation(amplitude, frequency, resampling)
    if by_size is None or by_amplitude is None:
        return ""
    return f"E with |Delta| {by_size.text('.3f')}, Delta_0 with omega {by_amplitude.text('.3f')}"


def frequency_correlation(
    glasses: Sequence[WellVibrationColumns],
    units: str,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> Estimate | None:
    """Spearman's rank correlation of E and omega; arguments as for `splitting_and_frequency`."""
    x, y = splitting_and_frequency(glasses, units)
    return _rank_correlation(y, x, resampling)


def _rank_correlation(
    x: Sequence[Array], y: Sequence[Array], resampling: Resampling
) -> Estimate | None:
    """None without data.

    Ranking anew costs time in proportion to the entries: beyond `MANY` of them a quarter of the
    resamples has to do, which doubles the noise of the interval's ends.
    """
    if sum(map(len, x)) > MANY:
        resampling = replace(resampling, resamples=max(100, resampling.resamples // 4))
    return rank_correlation(x, y, resampling) if x else None


def splitting_and_frequency(
    glasses: Sequence[WellVibrationColumns], units: str
) -> tuple[list[Array], list[Array]]:
    """E and omega of each glass that has any, where E is resolved."""
    resolved = _resolved(glasses, units)
    return [splitting for splitting, _, _ in resolved], [omega for _, _, omega in resolved]


def _resolved(
    glasses: Sequence[WellVibrationColumns], units: str
) -> list[tuple[Array, Array, Array]]:
    """E, Delta and omega of each such glass."""
    found = []
    for glass in glasses:
        splitting = glass.splittings.get(units)
        if splitting is not None:
            keep = np.isfinite(splitting) & np.isfinite(glass.frequency)
            if keep.any():
                delta = glass.asymmetries[units]
                found.append((splitting[keep], delta[keep], glass.frequency[keep]))
    return found


def _curved_paths(
    glasses: Sequence[WellVibrationColumns], words: str, resampling: Resampling
) -> list[Verdict]:
    """Section IV C."""
    found = []
    for direction, name in (("displacement_as", "r_AS"), ("displacement_ab", "r_AB")):
        differences = [
            g.directions["tangent_a"].overlap - g.directions[direction].overlap for g in glasses
        ]
        claim = Claim(
            section="IV C",
            paper=f"The largest c of {name} is much smaller than that of r_12",
            quantity=f"mean of c of r_12 less c of {name}",
            low=MUCH,
        )
        found.append(_verdict(claim, words, _mean(differences, -1.0, resampling)))
    return found


def _nonlinear(glasses: Sequence[WellVibrationColumns], resampling: Resampling) -> list[Verdict]:
    """Section IV D, seeded by r_AB."""
    pairs = [(g, g.seeds["displacement_ab"]) for g in glasses]
    gains = [s.overlap - g.directions["displacement_ab"].overlap for g, s in pairs]
    modes = mobility_range(glasses)
    mobility_gains = [s.mobility - g.mobility_over(modes) for g, s in pairs]
    over_all = _mean([s.mobility - g.largest_mobility_all for g, s in pairs], -1.0, resampling)
    small = [as_flags(s.overlap < POOR, s.overlap) for _, s in pairs]
    above = Claim(
        section="IV D",
        paper="Cubic modes seeded by r_AB overlap r_AB much more than linear modes do: c",
        quantity="mean of c of the cubic mode less the largest c of a linear mode",
        low=MUCH,
    )
    mobility = Claim(
        section="IV D",
        paper="The same for a",
        quantity="mean of a of the cubic mode less the largest a of a soft linear mode",
        low=MUCH,
    )
    often = Claim(
        section="IV D",
        paper="For a large fraction of double wells the overlap stays small even so",
        quantity=f"fraction of double wells whose cubic mode has c < {POOR:g}",
        low=LARGE_FRACTION,
    )
    remark = f"linear modes 4 to {modes}" if modes else ""
    if over_all is not None:
        remark += f"; over all 3N modes of {over_all.n_entries} of them {over_all.value:.3f}"
    return [
        _verdict(above, "all", _mean(gains, -1.0, resampling)),
        replace(
            _verdict(mobility, "all", _mean(mobility_gains, -1.0, resampling)), remark=remark
        ),
        _verdict(often, "all", fraction(small, resampling)),
    ]  # fmt: skip


def _unknown_end(glasses: Sequence[WellVibrationColumns], resampling: Resampling) -> list[Verdict]:
    """Section IV D, without knowledge of B, and the energy along nonlinear modes."""
    found = []
    for seed, words in (("softest_localized", "softest localized"), ("softest", "softest")):
        columns = [g.seeds[seed] for g in glasses]
        linear = Claim(
            section="IV D",
            paper=f"The {words} linear mode predicts r_AB poorly",
            quantity=f"mean c of the {words} mode with r_AB",
            high=POOR,
        )
        cubic = Claim(
            section="IV D",
            paper=f"The cubic mode seeded by the {words} mode predicts r_AB poorly",
            quantity=f"mean c with r_AB of the cubic mode seeded by the {words} mode",
            high=POOR,
        )
        comparable = Claim(
            section="IV D",
            paper="Both are comparably poor",
            quantity=f"mean of c of the cubic mode less c of its seed, the {words} mode",
            low=-MUCH,
            high=MUCH,
        )
        values: tuple[tuple[Claim, list[Array], float], ...] = (
            (linear, [s.seed_overlap for s in columns], 0.0),
            (cubic, [s.overlap for s in columns], 0.0),
            (comparable, [s.overlap - s.seed_overlap for s in columns], -1.0),
        )
        found += [
            _verdict(claim, "all", _mean(entries, least, resampling))
            for claim, entries, least in values
        ]
    for seed, words in (
        ("softest_localized", "the softest localized mode"),
        ("softest", "the softest mode"),
        ("displacement_ab", "r_AB"),
    ):
        claim = Claim(
            section="IV D",
            paper="Along about 95 % of the nonlinear modes there is no double well",
            quantity=f"fraction without one of the cubic modes seeded by {words}",
            low=RARELY,
        )
        without = [1.0 - g.seeds[seed].is_double_well for g in glasses]
        found.append(_verdict(claim, "all", fraction(without, resampling)))
    return found


def _verdict(claim: Claim, wells: str, estimate: Estimate | None) -> Verdict:
    return Verdict(claim=claim, wells=wells, estimate=estimate, word=judge(claim, estimate))


def _mean(values: Sequence[ArrayLike], least: float, resampling: Resampling) -> Estimate | None:
    """Mean of what lies between `least` and 1, with an interval that stays there."""
    groups = with_entries(values)
    found = mean(groups, resampling) if groups else None
    if found is None:
        return None
    low, high = (
        limit if np.isnan(end) else end for end, limit in ((found.low, least), (found.high, 1.0))
    )  # a single entry has no scatter: it says nothing
    return replace(found, low=max(low, least), high=min(high, 1.0))
