"""What statistics need of the vibrations of double wells: numbers, as columns over a glass."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.records import Array, freeze
from glasswells.statistics.duplicates import duplicates
from glasswells.statistics.well_summary import WellSummary
from glasswells.vibrations.records import (
    DIRECTIONS,
    SEEDS,
    DirectionOverlap,
    SeededMode,
    TangentStudy,
    WellVibrations,
)

TEXTS = ("outcomes", "methods")
"""Columns of words, not of numbers."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DirectionColumns:
    """Of one direction of `DIRECTIONS`: the normal mode that it overlaps most, by double well.

    All are (n,), NaN where nothing is known.
    """

    overlap: Array
    """Largest c known; a lower bound of the largest c where not certified."""
    ceiling: Array
    """Upper bound of the largest c over all modes: `overlap` where certified."""
    certified: Array
    """1 or 0."""
    mode: Array
    """Number of the mode; NaN where unknown."""
    frequency: Array
    participation_ratio: Array
    mobility: Array

    def __post_init__(self) -> None:
        freeze(self, **{f.name: _column(getattr(self, f.name)) for f in fields(self)})


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SeedColumns:
    """Of one seed of `SEEDS`: itself and the cubic mode that it leads to, by double well.

    All are (n,): NaN where A has no such seed, those of the cubic mode also where none was found.
    """

    seed_overlap: Array
    """c of the seed with r_AB."""
    seed_mobility: Array
    overlap: Array
    """c of the cubic mode with r_AB."""
    mobility: Array
    barrier: Array
    overlap_with_start: Array
    is_double_well: Array
    """1 or 0: whether the energy along the cubic mode has a second minimum."""
    outcomes: tuple[str, ...]
    """How each search ended; empty where there was none."""
    methods: tuple[str, ...]
    """By which method each mode was found; empty where none was."""

    def __post_init__(self) -> None:
        names = [f.name for f in fields(self) if f.name not in TEXTS]
        freeze(self, **{name: _column(getattr(self, name)) for name in names})

    @property
    def present(self) -> Any:
        """(n,) of bool: double wells whose A has this seed."""
        return np.isfinite(self.seed_overlap)

    @property
    def found(self) -> Any:
        """(n,) of bool: those where it leads to a cubic mode."""
        return np.isfinite(self.overlap)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TangentColumns:
    """Of one double well: the largest c of the direction of its path, by distance from A."""

    well: int
    """Its number in the glass."""
    distances: Array
    """(R,), rho on the exact path, ascending."""
    overlaps: Array
    """(R,), largest c over the modes studied, translations left out."""
    modes: Array
    """(R,), numbers of those modes."""
    images: Array
    """(B,), N_b of bands."""
    image_distances: Array
    """(B,), |r_12|."""
    image_overlaps: Array
    """(B,), largest c of r_12."""

    def __post_init__(self) -> None:
        names = [f.name for f in fields(self) if f.name != "well"]
        freeze(self, **{name: _column(getattr(self, name)) for name in names})


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WellVibrationColumns:
    """The double wells of a glass whose vibrations are known, as columns of n numbers."""

    wells: Array
    """(n,), their numbers in the glass."""
    splittings: Mapping[str, Array]
    """By unit set, E (n,); NaN where it is unresolved or was not solved."""
    asymmetries: Mapping[str, Array]
    """By unit set, Delta (n,); NaN where E is."""
    single_wells: Mapping[str, Array]
    """By unit set (n,), 1 where E is that of a single well in disguise, else 0."""
    frequency: Array
    """(n,), sqrt of the curvature of the path in A, at rho."""
    participation_number: Array
    """(n,), PR_DW."""
    directions: Mapping[str, DirectionColumns]
    """By the names of `DIRECTIONS`."""
    seeds: Mapping[str, SeedColumns]
    """By the names of `SEEDS`."""
    largest_mobility: Array
    """(n,), largest a of r_AB with the softest modes."""
    mobility_modes: Array
    """(n,), how many those were; 0 if none."""
    largest_mobility_all: Array
    """(n,), largest a of r_AB with all modes; NaN without the full spectrum."""
    repeats: Array
    """(n,), which of `wells` each one repeats, its own number if none: the same core, met between
    another pair of inherent structures (`duplicates`)."""
    tangents: tuple[TangentColumns, ...] = ()
    """Only of the double wells that were studied so."""

    def __post_init__(self) -> None:
        mappings = ("splittings", "asymmetries", "single_wells", "directions", "seeds")
        names = [f.name for f in fields(self) if f.name not in (*mappings, "tangents")]
        freeze(self, **{name: _column(getattr(self, name)) for name in names})
        freeze(self, **{name: dict(getattr(self, name)) for name in mappings})

    def __len__(self) -> int:
        return len(self.wells)

    def where(self, keep: NDArray[np.bool_]) -> WellVibrationColumns:
        """Some of the double wells, chosen by `keep` (n,), and their studies of tangents."""
        own = replace(self, tangents=())
        found: WellVibrationColumns = _chosen(own, keep)
        kept = set(found.wells)
        return replace(found, tangents=tuple(t for t in self.tangents if t.well in kept))

    def renumbered(self, numbers: Mapping[int, int]) -> WellVibrationColumns:
        """The same with other numbers of the double wells, by the old ones."""
        tangents = tuple(replace(t, well=numbers[t.well]) for t in self.tangents)
        wells, repeats = (
            np.array([numbers[int(k)] for k in column], dtype=np.float64)
            for column in (self.wells, self.repeats)
        )
        return replace(self, wells=wells, repeats=repeats, tangents=tangents)

    @classmethod
    def joined(
        cls, parts: Sequence[WellVibrationColumns], wells: Sequence[WellSummary]
    ) -> WellVibrationColumns:
        """All parts' double wells of one glass, each of a number once, and `wells` by number."""
        every = parts[0] if len(parts) == 1 else _concatenated(parts)
        first = np.zeros(len(every), dtype=np.bool_)
        first[np.unique(every.wells, return_index=True)[1]] = True
        kept = every.where(first)
        own = [wells[int(number)] for number in kept.wells]
        repeats = np.array([own[k].number for k in duplicates(own)], dtype=np.float64)
        studied = {t.well: t for t in reversed(kept.tangents)}
        return replace(kept, repeats=repeats, tangents=tuple(studied[k] for k in sorted(studied)))

    def distinct(self) -> WellVibrationColumns:
        """The first double well of each core, and the first study of tangents of each.

        Copies of a core share its barrier and its fields, not its asymmetry to the last digit: a
        choice by splitting comes first, `where(...).distinct()`.
        """
        first = np.zeros(len(self), dtype=np.bool_)
        first[np.unique(self.repeats, return_index=True)[1]] = True
        repeats = dict(zip(self.wells, self.repeats, strict=True))
        studied = {repeats[t.well]: t for t in reversed(self.tangents)}
        own = replace(self, tangents=())
        return replace(
            own.where(first),
            tangents=tuple(t for t in self.tangents if studied[repeats[t.well]] is t),
        )

    def tunneling(self, units: str) -> NDArray[np.bool_]:
        """(n,) of bool: those whose E is resolved and no single well's in disguise.

        Of the others E is about hbar omega of one well, so that the two rise together.
        """
        nothing = np.full(len(self), np.nan)
        chosen: NDArray[np.bool_] = np.isfinite(self.splittings.get(units, nothing)) & (
            self.single_wells.get(units, nothing) == 0
        )
        return chosen

    def mobility_over(self, modes: int) -> Array:
        """(n,), largest a of r_AB with so many soft modes; NaN where other numbers were taken."""
        found: Array = np.where(self.mobility_modes == modes, self.largest_mobility, np.nan)
        return found


