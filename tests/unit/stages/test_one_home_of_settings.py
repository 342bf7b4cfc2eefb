"""Numbers that plans and Python share have one default, one pair of limits and one text."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from glasswells.core.described import field_text
from glasswells.core.errors import InputError
from glasswells.core.limits import (
    Count,
    Fraction,
    NotNegative,
    Positive,
    PositiveCount,
    check_limits,
    limits_of,
)
from glasswells.landscape.close import Close
from glasswells.landscape.detours import DetourLimits
from glasswells.landscape.library import Identity
from glasswells.landscape.linked import Linked
from glasswells.landscape.preparation import PreparationSettings
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.minimization import MinimizerSettings
from glasswells.modes.spectrum import QuasilocalizedLimits
from glasswells.paths.settings import PathSettings
from glasswells.plan.base import Section, setting
from glasswells.plan.explore import ExploreSection
from glasswells.plan.modes import ModesSection
from glasswells.plan.pairs import CloseSection, DetoursSection, PairsSection, ScreenedSection
from glasswells.plan.plan import PathsSection, Plan, PrepareSection
from glasswells.screening.rounds import ScreeningSettings
from glasswells.stages.explore import exploration_settings
from glasswells.stages.rounds import rules

HOMES = [
    (PrepareSection, PreparationSettings, set()),
    # How the rest of a quench goes, when it may end early, and what is kept is not for plans.
    (
        ExploreSection,
        ExplorationSettings,
        {"identity", "recognition", "minimizer", "keep_places"},
    ),
    (ExploreSection, Identity, set()),
    # No limit is 0 in plans, which know no infinity.
    (CloseSection, Close, {"max_participation_number", "name", "follows_detours"}),
    (PairsSection, Linked, {"name", "follows_detours"}),
    (ScreenedSection, ScreeningSettings, {"threshold"}),  # of the unit set
    (DetoursSection, DetourLimits, set()),
    (ModesSection, QuasilocalizedLimits, set()),
]
NEEDED = {ScreeningSettings: {"threshold": 0.001}}
"""What a record has no default for."""
OF_PLANS = {"interval": 100, "time_step": 0.02, "lanes": 0}
"""Other defaults of [explore]: a plan is for equilibrated glasses and for many trajectories, a
function for whatever it is given."""


def sections(section: type[Any] = Plan) -> Iterator[type[Section]]:
    for field in section.model_fields.values():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield kind
            yield from sections(kind)


def shared() -> list[Any]:
    """Table, key, record and field of all that plans and Python share."""
    return [
        pytest.param(section, key, record, name, id=f"{section.__name__}.{key}")
        for section in sections()
        for key, (record, name) in section.settings_in().items()
    ]


@pytest.mark.parametrize(("section", "record", "own"), HOMES)
def test_every_setting_of_a_record_is_in_its_table(
    section: type[Section], record: type[Any], own: set[str]
) -> None:
    names = {name for kind, name in section.settings_in().values() if kind is record}
    assert names == {f.name for f in dataclasses.fields(record)} - own


@pytest.mark.parametrize(("section", "key", "record", "name"), shared())
def test_a_table_has_the_defaults_limits_and_types_of_the_record(
    section: type[Section], key: str, record: type[Any], name: str
) -> None:
    field, needed = section.model_fields[key], NEEDED.get(record, {})
    own = OF_PLANS if section is ExploreSection else {}
    assert field.default == own.get(key, getattr(record(**needed), name))
    assert field.description
    assert field_text(record, name)
    if name not in limits_of(record):
        return
    kind, limits = limits_of(record)[name]
    assert field.annotation is kind
    least = 0 if key == "lanes" else limits.ge
    outside = [x for x, step in ((limits.gt, 0), (least, -1)) if x is not None
               for x in [x + step]]  # fmt: skip
    outside += [] if limits.le is None else [limits.le + 1]
    for value in outside:
        with pytest.raises(InputError, match=name):
            record(**{**needed, name: kind(value)})
        with pytest.raises(ValidationError):
            section.model_validate({key: kind(value)})


class Table(Section):
    """One number of each kind, the last of them in a list."""

    positive: Positive = 1.0
    not_negative: NotNegative = 1.0
    fraction: Fraction = 1.0
    count: Count = 1
    positive_count: PositiveCount = 1
    several: tuple[Positive, ...] = (1.0,)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """The same numbers."""

    positive: Positive = 1.0
    not_negative: NotNegative = 1.0
    fraction: Fraction = 1.0
    count: Count = 1
    positive_count: PositiveCount = 1

    def __post_init__(self) -> None:
        check_limits(self)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("positive", (1e-300, 9.0), (0.0, -1.0, math.inf, math.nan)),
        ("not_negative", (0.0, 9.0), (-1e-300, math.inf, math.nan)),
        ("fraction", (0.0, 0.5, 1.0), (-0.1, 1.1, math.nan)),
        ("count", (0, 7), (-1, 1.5, True)),
        ("positive_count", (1, 7), (0, -1, 1.5, True)),
    ],
)
def test_kinds_of_numbers_mean_the_same_in_tables_and_in_records(
    name: str, inside: tuple[Any, ...], outside: tuple[Any, ...]
) -> None:
    for value in inside:
        assert getattr(Table(**{name: value}), name) == getattr(Record(**{name: value}), name)
    for value in outside:
        with pytest.raises(ValidationError):
            Table(**{name: value})
        with pytest.raises(InputError, match=name):
            Record(**{name: value})


@pytest.mark.parametrize("value", [0.0, math.inf, math.nan])
def test_limits_hold_inside_a_list_of_a_table(value: float) -> None:
    with pytest.raises(ValidationError):
        Table(several=(1.0, value))


def test_what_a_plan_says_reaches_the_record() -> None:
    prepare = PrepareSection(n_particles=100, density=0.9, diameters="random", burn_in=7, sweeps=9)
    assert prepare.record(PreparationSettings) == PreparationSettings(
        n_particles=100, density=0.9, diameters="random", burn_in=7
    )
    explore = ExploreSection(
        exploration_temperature=0.05, interval=50, energy_tolerance=1e-8, max_force=1e-9, lanes=4
    )
    assert exploration_settings(explore) == ExplorationSettings(
        temperature=0.05,
        interval=50,
        time_step=OF_PLANS["time_step"],
        identity=Identity(energy=1e-8),
        minimizer=MinimizerSettings(max_force=1e-9),
        lanes=4,
        keep_places=True,
    )
    limits = {"max_distance": 0.8, "max_participation_number": 6.0, "min_transitions": 2}
    pairs = PairsSection(rules=("close", "linked"), min_transitions=7, close=CloseSection(**limits))
    assert rules(pairs) == [Close(**limits), Linked(min_transitions=7)]
    assert rules(PairsSection(rules=("close",))) == [Close()]
    assert PathsSection(max_force=1e-9).record(PathSettings) == PathSettings(max_force=1e-9)


def test_a_plan_may_be_stricter_and_say_more() -> None:
    class Own(Section):
        density: float = setting(PreparationSettings, "density", le=2.0, description="Other.")

    assert Own.model_fields["density"].description == "Other."
    assert Own().record(PreparationSettings, burn_in=3) == PreparationSettings(burn_in=3)
    for value in (0.0, 3.0):
        with pytest.raises(ValidationError):
            Own(density=value)


def test_settings_are_checked_where_they_are_made() -> None:
    with pytest.raises(InputError, match=r"n_particles is 1, expected an integer of at least 2"):
        PreparationSettings(n_particles=1)
    with pytest.raises(InputError, match=r"diameter_limits is \[2.0, 1.0\], expected the smaller"):
        PreparationSettings(diameter_limits=(2.0, 1.0))
    with pytest.raises(InputError, match=r"swap_probability is 1.5, expected a number in \[0, 1\]"):
        PreparationSettings(swap_probability=1.5)
    with pytest.raises(InputError, match=r"lanes is 17, expected at most 16"):
        ExplorationSettings(lanes=17)
    with pytest.raises(InputError, match=r"window is 0"):
        ScreeningSettings(threshold=0.1, window=0)
