"""The stages `modes` and `overlaps` of a small campaign: cached, resumable, the same everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_plan import VIBRATIONS_PLAN, finished_campaign

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.core.outcomes import Outcome
from glasswells.core.records import DoubleWell
from glasswells.engines.pool import InlineExecutor
from glasswells.landscape.links import DOUBLE_WELL
from glasswells.plan.file import parse_plan
from glasswells.stages import modes as stage
from glasswells.stages.kept_records import FIELD
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.settled import settled_minimum
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.reader import StoreReader
from glasswells.store.tasks import EncodedOutput, Ref, Task, TaskInput, TaskOutput
from glasswells.store.verify import verify_store
from glasswells.store.writer import Store
from glasswells.vibrations.records import DIRECTIONS, WellVibrations

Run = Callable[..., Path]


@contextmanager
def opened(directory: Path) -> Iterator[StoreReader]:
    with open_campaign(directory, PIPELINE) as store:
        yield store


def digest(directory: Path) -> str:
    with opened(directory) as store:
        return catalogue_digest(store)


def records(directory: Path, kind: str) -> list:
    with opened(directory) as store:
        return [item.record for item in store.records(kind)]


@pytest.fixture(scope="module")
def run(paths_campaign: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the two stages in this process, with lines added to the plan's table `modes`."""

    def make(more: str = "", **settings) -> Path:
        folder = tmp_path_factory.mktemp("modes")
        return finished_campaign(folder, VIBRATIONS_PLAN + more, reuse=paths_campaign, **settings)

    return make


@pytest.fixture(scope="module")
def finished(vibrations_campaign: Path) -> Path:
    return vibrations_campaign


def test_every_double_well_is_related_to_its_minimum(finished: Path) -> None:
    with opened(finished) as store:
        paths = {row.task.chain: row.task for row in store.tasks(stage="paths")}
        overlaps = {row.task.chain: row.task for row in store.tasks(stage="overlaps")}
        found = list(store.records("well_vibrations"))
        wells = {(item.chain, item.position): item.record for item in store.records("double_well")}
    assert len(found) == len(wells) > 3
    for item in found:
        record = item.record
        assert isinstance(record, WellVibrations)
        assert item.position == record.double_well
        source = overlaps[item.chain].inputs[0].chain
        assert paths[source].number == item.number
        well = wells[source, record.double_well]
        assert isinstance(well, DoubleWell)
        assert [d.direction for d in record.directions] == list(DIRECTIONS)
        assert all(d.certified and 0 < d.overlap <= d.mobility <= 1 for d in record.directions)
        # A mode of the right minimum: the record's field has the overlap that the record says.
        c = abs(np.vdot(record.linear_field, well.displacement_ab))
        c /= np.linalg.norm(well.displacement_ab)
        # Rounding moves an overlap by a fifth of the field's unit, in the mean square.
        assert record.directions[-1].overlap == pytest.approx(c, abs=2 * FIELD)
        assert record.failures == ()
        seeded = record.seeded("softest")
        assert seeded is not None
        assert seeded.outcome is Outcome.CONVERGED


def test_modes_are_those_of_minimum_a(finished: Path) -> None:
    with opened(finished) as store:
        wells = {r.chain: r.record for r in store.records("double_well")}
        for overlaps in (row.task for row in store.tasks(stage="overlaps")):
            of_well, *of_minimum = overlaps.inputs
            for ref in of_minimum:
                (source,) = store.products(store.first_of(ref.chain).task.inputs[0])
                minimum = settled_minimum(PLAN_MODEL, source)
                moved = minimum.positions - wells[of_well.chain].minimum_a.positions
                assert np.abs(moved).max() < 1e-8
        for task in (row.task for row in store.tasks(stage="modes")):
            (source,) = store.products(task.inputs[0])
            (found,) = store.products(Ref(chain=task.chain, kind="minimum_vibrations"))
            a = settled_minimum(PLAN_MODEL, source)
            matrix = stage.Stiffness(PLAN_MODEL, a).matrix
            product = np.asarray(matrix @ found.softest.ravel()).reshape(-1, 3)
            # M v = omega^2 v to the unit of the field: another minimum is off by order 1.
            rounding = float(abs(matrix).sum(axis=1).max()) * FIELD / 2
            residual = np.abs(product - found.frequencies[3] ** 2 * found.softest).max()
            assert residual < 1e-6 + rounding < 1e-3
            assert not found.complete
            assert len(found.frequencies) == 40


