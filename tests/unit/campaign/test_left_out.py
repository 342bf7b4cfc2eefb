"""What plans leave out is kept with a campaign: later defaults are for later campaigns."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from glasswells.campaign.campaigns import open_campaign, start_campaign
from glasswells.campaign.given_plan import own_defaults
from glasswells.campaign.salvage import salvage_campaign
from glasswells.content.campaign import campaign_content
from glasswells.core.errors import InputError
from glasswells.model.lane_vectors import LANES
from glasswells.plan import lanes
from glasswells.plan.file import plan_template
from glasswells.plan.lanes import lanes_of
from glasswells.plan.left_out import FORMER, KEY
from glasswells.plan.melt_quench import FEMTOSECOND
from glasswells.stages.pipeline import PIPELINE, roots
from glasswells.stages.table import (
    read_kept_plan,
    read_plan,
    read_stored_plan,
    spell_out,
    spell_out_stored,
)
from glasswells.store.schema import PLAN_NAME, create_store

ROOT = Path(__file__).parents[3]
SILICON = """
[model]
kind = "stillinger-weber"
[glasses]
source = "melt_quench"
[splittings]
units = ["metal"]
[explore]
femtoseconds = 2.0
"""
OWN_UNITS = """
[splittings]
units = ["krypton"]
[units.krypton]
length = 3.65
energy = 164.0
mass = 83.798
tls_threshold = 0.0011
"""
PLANS = {
    **{path.stem: path.read_text() for path in sorted((ROOT / "examples").glob("*.toml"))},
    "empty": "",
    "silicon by default": SILICON,
    "own units": OWN_UNITS,
    "a model with parameters": '[model]\nname = "soft_spheres"\nexponent = 10\n',
    "words of old versions": "[pairs]\nmax_distance = 1.0\nmax_energy_difference = 0.01\n",
}
OTHERWISE: Mapping[str, Any] = {"trajectories": 3, "interval": 30, "time_step": 0.015, "lanes": 2}
"""Defaults of some day."""
SHIPPED = '[campaign]\nname = "a"\n[glasses]\nsource = "shipped"\ncounts = [{}]\n'


@pytest.fixture
def former(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """The former defaults, none of which is one of today."""
    for key, value in OTHERWISE.items():
        monkeypatch.setitem(cast("dict[str, Any]", FORMER["explore"]), key, value)
    return OTHERWISE


def explored(text: str) -> dict[str, Any]:
    explore = read_kept_plan(text).explore
    return {key: getattr(explore, key) for key in OTHERWISE}


def names(text: str) -> set[str]:
    return {task.id for task in PIPELINE.tasks(roots(read_kept_plan(text)), 1)}


def stated(values: Mapping[str, Any]) -> str:
    return "\n".join(["[explore]", *(f"{key} = {value}" for key, value in values.items()), ""])


def plan_file(folder: Path, text: str) -> Path:
    path = folder / "plan.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", PLANS.values(), ids=list(PLANS))
def test_a_plan_that_is_spelled_out_is_the_same_plan(text: str) -> None:
    whole = spell_out(text)
    assert read_plan(whole) == read_plan(text)
    assert read_kept_plan(whole) == read_plan(text)
    assert whole.startswith(text.rstrip("\n"))
    assert spell_out(whole) == whole


def test_nothing_is_left_out_but_what_has_a_default() -> None:
    whole = tomllib.loads(spell_out("[explore]\nquenches = 7\n"))
    (left_out,) = whole[KEY]
    everything = tomllib.loads(plan_template())
    assert left_out["explore"].keys() == everything["explore"].keys() - {"quenches"}
    assert left_out.pop("stored_lanes") == [LANES] * len(left_out["glasses"]["counts"])
    assert left_out.keys() == everything.keys()
    assert left_out["pairs"].keys() == everything["pairs"].keys()
    (only,) = tomllib.loads(spell_out(plan_template()))[KEY]
    assert only.keys() == {"stored_lanes"}


def test_what_is_said_goes_before_what_was_left_out() -> None:
    text = spell_out(stated({"time_step": 0.03}))
    later = text.replace("interval = ", "interval = 7 #").replace("time_step = 0.03", "")
    plan = read_plan(later)
    assert plan.explore.interval == 7
    assert plan.explore.time_step == read_plan("").explore.time_step
    more = later.replace("[explore]", "[explore]\ninterval = 8")
    assert read_plan(more).explore.interval == 8
    assert read_plan(spell_out(more)).explore.interval == 8


@pytest.mark.parametrize(
    ("table", "given"),
    [
        ("[left_out]\n[left_out.explore]\ninterval = 7", "a single table"),
        ("[left_out.explore]\ninterval = 7", "a single table"),
        ("left_out = 3", "3"),
        ("left_out = [3]", r"\[3\]"),
    ],
)
def test_what_was_left_out_is_a_list_of_tables(table: str, given: str) -> None:
    expected = rf"left_out is {given}, expected a list of tables .* \[\[left_out\]\]"
    for read in (
        read_plan,
        read_kept_plan,
        read_stored_plan,
        spell_out,
        spell_out_stored,
        lambda text: spell_out("", text),  # a plan file that goes on from such a campaign
        lambda text: spell_out(text, ""),
    ):
        with pytest.raises(InputError, match=expected) as caught:
            read(table)
        assert "1 problem:" in str(caught.value)


def test_what_a_campaign_did_not_write_is_refused() -> None:
    with pytest.raises(InputError, match="unknown key 'intervall'"):
        read_plan("[[left_out]]\n[left_out.explore]\nintervall = 7")


def test_a_store_of_an_older_version_has_the_former_defaults(
    former: Mapping[str, Any], tmp_path: Path
) -> None:
    text = SHIPPED.format(1)
    assert explored(text) == former
    assert names(text) == names(text + stated(former))
    create_store(tmp_path, pipeline=PIPELINE.name, plan=text, seed=1)
    with open_campaign(tmp_path, PIPELINE) as store:
        content = campaign_content(store)
    assert content.plan == spell_out_stored(text)
    assert "time_step = 0.015" in content.plan
    assert spell_out_stored(spell_out(text)) == spell_out(text)
    saved = salvage_campaign(tmp_path, tmp_path / "saved", PIPELINE)
    assert not saved.refusal
    with open_campaign(tmp_path / "saved", PIPELINE) as store:
        assert {task.task.id for task in store.tasks()} == names(text + stated(former))


def test_campaigns_that_were_begun_without_lanes_go_on_without_them() -> None:
    text = SHIPPED.format(1)
    before = {"trajectories": 4, "interval": 40, "time_step": 0.01, "lanes": 1}
    assert explored(text) == before
    assert explored(spell_out_stored(text)) == before
    assert names(text) == names(text + stated(before))
    today = {"trajectories": 16, "interval": 100, "time_step": 0.02, "lanes": 0}
    assert explored(spell_out(text)) == today
    assert lanes_of(read_plan(text), 0) == LANES


def test_what_is_left_out_of_a_new_campaign_is_kept_with_it(
    tmp_path: Path, former: Mapping[str, Any]
) -> None:
    folder, text = tmp_path / "a", SHIPPED.format(1)
    start_campaign(plan_file(tmp_path, text), folder, PIPELINE)
    with open_campaign(folder, PIPELINE) as store:
        stored = store.property("plan")
    assert read_stored_plan(stored) == read_kept_plan(stored) == read_plan(text)
    assert (folder / PLAN_NAME).read_text() == stored
    assert explored(stored) != former
    assert own_defaults(tmp_path / "plan.toml", folder, PIPELINE) == []


def test_a_campaign_grows_with_what_it_has_left_out(
    tmp_path: Path, former: Mapping[str, Any]
) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    few, many = SHIPPED.format(1), SHIPPED.format(2)
    create_store(folder, pipeline=PIPELINE.name, plan=few, seed=1)
    start_campaign(plan_file(tmp_path, few), folder, PIPELINE)
    with open_campaign(folder, PIPELINE) as store:
        assert store.property("plan") == few
    start_campaign(plan_file(tmp_path, many), folder, PIPELINE)
    with open_campaign(folder, PIPELINE) as store:
        grown = store.property("plan")
    assert explored(grown) == former
    assert names(few) < names(grown)
    today = stated({key: getattr(read_plan("").explore, key) for key in former})
    other = plan_file(tmp_path, many + today)
    with pytest.raises(InputError) as caught:
        start_campaign(other, folder, PIPELINE)
    assert f"explore.trajectories is 3 in {folder} and 16 in {other}" in str(caught.value)


def test_what_is_reused_says_what_a_plan_leaves_out(
    tmp_path: Path, former: Mapping[str, Any]
) -> None:
    other, folder = tmp_path / "other", tmp_path / "new"
    other.mkdir()
    create_store(other, pipeline=PIPELINE.name, plan=SHIPPED.format(1), seed=1)
    text = SHIPPED.format(1) + "[modes]\nenabled = false\n[explore]\ninterval = 9\n"
    start_campaign(plan_file(tmp_path, text), folder, PIPELINE, reuse=other)
    with open_campaign(folder, PIPELINE) as store:
        stored = store.property("plan")
    assert explored(stored) == {**former, "interval": 9}
    plan = tmp_path / "plan.toml"
    (told,) = own_defaults(plan, folder, PIPELINE, reuse=other)
    assert told.startswith(f"what {plan} leaves out is as in {other}, whose work is taken over,")
    assert f"explore.time_step is 0.015 in {folder} and 0.02 by default today" in told
    assert "interval" not in told
    (later,) = own_defaults(plan, folder, PIPELINE)
    assert f"as it was when the campaign in {folder} began" in later
    assert not read_kept_plan(stored).modes.enabled


def test_one_number_has_one_word_also_under_former_defaults(former: Mapping[str, Any]) -> None:
    text = SILICON + "lanes = 1\n"
    assert read_kept_plan(text).explore.own_units.time_step == FEMTOSECOND * 2
    with pytest.raises(InputError, match="two words for one number"):
        read_kept_plan(text + "time_step = 0.3\n")


LANES_LEFT_OPEN = "[explore]\nlanes = 0\ntrajectories = 4\n"


@pytest.mark.parametrize("text", [SHIPPED.format(1), SHIPPED.format(1) + LANES_LEFT_OPEN])
def test_a_campaign_keeps_the_number_of_lanes_that_seemed_useful_when_it_began(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, plan = tmp_path / "a", plan_file(tmp_path, text)
    start_campaign(plan, folder, PIPELINE)
    before = names(spell_out(text))
    monkeypatch.setattr(lanes, "FEWEST_IN_LANES", 4)
    monkeypatch.setattr(lanes, "LANES", 8)
    with open_campaign(folder, PIPELINE) as store:
        stored = store.property("plan")
    assert names(spell_out(text)) != before
    assert names(stored) == before
    assert spell_out(stored) == spell_out_stored(stored) == stored
    start_campaign(plan, folder, PIPELINE)
    start_campaign(folder / PLAN_NAME, folder, PIPELINE)
    start_campaign(plan_file(tmp_path, text.replace("[1]", "[2]")), folder, PIPELINE)
    with open_campaign(folder, PIPELINE) as store:
        assert names(store.property("plan")) > before
    start_campaign(plan_file(tmp_path, text), tmp_path / "b", PIPELINE, reuse=folder)
    with open_campaign(tmp_path / "b", PIPELINE) as store:
        assert names(store.property("plan")) == before


def test_lanes_of_each_preparation_are_kept_where_trajectories_can_go_side_by_side() -> None:
    text = (
        "[glasses]\npreparation_temperatures = [0.062, 0.07]\ncounts = [1, 1]\n"
        "[explore]\ntrajectories = [16, 4]\n"
    )
    whole = spell_out(text)
    assert read_kept_plan(whole).stored_lanes == (LANES, 1)
    rubbing = read_plan(spell_out(text + "friction = 1.0\n", whole))
    assert [lanes_of(rubbing, k) for k in (0, 1)] == [1, 1]
    other = read_plan(spell_out(SHIPPED.format(1), whole))  # it has one preparation
    assert other.stored_lanes == (LANES,)
    own = read_plan(spell_out(text + "lanes = 4\n", whole))
    assert own.stored_lanes == ()
    assert [lanes_of(own, k) for k in (0, 1)] == [4, 4]


def test_stores_that_keep_no_lanes_go_on_as_before(tmp_path: Path) -> None:
    """Their texts say `lanes = 0`, or nothing."""
    text = SHIPPED.format(1)
    whole = spell_out(text)
    old = "".join(line for line in whole.splitlines(True) if "stored_lanes" not in line)
    assert "lanes = 0" in old
    assert names(old) == names(whole)
    (tmp_path / "a").mkdir()
    create_store(tmp_path / "a", pipeline=PIPELINE.name, plan=old, seed=1)
    start_campaign(plan_file(tmp_path, text), tmp_path / "a", PIPELINE)
    start_campaign(plan_file(tmp_path, SHIPPED.format(2)), tmp_path / "a", PIPELINE)
    with open_campaign(tmp_path / "a", PIPELINE) as store:
        assert f"stored_lanes = [{LANES}]" in store.property("plan")
