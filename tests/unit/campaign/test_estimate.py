"""Estimates from plans and rates: what is exact, how they scale, what their intervals mean."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.estimation import kept
from glasswells.estimation.amounts import Amount, mean_below
from glasswells.estimation.calibration import relative_search, scaled_rest, shipped_alike, weighed
from glasswells.estimation.estimate import estimate_campaign, rounds
from glasswells.estimation.forecast import size, summary_lines
from glasswells.estimation.records import Estimate, Known, Rate
from glasswells.estimation.reference import reference_rates
from glasswells.plan.file import parse_plan
from glasswells.plan.plan import Plan
from glasswells.stages.pipeline import PIPELINE

TEXT = """
[glasses]
source = "{source}"
preparation_temperatures = [0.062, 0.092]
counts = [{few}, {many}]
[prepare]
n_particles = {n}
sweeps = 50_001
chunk_sweeps = 10_000
[explore]
trajectories = [{t0}, {t1}]
quenches = 1010
chunk_quenches = 100
lanes = 1
[pairs]
rules = ["linked", "close"]
"""


def plan_of(source: str = "prepare", **changes: int) -> Plan:
    numbers = {"few": 3, "many": 2, "t0": 5, "t1": 7, "n": 1500, **changes}
    return parse_plan(TEXT.format(source=source, **numbers))


def estimated(plan: Plan, workers: int = 1) -> Estimate:
    return estimate_campaign(plan, reference_rates(plan), workers)


@pytest.mark.parametrize("source", ["prepare", "shipped"])
def test_tasks_that_the_plan_decides_are_counted_exactly(source: str) -> None:
    plan = plan_of(source)
    found = estimated(plan)
    by_hand = {
        "prepare": 5 * (6 if source == "prepare" else 1),
        "explore": (3 * 5 + 2 * 7) * 11,
        "library": 5,
    }
    for stage, n in by_hand.items():
        planted = sum(item.chunks for item in PIPELINE.roots(plan) if item.stage == stage)
        tasks = found.stage(stage).tasks
        assert tasks.value == tasks.low == tasks.high == n == planted
    assert found.stage("paths").tasks.low < found.stage("paths").tasks.high


def test_twice_the_trajectories_explore_for_twice_as_long() -> None:
    once, twice = estimated(plan_of()), estimated(plan_of(t0=10, t1=14))
    for name in ("value", "low", "high"):
        ratio = getattr(twice.stage("explore").cpu_seconds, name) / getattr(
            once.stage("explore").cpu_seconds, name
        )
        assert ratio == pytest.approx(2.0, rel=1e-12)
    pairs = twice.stage("paths").tasks.value / once.stage("paths").tasks.value
    assert 1 < pairs < 2  # the same minima are met again


def test_more_glasses_cost_more_and_are_surer() -> None:
    few, many = estimated(plan_of()), estimated(plan_of(few=30, many=20))
    for stage in PIPELINE.stages:
        one, ten = few.stage(stage.name).cpu_seconds, many.stage(stage.name).cpu_seconds
        assert ten.value == pytest.approx(10 * one.value, rel=1e-9)
        if stage.name in ("push", "screening", "couplings"):  # the plan asks for none of them
            assert one.value == 0
            continue
        assert ten.high / ten.value < one.high / one.value


def test_couplings_cost_what_was_measured_for_each_double_well() -> None:
    text = TEXT.format(source="prepare", few=3, many=2, t0=5, t1=7, n=1500)
    costs = {}
    for lines in ("vineyard = true", "vineyard = false"):
        plan = parse_plan(text + f"[couplings]\nenabled = true\n{lines}\n")
        found = estimated(plan)
        couplings, wells = found.stage("couplings"), found.stage("splittings").tasks.value
        assert couplings.tasks.value == wells > 0
        costs[lines] = couplings.cpu_seconds.value / wells
        assert not any("left out" in note for note in found.notes)
    assert costs["vineyard = true"] == pytest.approx(0.645)
    assert costs["vineyard = false"] == pytest.approx(0.005)


def test_costs_grow_with_particles() -> None:
    small, large = reference_rates(plan_of()), reference_rates(plan_of(n=3000))
    for name, power in (("quench", 1), ("search", 1), ("full_spectrum", 3), ("splitting", 0)):
        ratio = large.rate(name).value / small.rate(name).value
        assert ratio == pytest.approx(2.0**power)
    assert large.rate("linked", 0.062) == small.rate("linked", 0.062)


def test_all_rates_are_known_and_positive() -> None:
    for rate in reference_rates(plan_of()).rates.values():
        assert rate.value > 0
        assert rate.source


def test_wall_time_is_between_even_shares_and_the_longest_chain() -> None:
    plan = plan_of()
    one, four, many = (estimated(plan, n) for n in (1, 4, 10_000))
    assert one.wall_seconds.value == one.cpu_seconds.value
    assert four.wall_seconds.value >= one.wall_seconds.value / 4
    explored = one.stage("explore").cpu_seconds.value
    assert many.wall_seconds.value > explored / (3 * 5 + 2 * 7) / 2  # one trajectory at least
    for found in (one, four, many):
        assert found.wall_seconds.low <= found.wall_seconds.value <= found.wall_seconds.high
    assert many.memory_bytes > four.memory_bytes > one.memory_bytes


def test_memory_hardly_grows_with_minima() -> None:
    """16 trajectories of 500 quenches at 0.092 took 0.91 GB in two processes, where nearly every
    quench of 1600 between two checkpoints met another minimum."""
    text = TEXT.format(source="shipped", few=1, many=1, t0=16, t1=16, n=1500)
    text = text.replace("quenches = 1010", "quenches = 500").replace("lanes = 1", "lanes = 16")
    text = text.replace('["linked", "close"]', "[]")
    found, longer, finer = (
        estimated(parse_plan(text.replace(*change)), 1).memory_bytes
        for change in (("", ""), ("s = 500\n", "s = 5000\n"), ("_quenches = 100", "_quenches = 50"))
    )
    assert found == pytest.approx(0.91e9, rel=0.1)
    minima = 16 * 4500 * 0.864  # of 0.864 that a quench meets
    assert longer - found == pytest.approx(minima * 10.0e3)
    assert found - finer == pytest.approx(16 * 50 * 0.864 * 1500 * 30.0)


def test_without_pairs_or_modes_nothing_follows() -> None:
    text = TEXT.format(source="shipped", few=1, many=1, t0=1, t1=1, n=1500)
    without = estimated(parse_plan(text.replace('["linked", "close"]', "[]")))
    assert without.stage("pairs").tasks.value == without.stage("paths").tasks.high == 0
    plan = parse_plan(text + "\n[modes]\nenabled = false\n")
    assert estimated(plan).stage("overlaps").tasks.high == 0
    assert estimated(plan).stage("splittings").tasks.value > 0


def test_limits_bound_pairs_and_modes() -> None:
    text = TEXT.format(source="shipped", few=10, many=10, t0=100, t1=100, n=1500)
    limited = estimated(parse_plan(f"{text}max_pairs = 3\n[modes]\nmax_pairs = 2\n"))
    reference = reference_rates(plan_of())
    rate = max(reference.rate("searches", t).value for t in plan_of().preparations)
    assert limited.stage("paths").tasks.value <= 20 * 2 * 3 * rate
    assert limited.stage("overlaps").tasks.value <= 20 * 2


def test_other_thresholds_of_transitions_are_less_sure() -> None:
    text = TEXT.format(source="shipped", few=1, many=1, t0=1, t1=1, n=1500)
    text = text.replace('["linked", "close"]', '["linked"]')
    counted = estimated(parse_plan(f"{text}min_transitions = 5\n")).stage("paths").tasks
    other = estimated(parse_plan(f"{text}min_transitions = 50\n")).stage("paths").tasks
    assert other.high / other.low > 5 * counted.high / counted.low


@pytest.mark.parametrize("line", ["quenches = 1{0}\nchunk_quenches = 1{0}", ""])
def test_numbers_without_measure_are_refused(line: str) -> None:
    zeros = "0" * 400
    text = TEXT.format(source="shipped", few=1, many=1, t0=1, t1=1, n=1500)
    if line:
        text = text.replace("quenches = 1010\nchunk_quenches = 100", line.format(zeros))
    else:
        text += f"min_transitions = 1{zeros}\n"
    with pytest.raises(InputError, match="too large"):
        estimated(parse_plan(text))


def test_the_rule_that_learns_is_estimated_too() -> None:
    text = TEXT.format(source="shipped", few=1, many=1, t0=1, t1=1, n=1500)
    found, screened = (
        estimated(parse_plan(text.replace('["linked", "close"]', rules)))
        for rules in ('["linked"]', '["linked", "screened"]')
    )
    without, learned = found.stage("paths"), screened.stage("paths")
    assert learned.tasks.value > without.tasks.value
    assert any("not measured" in source for source in learned.sources)
    assert found.stage("screening").tasks.value == 0
    together = screened.stage("screening")
    assert 0 < together.tasks.value <= screened.stage("pairs").tasks.value
    assert together.cpu_seconds.value > 0


def test_mean_below_a_limit_is_that_of_draws() -> None:
    mean, spread = 140.0, 1.3
    s = np.sqrt(np.log1p(spread**2))
    draws = np.random.default_rng(1).lognormal(np.log(mean) - s**2 / 2, s, size=1_000_000)
    for limit in (20.0, 150.0, 1e6):
        expected = np.minimum(draws, limit).mean()
        assert mean_below(mean, spread, limit) == pytest.approx(expected, rel=0.01)
    assert mean_below(0.0, 1.0, 5.0) == 0.0
    assert mean_below(7.0, 0.0, 5.0) == 5.0


def test_nine_of_ten_sums_over_other_glasses_are_within_the_interval() -> None:
    rng = np.random.default_rng(2)
    spread, measured, glasses, cases = 0.5, 6, 10, 4000
    s = np.sqrt(np.log1p(spread**2))
    cost = rng.lognormal(-(s**2) / 2, s, size=(cases, measured + glasses))
    inside = 0
    for k in range(cases):
        rate = Rate(value=cost[k, :measured].mean(), spread=spread, glasses=measured, source="")
        found = Amount(value=glasses, glasses=glasses).times(rate).range()
        inside += found.low <= cost[k, measured:].sum() <= found.high
    # The standard error of the share is 0.5 %; means are not quite log-normal.
    assert inside / cases == pytest.approx(0.9, abs=0.025)


def test_what_an_estimate_rests_on_is_told_line_by_line() -> None:
    found = estimated(plan_of())
    lines = list(summary_lines(found))
    for note in found.notes:
        assert f"- {note}" in lines
    asked = [stage for stage in found.stages if stage.tasks.high > 0]
    known = {source for stage in asked for source in stage.sources}
    told = lines[lines.index("known from:") + 1 : lines.index(f"- {found.notes[0]}") - 1]
    assert sorted(told) == sorted(f"- {source}" for source in known)
    assert max(len(line) for line in lines) <= 200


def test_rounds_ask_for_a_batch_or_a_quarter() -> None:
    assert [rounds(n, 40) for n in (0, 1, 40, 41, 80)] == [1, 2, 2, 3, 3]
    # 40, 40, 40, 40, then 40, 50, 62.5: quarters of 160, 200, 250
    assert rounds(200, 40) == 6
    assert rounds(250, 40) == 7
    assert rounds(312, 40) == 8


def test_sizes_are_read_easily() -> None:
    assert [size(n) for n in (3e5, 1.2e7, 1.44e9, 2e12)] == ["0.3 MB", "12 MB", "1.4 GB", "2.0 TB"]


def test_a_quench_in_lanes_costs_what_it_costs_in_lanes() -> None:
    one = reference_rates(plan_of()).rate("quench")
    text = TEXT.format(source="prepare", few=3, many=2, t0=5, t1=7, n=1500)
    lanes = parse_plan(text.replace("lanes = 1", "lanes = 16"))
    sixteen = reference_rates(lanes).rate("quench")
    assert one.value / sixteen.value == pytest.approx((2.0 + 1.5) / 2)
    assert "lanes" in sixteen.source


def test_what_was_not_measured_follows_the_energies_of_other_models() -> None:
    """Silica by LAMMPS, 216 atoms: a quench took 193 ms, an overlap 7.2 s, a splitting 4 ms."""
    reference = reference_rates(plan_of(n=216))
    costs = {"quench": 0.193, "splitting": 0.004}
    native, foreign = (scaled_rest(reference, costs, is_pair=pair) for pair in (True, False))
    assert native["overlap", None].value < 0.3
    assert 7.2 / 3 < foreign["overlap", None].value < 3 * 7.2
    assert foreign["overlap", None].spread >= 1.0
    for name in ("pooling", "choosing", "splitting"):
        assert foreign[name, None] == native[name, None]


def test_a_few_searches_say_less_than_many_and_more_than_none() -> None:
    prior = Rate(value=0.4, spread=0.25, glasses=10, source="others")
    assert weighed([], prior) == pytest.approx(0.4)
    assert weighed([0.8] * 16, prior) == pytest.approx(0.6)  # 16 = (1.0 / 0.25)^2
    assert weighed([0.8] * 10_000, prior) == pytest.approx(0.8, rel=1e-3)
    assert weighed([0.8], replace(prior, spread=1.0)) == pytest.approx(0.6)


def test_searches_cost_more_where_glasses_are_annealed_badly() -> None:
    reference = reference_rates(plan_of())
    for temperature in plan_of().preparations:
        ratio = relative_search(reference, temperature)
        assert ratio == pytest.approx({0.062: 1.1, 0.07: 1.0, 0.092: 1.6}[temperature])
    silicon = '[model]\nkind = "stillinger-weber"\n[glasses]\nsource = "melt_quench"\n'
    material = parse_plan(silicon + '[splittings]\nunits = ["metal"]\n')
    assert relative_search(reference_rates(material), material.preparations[0]) == 1


def known() -> Known:
    rate = Rate(value=1 / 3, spread=0.1, glasses=1, source="here")
    return Known(rates={("quench", None): rate, ("quench", 0.062): replace(rate, value=0.5)})


def test_a_calibration_is_kept_for_plans_that_differ_in_amounts(tmp_path: Path) -> None:
    kept.keep_calibration(plan_of(), known(), tmp_path)
    assert kept.load_calibration(plan_of(t0=50, few=9), tmp_path) == known()
    assert kept.load_calibration(plan_of(n=2000), tmp_path) is None
    assert kept.load_calibration(plan_of("shipped"), tmp_path) is None


@pytest.mark.parametrize("part", ["processor", "packages"])
def test_a_calibration_of_another_machine_or_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    kept.keep_calibration(plan_of(), known(), tmp_path)
    here = kept.machine()
    other = {"processor": "another", "packages": {**here["packages"], "glasswells": "0.0.1"}}
    monkeypatch.setattr(kept, "machine", lambda: {**here, part: other[part]})
    assert kept.load_calibration(plan_of(), tmp_path) is None


@pytest.mark.parametrize("damage", ["", "[]", "null", '{"machine": 1}', "\udcff"])
def test_a_damaged_calibration_is_measured_again(tmp_path: Path, damage: str) -> None:
    kept.keep_calibration(plan_of(), known(), tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage.encode(errors="surrogateescape"))
    assert kept.load_calibration(plan_of(), tmp_path) is None


def test_rates_with_strange_content_are_refused(tmp_path: Path) -> None:
    kept.keep_calibration(plan_of(), known(), tmp_path)
    (path,) = tmp_path.iterdir()
    content = json.loads(path.read_text())
    for rate in ("text", -1.0, float("nan")):
        content["rates"][0][2]["value"] = rate
        path.write_text(json.dumps(content))
        assert kept.load_calibration(plan_of(), tmp_path) is None


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept.keep_calibration(plan_of(), known(), tmp_path / "file")
    assert kept.load_calibration(plan_of(), tmp_path / "file") is None


def test_a_user_without_a_home_folder_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", home)
    kept.keep_calibration(plan_of(), known())
    assert kept.load_calibration(plan_of()) is None


def test_a_full_disk_keeps_no_part_of_a_calibration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    kept.keep_calibration(plan_of(), known(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_quenches_are_timed_in_a_shipped_glass_if_it_is_one_of_the_plan() -> None:
    """In a liquid of some seconds they cost up to twice as much."""
    assert shipped_alike(plan_of(), 0.07) is not None
    assert shipped_alike(plan_of(), 0.08) is None
    other = plan_of()
    for name, value in (("n_particles", 1200), ("density", 0.99), ("unit_mean", True)):
        section = other.prepare.model_copy(update={name: value})
        assert shipped_alike(other.model_copy(update={"prepare": section}), 0.07) is None
    model = other.model.model_copy(update={"kind": "inverse_power"})
    assert shipped_alike(other.model_copy(update={"model": model}), 0.07) is None