PLAN_MODEL = parse_plan(VIBRATIONS_PLAN).build_model()


def test_the_modes_of_a_minimum_are_computed_once(finished: Path) -> None:
    with opened(finished) as store:
        sources = [row.task.inputs for row in store.tasks(stage="modes")]
        needed = [ref for row in store.tasks(stage="overlaps") for ref in row.task.inputs[1:]]
    assert len(sources) == len(set(sources))
    assert len(needed) > len({ref.chain for ref in needed})  # some are shared


def first_double_well(directory: Path) -> int:
    """Number of the search that found the first double well, in the order of the pairs."""
    searches = [r for r in records(directory, "pair_search") if not r.batch]
    (last,) = searches
    return next(link.search for link in last.links if link.outcome == DOUBLE_WELL)


def test_the_first_double_well_gets_the_full_spectrum_and_the_study(finished: Path) -> None:
    with opened(finished) as store:
        spectra = [
            item
            for item in store.records("minimum_vibrations", stage="overlaps")
            if item.record.complete
        ]
        wells = list(store.records("well_vibrations"))
    (spectrum,) = spectra
    assert len(spectrum.record.frequencies) == 450
    first = first_double_well(finished)
    for item in wells:
        is_first = item.number == first
        assert item.record.mobility_modes == 40
        assert np.isfinite(item.record.largest_mobility_all) == is_first
        assert (item.record.tangents is not None) == is_first
        if is_first:
            assert spectrum.chain == item.chain
            assert item.record.tangents.images == (6, 9)
            assert item.record.tangents.overlaps.shape[1] == 40


def test_counts_for_status(finished: Path) -> None:
    wells = records(finished, "well_vibrations")
    with opened(finished) as store:
        counts = store.counts()
    overlaps = counts["overlaps"]
    assert overlaps["double_wells"] == len(wells)
    assert overlaps["certified_overlaps"] == 3 * len(wells)
    assert overlaps["uncertified_overlaps"] == overlaps["incomplete"] == 0
    assert (overlaps["full_spectra"], overlaps["tangent_studies"]) == (1, 1)
    along = [w.seeded("displacement_ab").is_double_well for w in wells]
    assert overlaps["double_wells_along"] == sum(along)
    assert counts["modes"]["cubic_modes"] > 0


def test_the_number_of_workers_does_not_matter(finished: Path, run: Run) -> None:
    # After `finished` all kernels are in the cache of compiled code.
    one = run(workers=1, make_executor=None)
    two = run(workers=2, make_executor=None)
    assert digest(one) == digest(two)
    assert verify_store(two, PIPELINE.codec).is_sound


def test_a_broken_off_campaign_goes_on(
    finished: Path, paths_campaign: Path, tmp_path: Path
) -> None:
    """The coordinator dies after each of the first tasks of both stages."""
    plan = tmp_path / "plan.toml"
    plan.write_text(VIBRATIONS_PLAN, encoding="utf-8")
    directory = start_campaign(plan, tmp_path / "campaign", PIPELINE, paths_campaign)
    done: set[str] = set()

    def acknowledged(ids) -> None:
        with opened(directory) as store:
            stages = {row.task.stage for row in store.tasks() if row.task.id in ids}
        new = stages & {"modes", "overlaps"} - done
        done.update(new)
        if new:
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_campaign(
                directory,
                PIPELINE,
                workers=1,
                make_executor=InlineExecutor,
                acknowledged=acknowledged,
            )
    assert done == {"modes", "overlaps"}
    assert run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor).is_finished
    assert digest(directory) == digest(finished)


