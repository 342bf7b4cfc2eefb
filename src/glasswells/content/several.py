"""Several campaigns as one: what a report of all of them together shows."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from glasswells.content.joined_exploration import joined_exploration
from glasswells.content.record_numbers import joined_numbers
from glasswells.content.records import (
    GlassContent,
    Preparation,
    ReportContent,
    ShownWell,
)
from glasswells.content.vibrations import VibrationContent
from glasswells.core.errors import InputError
from glasswells.observables.summary import Observables, observables_of
from glasswells.statistics import MinimumVibrationColumns, WellSummary, WellVibrationColumns
from glasswells.tunneling.units import UnitSystem

MOST_SHOWN = 4
"""Double wells that are shown with their profiles."""
LONGEST = 160
"""Characters of a calculator's parameters in a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A glass of one of the campaigns."""

    campaign: str
    temperature: float
    glass: GlassContent


def together(contents: Sequence[ReportContent]) -> ReportContent:
    """All campaigns in one content; a glass that several of them explored is one glass.

    Glasses are the same if their particles and box are, to the last bit, whatever their names.
    What different trajectories gave in it stands together then, double wells, path searches and
    inherent structures, of which one that several met counts once (`joined_exploration`). One
    campaign alone comes back as it is.

    Raises
    ------
    InputError
        If the campaigns cannot stand on one page: a trajectory in common, or one glass with rounds
        of screening in several, either of which would count work twice; other units, other unit
        sets under one name, another first unit set, other kinds of preparation, other potential
        energies, or vibrations at another distance.
    """
    if len(contents) == 1:
        return contents[0]
    names = _names(contents)
    units = _units(contents, names)
    _check_words(contents, names)
    _check_energies(contents, names)
    glasses = _joined_glasses(contents, names)
    by_temperature: dict[float, list[GlassContent]] = {}
    for temperature, glass in glasses:
        by_temperature.setdefault(temperature, []).append(glass)
    preparations = tuple(
        Preparation(temperature=temperature, glasses=tuple(by_temperature[temperature]))
        for temperature in sorted(by_temperature)
    )
    search_counts: Counter[str] = Counter()
    for content in contents:
        search_counts.update(content.search_counts)
    return ReportContent(
        name=" + ".join(names),
        preparations=preparations,
        units=units,
        plan="\n".join(f"# {n}\n{c.plan}" for n, c in zip(names, contents, strict=True) if c.plan),
        provenance=tuple(
            {"campaign": n, **run}
            for n, c in zip(names, contents, strict=True)
            for run in c.provenance
        ),
        costs=tuple(
            replace(cost, stage=f"{n}: {cost.stage}")
            for n, c in zip(names, contents, strict=True)
            for cost in c.costs
        ),
        shown=_shown(contents, names, units),
        failures=tuple(
            replace(failure, glass=f"{n}: {failure.glass}")
            for n, c in zip(names, contents, strict=True)
            for failure in c.failures
        ),
        vibrations=_vibrations(contents, names),
        search_counts=dict(search_counts),
        observables=tuple(_observables(contents, preparations, units)),
        tasks_left=sum(c.tasks_left for c in contents),
        is_material=contents[0].is_material,
        model=contents[0].model,
        calculator=contents[0].calculator,
        tables=contents[0].tables,
        parts=tuple(replace(c, name=n) for n, c in zip(names, contents, strict=True)),
    )


def _names(contents: Sequence[ReportContent]) -> list[str]:
    """Names of the campaigns, with a number where two have the same."""
    total = Counter(c.name for c in contents)
    met: Counter[str] = Counter()
    names = []
    for content in contents:
        met[content.name] += 1
        number = f" ({met[content.name]})" if total[content.name] > 1 else ""
        names.append(content.name + number)
    return names


