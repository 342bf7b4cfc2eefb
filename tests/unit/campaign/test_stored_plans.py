"""Campaigns of older versions whose plans would be refused today: they are shown all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

import glasswells as gw
from glasswells.campaign.campaigns import open_campaign
from glasswells.campaign.reuse import what_is_shared
from glasswells.campaign.salvage import salvage_campaign
from glasswells.content.campaign import campaign_content
from glasswells.core.errors import InputError
from glasswells.stages.pipeline import PIPELINE, units_in
from glasswells.stages.table import read_plan, read_stored_plan
from glasswells.store.schema import create_store

SILICON = """
[model]
kind = "stillinger-weber"
[glasses]
source = "melt_quench"
counts = [1]
[melt_quench]
rates = [1e12]
[splittings]
units = ["{units}"]
[explore]
{explore}
"""
REFUSED = {
    "friction": "[explore]\nlanes = 16\nfriction = 0.1\n",
    "lanes": SILICON.format(units="metal", explore="lanes = 16"),
    "units": SILICON.format(units="silicon", explore=""),
    "two words": SILICON.format(
        units="metal", explore="temperature_kelvin = 300.0\nexploration_temperature = 0.05"
    ),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=list(REFUSED))
def test_what_an_older_version_ran_is_read(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_plan(text)
    create_store(tmp_path, pipeline=PIPELINE.name, plan=text, seed=3)
    assert len(gw.open_campaign(tmp_path)) == 0
    with open_campaign(tmp_path, PIPELINE) as store:
        assert PIPELINE.overview is not None
        assert PIPELINE.overview(store) is not None
        assert units_in(store)
        assert campaign_content(store).tasks_left == 0


@pytest.mark.parametrize("text", REFUSED.values(), ids=list(REFUSED))
def test_salvage_saves_it_and_says_what_is_refused(text: str, tmp_path: Path) -> None:
    create_store(tmp_path, pipeline=PIPELINE.name, plan=text, seed=3)
    saved = salvage_campaign(tmp_path, tmp_path / "saved", PIPELINE)
    with pytest.raises(InputError) as refused:
        read_plan(text)
    assert saved.refusal == str(refused.value)
    with open_campaign(tmp_path / "saved", PIPELINE) as store:
        assert store.property("plan") == text
        assert store.open_tasks()


def test_what_makes_no_sense_at_all_is_refused_also_there() -> None:
    for text in ("[explore]\nlanes = 17\n", "[explore]\nlane = 2\n", "[splittings\n"):
        with pytest.raises(InputError):
            read_stored_plan(text)


def test_what_was_taken_over_from_a_plan_that_is_refused_today_is_told(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, text in ((here, ""), (there, REFUSED["friction"])):
        folder.mkdir()
        create_store(folder, pipeline=PIPELINE.name, plan=text, seed=3)
    assert "nothing is taken over" in what_is_shared(here, there, PIPELINE)[0]