def test_a_task_that_follows_waits_for_its_other_inputs(tmp_path: Path) -> None:
    """Overlaps take products of the path that they follow, and of modes that are yet to come."""
    (tmp_path / "plan.toml").write_text(VIBRATIONS_PLAN, encoding="utf-8")
    directory = start_campaign(tmp_path / "plan.toml", tmp_path / "campaign", PIPELINE)
    path = Task(stage="paths", glass="g", number=0, seed=3)
    of_path = Ref(chain=path.chain, kind="double_well")
    modes = Task(stage="modes", glass="g", number=0, seed=3, inputs=(of_path,))
    of_modes = Ref(chain=modes.chain, kind="minimum_vibrations", optional=True)
    overlaps = Task(stage="overlaps", glass="g", number=0, seed=3, inputs=(of_path, of_modes))
    nothing = EncodedOutput(
        products=(), counts={}, state=None, chunks_left=1, cpu_seconds=0.0, wall_seconds=0.0
    )
    with Store(directory, PIPELINE.codec) as store, store.transaction():
        store.add_task(path, 3)
        for expected, next_tasks in (
            (path, [(modes, 5), (overlaps, 6)]),
            (modes, []),
            (overlaps, []),
        ):
            (row,) = store.claim(9)
            assert row.task.chain == expected.chain
            store.complete(row, nothing, next_tasks)
        assert not store.claim(9)


def test_switched_off_there_is_nothing(finished: Path, paths_campaign: Path) -> None:
    with opened(paths_campaign) as store:
        counts = store.product_counts()
        assert not list(store.tasks(stage="modes"))
        assert not list(store.tasks(stage="overlaps"))
    assert not {"minimum_vibrations", "well_vibrations"} & set(counts)
    assert counts["double_well"] == len(records(finished, "double_well"))


def test_fewer_pairs_without_spectra_and_studies(finished: Path, run: Run) -> None:
    directory = run("max_pairs = 2\nfull_spectra = 0\ntangent_studies = 0\n")
    with opened(directory) as store:
        found = list(store.records("well_vibrations"))
        spectra = list(store.records("minimum_vibrations"))
        numbers = {row.task.number for row in store.tasks(stage="overlaps")}
    assert len(numbers) == 2
    assert first_double_well(directory) in numbers
    assert {item.number for item in found} == numbers
    assert all(item.record.tangents is None for item in found)
    assert {item.stage for item in spectra} == {"modes"}
    # A plan that asks for less gives the same numbers for what it asks for.
    before = {
        (item.number, item.position): item.record.directions[0].overlap
        for item in opened_records(finished)
    }
    for item in found:
        assert item.record.directions[0].overlap == before[item.number, item.position]


def opened_records(directory: Path) -> list:
    with opened(directory) as store:
        return list(store.records("well_vibrations"))


def test_a_minimum_that_fails_costs_its_own_wells_only(finished: Path, run: Run) -> None:
    modes = PIPELINE.stage("modes")
    calls: list[int] = []

    def broken(task: TaskInput) -> TaskOutput:
        calls.append(1)
        if len(calls) == 1:
            raise ArithmeticError("no number")
        return modes.run(task)

    stages = [replace(each, run=broken) if each is modes else each for each in PIPELINE.stages]
    directory = run(pipeline=replace(PIPELINE, stages=tuple(stages)))
    with opened(directory) as store:
        (failed,) = store.tasks("failed")
        counts = store.counts()["overlaps"]
    assert (failed.task.stage, failed.reason) == ("modes", "arithmetic_error")
    wells = len(records(finished, "well_vibrations"))
    assert counts["wells_without_modes"] > 0
    assert counts["double_wells"] == wells - counts["wells_without_modes"] > 0