def _units(contents: Sequence[ReportContent], names: Sequence[str]) -> tuple[UnitSystem, ...]:
    known: dict[str, tuple[UnitSystem, str]] = {}
    for content, name in zip(contents, names, strict=True):
        for units in content.units:
            other, where = known.setdefault(units.name, (units, name))
            if other != units:
                raise InputError(
                    f"the unit set {units.name!r} of {name} differs from that of {where}, expected "
                    f"the same: report these campaigns apart"
                )
        if content.units[:1] != contents[0].units[:1]:
            first = [c.units[0].name if c.units else "none" for c in (contents[0], content)]
            raise InputError(
                f"the first unit set of {names[0]} is {first[0]}, that of {name} {first[1]}, "
                f"expected the same, which chooses what is shown: report these campaigns apart"
            )
    return tuple(units for units, _ in known.values())


def _check_words(contents: Sequence[ReportContent], names: Sequence[str]) -> None:
    """One page has one unit of energy, and temperatures or rates."""
    first = contents[0]
    for content, name in zip(contents, names, strict=True):
        if content.is_material != first.is_material:
            raise InputError(
                f"{names[0]} and {name} have other units of energy and length, expected the same: "
                f"report these campaigns apart"
            )
        if content.is_quenched != first.is_quenched:
            raise InputError(
                f"the glasses of one of {names[0]} and {name} are by melt and quench, those of the "
                f"other have a preparation temperature: report these campaigns apart"
            )


def _check_energies(contents: Sequence[ReportContent], names: Sequence[str]) -> None:
    """Numbers of different potential energies are not of one population."""
    first = contents[0]
    for content, name in zip(contents, names, strict=True):
        if (content.model, content.calculator) != (first.model, first.calculator):
            raise InputError(
                f"the model of {names[0]} is {_energy(first)}, that of {name} {_energy(content)}, "
                f"expected the same: report these campaigns apart"
            )


def _energy(content: ReportContent) -> str:
    """The potential energy in a few words, which differ where energies do."""
    if content.model is not None or not content.calculator:
        return "unknown" if content.model is None else repr(content.model)
    text = content.calculator
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    beginning = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return f"{beginning} (digest {digest})"


def _joined_glasses(
    contents: Sequence[ReportContent], names: Sequence[str]
) -> list[tuple[float, GlassContent]]:
    """Temperature and content of each distinct glass, in the order in which they are met."""
    groups: dict[Any, list[_Found]] = {}
    for place, (content, campaign) in enumerate(zip(contents, names, strict=True)):
        for p in content.preparations:
            for number, glass in enumerate(p.glasses):
                key = (p.temperature, glass.digest or (place, number))
                found = _Found(campaign=campaign, temperature=p.temperature, glass=glass)
                groups.setdefault(key, []).append(found)
    taken = Counter(group[0].glass.name for group in groups.values())
    joined = []
    for group in groups.values():
        _check_work(group)
        first = group[0]
        is_unique = taken[first.glass.name] == 1
        name = first.glass.name if is_unique else f"{first.campaign}/{first.glass.name}"
        joined.append((first.temperature, _joined_glass(name, [f.glass for f in group])))
    return joined


def _check_work(group: Sequence[_Found]) -> None:
    """No work on a glass counts twice: pairs, searches and double wells come of trajectories."""
    for one, other in combinations(group, 2):
        shared = len(one.glass.trajectories & other.glass.trajectories)
        where = f"{one.campaign} and {other.campaign}"
        if shared:
            raise InputError(
                f"{where} share {shared} of the trajectories that explore the glass "
                f"{one.glass.name}, expected none, since what came of these would count twice: "
                f"report the newer campaign alone, or one with all that is wanted, which "
                f"`glasswells run PLAN --dir NEW --reuse OLD` begins with what is done"
            )
        if one.glass.screening and other.glass.screening:
            raise InputError(
                f"{where} screen pairs of the glass {one.glass.name}, each in rounds of its own, "
                f"expected one of them: report these campaigns apart"
            )