def mobility_range(glasses: Iterable[WellVibrationColumns]) -> int:
    """Over how many of the softest modes the largest a is known in most cases; 0 if in none."""
    counts = Counter(n for g in glasses for n in g.mobility_modes[g.mobility_modes > 0])
    return int(max(counts, key=lambda n: (counts[n], -n), default=0))


def collect_well_vibrations(
    wells: Iterable[tuple[WellSummary, WellVibrations]],
) -> WellVibrationColumns:
    """Columns of the vibrations of a glass's double wells; read one by one, fields are dropped."""
    numbers: defaultdict[str, list[float]] = defaultdict(list)
    splittings: defaultdict[str, dict[int, float]] = defaultdict(dict)
    asymmetries: defaultdict[str, dict[int, float]] = defaultdict(dict)
    single_wells: defaultdict[str, dict[int, float]] = defaultdict(dict)
    directions = {name: _rows(DirectionColumns) for name in DIRECTIONS}
    seeds = {name: _rows(SeedColumns) for name in SEEDS}
    outcomes: dict[str, list[str]] = {name: [] for name in SEEDS}
    methods: dict[str, list[str]] = {name: [] for name in SEEDS}
    tangents, summaries = [], []
    n = 0
    for n, (well, found) in enumerate(wells, start=1):
        numbers["wells"].append(well.number)
        numbers["frequency"].append(well.frequency_a)
        numbers["participation_number"].append(well.participation_number)
        numbers["largest_mobility"].append(found.largest_mobility)
        numbers["mobility_modes"].append(found.mobility_modes)
        numbers["largest_mobility_all"].append(found.largest_mobility_all)
        summaries.append(well)
        for units, solved in well.splittings.items():
            if "unresolved" not in solved.flags:
                splittings[units][n - 1] = solved.splitting
                asymmetries[units][n - 1] = solved.asymmetry
                single_wells[units][n - 1] = float("single_well" in solved.flags)
        by_name = {d.direction: d for d in found.directions}
        for name, rows in directions.items():
            _append(rows, direction_numbers(by_name.get(name)))
        for name, rows in seeds.items():
            seeded = found.seeded(name)
            _append(rows, seed_numbers(seeded))
            was_found = seeded is not None and seeded.outcome.converged
            outcomes[name].append("" if seeded is None else seeded.outcome.name.lower())
            methods[name].append(seeded.method if seeded is not None and was_found else "")
        if found.tangents is not None:
            tangents.append(summarize_tangents(found.tangents, well.number))
    return WellVibrationColumns(
        wells=_column(numbers["wells"]),
        frequency=_column(numbers["frequency"]),
        participation_number=_column(numbers["participation_number"]),
        largest_mobility=_column(numbers["largest_mobility"]),
        mobility_modes=_column(numbers["mobility_modes"]),
        largest_mobility_all=_column(numbers["largest_mobility_all"]),
        repeats=_column([summaries[k].number for k in duplicates(summaries)]),
        splittings={units: _sparse(values, n) for units, values in splittings.items()},
        asymmetries={units: _sparse(values, n) for units, values in asymmetries.items()},
        single_wells={
            units: np.nan_to_num(_sparse(values, n)) for units, values in single_wells.items()
        },
        directions={
            name: DirectionColumns(**{k: _column(v) for k, v in rows.items()})
            for name, rows in directions.items()
        },
        seeds={
            name: SeedColumns(
                **{k: _column(v) for k, v in rows.items()},
                outcomes=tuple(outcomes[name]),
                methods=tuple(methods[name]),
            )
            for name, rows in seeds.items()
        },
        tangents=tuple(tangents),
    )