def again(directory: Path, number: int) -> tuple[WellVibrations, TaskOutput]:
    """The double well of the search of this number, related once more in this process."""
    with opened(directory) as store:
        (task,) = (row.task for row in store.tasks(stage="overlaps") if row.task.number == number)
        inputs = tuple(store.products(ref) for ref in task.inputs)
    output = stage.run_overlaps(
        TaskInput(
            inputs=inputs,
            state=None,
            parameters=task.parameters,
            seed=np.random.SeedSequence(1),
        )
    )
    (found,) = (r for _, r in output.products if isinstance(r, WellVibrations))
    return found, output


def test_a_study_that_fails_is_recorded(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("lost the way")

    monkeypatch.setattr(stage, "tangent_study", broken)
    item, output = again(finished, first_double_well(finished))
    assert item.tangents is None
    assert "tangent study" in item.failures[0]
    assert "lost the way" in item.failures[0]
    assert (output.counts["incomplete"], output.counts["tangent_studies"]) == (1, 0)
    assert output.counts["full_spectra"] == 1


def test_a_double_well_that_defies_everything_costs_its_own_record(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(finished) as store:
        number = next(
            row.task.number
            for row in store.tasks(stage="overlaps")
            if not row.task.parameters["full_spectrum"]
        )

    def broken(*values, **settings):
        raise np.linalg.LinAlgError("no spectrum")

    monkeypatch.setattr(stage, "normal_modes", broken)
    lost, output = again(finished, number)
    assert "no spectrum" in lost.failures[0]
    assert (lost.double_well, lost.seeds, lost.mobility_modes) == (0, (), 0)
    assert [d.direction for d in lost.directions] == list(DIRECTIONS)
    assert not any(d.certified for d in lost.directions)
    assert output.counts["incomplete"] == 1


def test_numbers_are_those_of_fields_before_they_are_rounded(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = first_double_well(finished)
    kept, _ = again(finished, number)
    monkeypatch.setattr(stage, "kept_well_vibrations", lambda found: found)
    exact, _ = again(finished, number)
    for name in ("directions", "seeds"):
        for one, other in zip(getattr(kept, name), getattr(exact, name), strict=True):
            assert (one.overlap, one.mobility) == (other.overlap, other.mobility)
    for name in ("linear_field", "cubic_field"):
        off = np.abs(getattr(kept, name) - getattr(exact, name)).max()
        assert FIELD / 10 < off <= FIELD / 2, name


def test_more_modes_than_there_are_means_all(finished: Path) -> None:
    with opened(finished) as store:
        task = next(row.task for row in store.tasks(stage="modes"))
        source = store.products(task.inputs[0])
    section = {**task.parameters["modes"], "count": 1000}
    output = stage.run_modes(
        TaskInput(
            inputs=(source,),
            state=None,
            parameters={**task.parameters, "modes": section},
            seed=np.random.SeedSequence(1),
        )
    )
    ((kind, found),) = output.products
    assert kind == "minimum_vibrations"
    assert found.complete
    assert len(found.frequencies) == 450


def test_what_follows_a_double_well() -> None:
    plan = parse_plan(VIBRATIONS_PLAN)
    well = Ref(chain="path", kind="double_well")
    minimum = Ref(chain="library", kind="structure", item=4)
    modes, overlaps = stage.follow_double_well(plan, "t0p1-0", 7, 3, well, (4, minimum))
    assert (modes.inputs, modes.number) == ((minimum,), 4)
    assert (overlaps.inputs[0], overlaps.number) == (well, 7)
    assert overlaps.inputs[1].chain == modes.label
    assert not overlaps.parameters["full_spectrum"]
    # The minimum of the first double well is left to `overlaps`.
    (first,) = stage.follow_double_well(plan, "t0p1-0", 7, 0, well, (4, minimum))
    assert first.inputs == (well,)
    assert first.parameters["full_spectrum"]
    few = parse_plan(VIBRATIONS_PLAN + "max_pairs = 3\n")
    assert stage.follow_double_well(few, "t0p1-0", 7, 3, well, (4, minimum)) == []
