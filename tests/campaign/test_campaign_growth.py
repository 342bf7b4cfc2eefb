"""Campaigns started again: with the same plan, with more glasses, from another's work."""

from __future__ import annotations

from pathlib import Path

import pytest
import toy
from toy_runs import DONE, STOPPED, Start, digest, run_inline

from glasswells.campaign.campaigns import (
    Ending,
    open_campaign,
    start_campaign,
)
from glasswells.core.errors import InputError
from glasswells.store.errors import CampaignBusyError, FormatError
from glasswells.store.lock import CampaignLock


def test_starting_again_needs_the_same_plan(start: Start, tmp_path: Path) -> None:
    directory = start(seed=1)
    assert start(seed=1) == directory
    for other in ({"seed": 2}, {"seed": 1, "glasses": 1}, {"seed": 1, "glasses": 3, "steps": 4}):
        with pytest.raises(InputError, match=r"another plan.*only numbers of glasses may grow"):
            start(**other)
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.tex").write_text("")
    with pytest.raises(InputError, match=r"not empty \(thesis.tex\)"):
        start("full")
    with pytest.raises(InputError, match="cannot be read"):
        start_campaign(tmp_path / "none.toml", None, toy.PIPELINE)
    assert sorted(p.name for p in directory.iterdir() if "sqlite-" not in p.name) == [
        "campaign.sqlite",
        "lock",
        "plan.toml",
    ]


@pytest.mark.parametrize("first", [DONE, STOPPED])
def test_a_campaign_may_grow(start: Start, first: Ending) -> None:
    whole, grown = start("whole", glasses=3), start("grown", glasses=1)
    run_inline(whole)
    assert run_inline(grown, walltime=0.0 if first is STOPPED else None) == first
    assert start("grown", glasses=3) == grown
    assert "glasses = 3" in (grown / "plan.toml").read_text()
    acknowledged: list[str] = []
    assert run_inline(grown, acknowledged=acknowledged.extend) == DONE
    assert digest(grown) == digest(whole)
    with open_campaign(grown, toy.PIPELINE) as store:
        new = {row.task.id for row in store.tasks() if first is STOPPED or row.task.glass != "g0"}
    assert set(acknowledged) == new


def test_a_campaign_takes_over_what_another_has_done(start: Start, tmp_path: Path) -> None:
    """The walks of glass 0 are shared; the rest follows from a longer list of them."""
    other, whole = start("other", glasses=1, walks=2), start("whole", glasses=2, walks=3)
    run_inline(other)
    run_inline(whole)
    before = digest(other)
    new = start_campaign(tmp_path / "whole.toml", tmp_path / "new", toy.PIPELINE, reuse=other)
    acknowledged: list[str] = []
    assert run_inline(new, acknowledged=acknowledged.extend) == DONE
    assert digest(new) == digest(whole)
    assert digest(other) == before
    with open_campaign(new, toy.PIPELINE) as store, open_campaign(other, toy.PIPELINE) as old:
        new_ids = {row.task.id for row in store.tasks()}
        shared = new_ids & {row.task.id for row in old.tasks()}
    assert shared
    assert len(acknowledged) == len(set(acknowledged))
    assert set(acknowledged) == new_ids - shared
    again = start_campaign(tmp_path / "whole.toml", tmp_path / "new", toy.PIPELINE, reuse=other)
    assert again == new


def test_only_campaigns_can_be_reused(start: Start, tmp_path: Path) -> None:
    start("campaign")
    with pytest.raises(FormatError, match="holds no campaign"):
        start_campaign(tmp_path / "campaign.toml", tmp_path / "new", toy.PIPELINE, tmp_path)
    assert not (tmp_path / "new").exists()


def test_a_campaign_does_not_grow_while_it_runs(start: Start) -> None:
    directory = start(glasses=1)
    with CampaignLock(directory), pytest.raises(CampaignBusyError):
        start(glasses=2)
    assert "glasses = 1" in (directory / "plan.toml").read_text()
    assert start(glasses=1) == directory