def _joined_glass(name: str, parts: Sequence[GlassContent]) -> GlassContent:
    """One glass from what each campaign knows of it."""
    wells: list[WellSummary] = []
    keys: dict[int, str] = {}
    rules: dict[int, frozenset[str]] = {}
    columns: list[WellVibrationColumns] = []
    for part in parts:
        numbers: dict[int, int] = {}
        for well in part.wells:
            number = numbers[well.number] = len(wells)
            wells.append(replace(well, glass=name, number=number))
            if well.number in part.keys:
                keys[number] = part.keys[well.number]
            if well.number in part.rules_by_well:
                rules[number] = part.rules_by_well[well.number]
        if part.vibrations is not None:
            columns.append(part.vibrations.renumbered(numbers))
    explored = [p.exploration for p in parts if p.exploration is not None]
    minima = [p.minima for p in parts if p.minima]
    first = next((p for p in parts if p.equilibration is not None), parts[0])
    return replace(
        first,
        name=name,
        trajectories=frozenset().union(*(p.trajectories for p in parts)),
        exploration=joined_exploration(explored, parts[0].n_particles) if explored else None,
        n_pairs=sum(p.n_pairs for p in parts),
        pairs_by_rule=_sums([p.pairs_by_rule for p in parts]),
        searches_by_rule=_sums([p.searches_by_rule for p in parts]),
        detours_by_rule=_sums([p.detours_by_rule for p in parts]),
        rules_by_well=rules,
        screening=tuple(round_ for p in parts for round_ in p.screening),
        wells=tuple(wells),
        keys=keys,
        minima=MinimumVibrationColumns.joined(minima) if minima else None,
        vibrations=WellVibrationColumns.joined(columns, wells) if columns else None,
        numbers=joined_numbers([p.numbers for p in parts]),
    )


def _shown(
    contents: Sequence[ReportContent], names: Sequence[str], units: Sequence[UnitSystem]
) -> tuple[ShownWell, ...]:
    """The smallest splitting of all first, then others that the campaigns show, each once."""
    shown: list[ShownWell] = []
    for content, name in zip(contents, names, strict=True):
        for each in content.shown:
            is_known = any(
                s.well.barrier == each.well.barrier and s.well.asymmetry == each.well.asymmetry
                for s in shown
            )
            if not is_known:
                shown.append(
                    replace(each, title=f"{each.title}, {name}", glass=f"{name}/{each.glass}")
                )
    return tuple(sorted(shown, key=lambda s: _rank(s, units))[:MOST_SHOWN])


def _rank(shown: ShownWell, units: Sequence[UnitSystem]) -> float:
    found = shown.splittings.get(units[0].name) if units else None
    return found.splitting if found is not None and found.is_of_two_wells else np.inf


def _vibrations(contents: Sequence[ReportContent], names: Sequence[str]) -> VibrationContent | None:
    known = [(n, c.vibrations) for n, c in zip(names, contents, strict=True) if c.vibrations]
    if not known:
        return None
    first_name, first = known[0]
    for name, other in known[1:]:
        for what, one, another in (
            ("rho", first.rho, other.rho),
            ("participation_limit", first.limits.participation, other.limits.participation),
            ("frequency_limit", first.limits.frequency, other.limits.frequency),
        ):
            if one != another:
                raise InputError(
                    f"{what} of the modes is {one:g} in {first_name} and {another:g} in {name}, "
                    f"expected the same: report these campaigns apart"
                )
    spectra = [v.spectrum for _, v in known if v.spectrum is not None]
    return replace(
        first,
        spectrum=spectra[0] if spectra else None,
        fields=tuple(s for _, v in known for s in v.fields)[:2],
        tangents=tuple(s for _, v in known for s in v.tangents)[:2],
    )


def _observables(
    contents: Sequence[ReportContent],
    preparations: Sequence[Preparation],
    units: Sequence[UnitSystem],
) -> Iterator[Observables]:
    """Of all double wells of a temperature, in the medium that is known from most glasses."""
    for p in preparations:
        known = [
            o for content in contents for o in content.observables if o.preparation == p.temperature
        ]
        if not known:
            continue
        medium = max(known, key=lambda o: o.n_glasses).medium
        for each in units:
            yield observables_of(
                p.wells,
                [g.volume for g in p.explored],
                medium,
                each,
                preparation_temperature=math.nan if p.is_quenched else p.temperature,
                cooling_rate=p.temperature if p.is_quenched else math.nan,
            )


def _sums(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)