def summarize_tangents(study: TangentStudy, well: int) -> TangentColumns:
    """The largest c of a double well's directions over the modes studied."""
    order = np.argsort(study.distances, kind="stable")
    overlaps, image_overlaps = study.overlaps[order, 3:], study.image_overlaps[:, 3:]
    return TangentColumns(
        well=well,
        distances=study.distances[order],
        overlaps=overlaps.max(axis=1, initial=0.0),
        modes=overlaps.argmax(axis=1) + 4.0 if overlaps.size else np.empty(0),
        images=np.array(study.images, dtype=np.float64),
        image_distances=study.image_distances,
        image_overlaps=image_overlaps.max(axis=1, initial=0.0),
    )


def direction_numbers(found: DirectionOverlap | None) -> dict[str, float]:
    """What `DirectionColumns` hold of one; empty if there is none."""
    if found is None:
        return {}
    known = found.mode > 0
    return {
        "overlap": found.overlap,
        "ceiling": found.overlap if found.certified else max(found.overlap, found.bound),
        "certified": float(found.certified),
        "mode": found.mode if known else np.nan,
        "frequency": found.frequency if known else np.nan,
        "participation_ratio": found.participation_ratio if known else np.nan,
        "mobility": found.mobility if known else np.nan,
    }


def seed_numbers(found: SeededMode | None) -> dict[str, float]:
    """What `SeedColumns` hold of one, as far as it is known; empty if there is none."""
    if found is None:
        return {}
    row = {"seed_overlap": found.seed_overlap, "seed_mobility": found.seed_mobility}
    if found.outcome.converged:
        row |= {
            "overlap": found.overlap,
            "mobility": found.mobility,
            "barrier": found.barrier,
            "overlap_with_start": found.overlap_with_start,
            "is_double_well": np.nan if found.profile is None else float(found.is_double_well),
        }
    return row


def _rows(record: type[Any]) -> dict[str, list[float]]:
    return {f.name: [] for f in fields(record) if f.name not in TEXTS}


def _concatenated(parts: Sequence[Any]) -> Any:
    """Columns one after the other; of a mapping that a part lacks, NaN."""
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if isinstance(first, tuple):
        return tuple(itertools.chain.from_iterable(parts))
    return replace(
        first,
        **{
            f.name: _concatenated_mapping([getattr(p, f.name) for p in parts], parts)
            if isinstance(getattr(first, f.name), Mapping)
            else _concatenated([getattr(p, f.name) for p in parts])
            for f in fields(first)
        },
    )


def _concatenated_mapping(mappings: Sequence[Mapping[str, Any]], parts: Sequence[Any]) -> Any:
    names = dict.fromkeys(name for mapping in mappings for name in mapping)
    return {
        name: _concatenated(
            [m.get(name, np.full(len(p), np.nan)) for m, p in zip(mappings, parts, strict=True)]
        )
        for name in names
    }


def _chosen(value: Any, keep: NDArray[np.bool_]) -> Any:
    """Some rows of a column, of columns by name, or of a record of columns."""
    if isinstance(value, np.ndarray):
        return value[keep]
    if isinstance(value, tuple):
        return tuple(itertools.compress(value, keep))
    if isinstance(value, Mapping):
        return {name: _chosen(column, keep) for name, column in value.items()}
    return replace(value, **{f.name: _chosen(getattr(value, f.name), keep) for f in fields(value)})


def _append(rows: dict[str, list[float]], row: Mapping[str, float]) -> None:
    for name, values in rows.items():
        values.append(row.get(name, np.nan))


def _sparse(values: Mapping[int, float], n: int) -> Array:
    column = np.full(n, np.nan)
    column[list(values)] = list(values.values())
    return column


def _column(values: Any) -> Array:
    return np.array(values, dtype=np.float64)
