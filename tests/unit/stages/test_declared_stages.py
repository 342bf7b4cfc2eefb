"""What follows from the declarations of stages: types, kinds, tasks, citations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from pydantic import Field

from glasswells.campaign.campaigns import start_campaign
from glasswells.cli.work import _note_cutoff
from glasswells.core.errors import InputError
from glasswells.estimation.estimate import left_out
from glasswells.plan.base import PositiveCount, Section
from glasswells.plan.file import parse_plan, plan_template, plan_with
from glasswells.plan.plan import PathsSection, Plan
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.table import PLAN
from glasswells.stages.well_places import WellPlace, double_well_keys, well_chains
from glasswells.store.codec import Codec, RecordType
from glasswells.store.errors import CodecError
from glasswells.store.pipeline import Pipeline, Stage, as_it_is, as_typed
from glasswells.store.record_types import codec_of, types_within
from glasswells.store.tasks import SELF, FollowUp, Ref, Task, TaskInput, TaskOutput

SAVED_FIRST = """
Asked Candidates ChosenPair Configuration ContinuedSplitting CubicMode Detour DirectionOverlap
DoubleWell DynamicsCheckpoint EnergyProfile EquilibrationReport Exploration ExplorationState
FieldProfile Findings FollowedPair GlassRound Importance InherentStructure KeptTrees Link
Measured MeltQuench MeltQuenchReport MinimumVibrations Pair PairSearch PathFailure Preparation
PreparedGlass ProfiledMode Screening ScreeningRound SearchResult Searched SeededMode
SwapCheckpoint SwapState TangentStudy TrajectoryGroup Transition TunnelSplitting WellSplitting
WellSummary WellVibrations
"""
"""Names in the stores of campaigns that were begun when these stood in a list by hand."""


class Color(Enum):
    RED = 1


class Place(NamedTuple):
    row: int
    colors: tuple[Color, ...]


@dataclass(frozen=True, kw_only=True)
class Inner:
    place: Place | None


@dataclass(frozen=True, kw_only=True)
class Outer:
    by_name: dict[str, Inner]
    again: list[Outer]


@dataclass
class Loose:
    value: int


def test_what_a_record_holds_is_saved_with_it() -> None:
    assert types_within([Outer]) == [Outer, Inner, Place, Color]
    assert types_within([int, tuple[float, ...], None]) == []  # type: ignore[list-item]
    codec = codec_of([Outer])
    value = Outer(by_name={"a": Inner(place=Place(3, (Color.RED,)))}, again=[])
    encoded = codec.encode(value)
    assert codec.decode(encoded.body, {}.__getitem__) == value
    by_hand = Codec((Outer, Inner, Place, Color))
    assert by_hand.encode(value) == encoded
    older = codec_of([Outer], [RecordType(cls=Inner, name="Inside", version=2)])
    assert '"record":"Inside","version":2' in older.encode(value).body
    with pytest.raises(CodecError, match="Loose is no frozen dataclass"):
        codec_of([Loose])


def test_all_that_campaigns_ever_saved_is_read() -> None:
    assert set(SAVED_FIRST.split()) <= set(PIPELINE.codec.record_names)
    outcome = PIPELINE.codec.decode('{"enum":"Outcome","member":"COMPLETED"}', {}.__getitem__)
    assert outcome.name == "COMPLETED"


def test_what_a_stage_takes_is_given_by_another() -> None:
    names = [stage.name for stage in PIPELINE.stages]
    assert len(set(names)) == len(names)
    for stage in PIPELINE.stages:
        assert set(stage.takes) <= set(PIPELINE.products), stage.name
        assert stage.about_wells <= set(stage.gives), stage.name
        assert stage.asked_by is None or stage.asked_by in stage.takes, stage.name
        assert (stage.asked_by is None) == (stage.parameters is None), stage.name
        assert stage.gives, stage.name


def test_stages_that_give_one_kind_give_one_type() -> None:
    for stage in PIPELINE.stages:
        assert {kind: PIPELINE.products[kind] for kind in stage.gives} == dict(stage.gives)


def no_run(task: TaskInput) -> TaskOutput:
    return TaskOutput()


def own_follow(plan: Any, task: Task, output: TaskOutput) -> list[FollowUp]:
    return [FollowUp(stage="last", glass=task.glass, number=9)]


MAKE = Stage(name="make", title="Make", run=no_run, gives={"inner": Inner}, cites=("B",))
TAKE = Stage(
    name="take",
    title="Take",
    run=no_run,
    takes=("inner",),
    asked_by="inner",
    parameters=lambda plan: None if plan["off"] else {"width": plan["width"]},
    cites=("A", "B"),
)
LAST = Stage(name="last", title="Last", run=no_run, cites=("C",))
OWN = Pipeline(
    name="own",
    stages=(MAKE, TAKE, LAST),
    codec=codec_of([Inner]),
    read_plan=dict,
    roots=lambda plan: [],
    identity=lambda plan: ("own", 1),
    cites=("0",),
)


def test_products_ask_for_the_stages_that_take_them() -> None:
    plan = {"off": False, "width": 3}
    task = Task(stage="make", glass="g", number=5, seed=1)
    found = TaskOutput(products=(("inner", Inner(place=None)), ("inner", Inner(place=None))))
    asked = FollowUp(
        stage="take",
        glass="g",
        number=5,
        inputs=(Ref(chain=SELF, kind="inner"),),
        parameters={"width": 3},
    )
    assert OWN.follow(plan, task, found) == [asked]
    assert OWN.follow({**plan, "off": True}, task, found) == []
    assert OWN.follow(plan, task, TaskOutput()) == []
    assert (OWN.may_ask("make"), OWN.may_ask("take"), OWN.may_ask("last")) == (True, False, False)
    both = replace(OWN, stages=(replace(MAKE, follow=own_follow), TAKE, LAST))
    assert both.follow(plan, task, found) == [*own_follow(plan, task, found), asked]
    assert both.follow(plan, task, TaskOutput()) == own_follow(plan, task, found)


def test_papers_are_those_of_the_stages_that_ran_each_once() -> None:
    assert OWN.citations(["take", "make", "make"]) == ["0", "B", "A"]
    assert OWN.citations([]) == ["0"]
    all_of_them = PIPELINE.citations(stage.name for stage in PIPELINE.stages)
    assert len(all_of_them) == len(set(all_of_them)) == 14
    assert "Khomenko" in all_of_them[0]


class WidthSection(Section):
    """How wide things are."""

    width: PositiveCount = Field(default=3, description="In particles.")


def test_the_table_of_a_stage_is_a_table_of_plans() -> None:
    own = plan_with({"width": WidthSection, "paths": PathsSection})
    plan = parse_plan("[width]\nwidth = 5\n", "it", own)
    assert plan.table(WidthSection) == WidthSection(width=5)
    assert plan.table(PathsSection) is plan.paths
    assert parse_plan("", "it", own).table(WidthSection) == WidthSection()
    with pytest.raises(InputError, match=r"width\.width: is 0, expected greater"):
        parse_plan("[width]\nwidth = 0\n", "it", own)
    with pytest.raises(InputError, match=r"unknown key 'depth': did you mean 'width'"):
        parse_plan("[width]\ndepth = 1\n", "it", own)
    text = plan_template(plan=own)
    assert "# How wide things are.\n[width]\n# In particles.\nwidth = 3\n" in text
    assert parse_plan(text, "it", own) == own()
    with pytest.raises(ValueError, match="another table paths"):
        plan_with({"paths": WidthSection})
    with pytest.raises(LookupError, match="WidthSection"):
        Plan().table(WidthSection)
    assert plan_with({"paths": PathsSection}) is Plan


def test_every_table_of_a_plan_belongs_to_a_stage() -> None:
    """But for what the whole campaign has in common."""
    tables = {
        name: field.annotation
        for name, field in PLAN.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }
    declared = {name: table for s in PIPELINE.stages for name, table in s.settings.items()}
    assert {name: tables[name] for name in declared} == declared
    assert set(tables) - set(declared) == {"campaign", "model"}


def test_an_estimate_says_which_stages_it_leaves_out() -> None:
    off = replace(TAKE, name="off", title="Off", parameters=lambda plan: None)
    take = replace(TAKE, parameters=lambda plan: {})
    assert left_out(Plan(), (*PIPELINE.stages, off)) == left_out(Plan()) == []
    (note,) = left_out(Plan(), (take, off))
    assert note == "nothing is known of the work on Take, which is left out"


class OfTwoStages:
    """A store whose tasks of two stages took double wells of two searches."""

    def tasks(self, *, stage: str) -> list[SimpleNamespace]:
        found = {
            "splittings": [("s0", "p0"), ("s1", "p1")],
            "couplings": [("c0", "p1")],
            "overlaps": [("o0", "p1")],
        }[stage]
        return [
            SimpleNamespace(
                task=SimpleNamespace(chain=chain, inputs=(Ref(chain=path, kind="double_well"),))
            )
            for chain, path in found
        ]


def test_products_about_double_wells_have_their_keys() -> None:
    store: Any = OfTwoStages()
    assert well_chains(store, "splitting") == {"s0": "p0", "s1": "p1"}
    assert well_chains(store, "well_vibrations") == {"o0": "p1"}
    assert well_chains(store, "structure") == {}
    key_of = double_well_keys(store)

    def key(kind: str, chain: str, item: int, **record: int) -> str | None:
        stored: Any = SimpleNamespace(kind=kind, chain=chain, record=SimpleNamespace(**record))
        return key_of(stored, item)

    assert key("double_well", "p1", 1) == WellPlace(chain="p1", item=1).key == "p1-1"
    assert key("splitting", "s0", 5, double_well=1) == "p0-1"  # several unit sets, one double well
    assert key("well_summary", "s1", 2) == "p1-2"
    assert key("well_couplings", "c0", 1, double_well=1) == "p1-1"
    assert key("well_vibrations", "o0", 0, double_well=3) == "p1-3"
    assert key("structure", "l", 0) is None


def test_what_a_run_says_of_its_pair_law_knows_the_tables_of_all_stages(tmp_path: Path) -> None:
    plan = plan_with({"width": WidthSection})
    own = replace(
        PIPELINE,
        read_plan=lambda text: parse_plan(text, "it", plan),
        read_kept_plan=None,
        spell_out=as_typed,
        complete_plan=as_it_is,
    )
    file = tmp_path / "plan.toml"
    file.write_text("[width]\nwidth = 5\n", encoding="utf-8")
    _note_cutoff(start_campaign(file, tmp_path / "campaign", own), own)
