"""A campaign on a glass whose file has masses: from the plan to the exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.core.configuration import Configuration
from glasswells.core.masses import mass_weighted
from glasswells.engines.pool import InlineExecutor
from glasswells.export.campaign import export_campaign
from glasswells.interchange.configurations import write_configuration
from glasswells.minimization import minimize
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.molecular_dynamics import molecular_dynamics
from glasswells.stages.pipeline import PIPELINE

PLAN = """\
[campaign]
name = "heavy"
[glasses]
source = "files"
preparation_temperatures = [0.1]
counts = [1]
files = ["glass.xyz"]
[explore]
trajectories = 1
quenches = 30
interval = 40
exploration_temperature = 0.2
time_step = 0.005
[pairs]
rules = ["linked"]
min_transitions = 1
max_pairs = 3
[modes]
count = 12
images = [10]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished campaign."""
    path = tmp_path_factory.mktemp("heavy")
    sites = np.stack(np.meshgrid(*[np.arange(5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    rng = np.random.default_rng(3)
    start = Configuration(
        positions=sites + rng.uniform(-0.1, 0.1, (125, 3)),
        diameters=rng.uniform(0.8, 1.25, 125),
        box=np.full(3, 5.0),
        masses=np.where(rng.permutation(125) < 60, 0.53, 1.7),
    )
    model = SoftSpheres()
    liquid = molecular_dynamics(model, start, 0.3, 500, 1, 0.005, thermostat="langevin")
    write_configuration(minimize(model, liquid.configuration).configuration, path / "glass.xyz")
    (path / "plan.toml").write_text(PLAN)
    directory = start_campaign(path / "plan.toml", path / "done", PIPELINE)
    run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor)
    return path


def test_every_record_has_the_masses_of_the_file(folder: Path) -> None:
    with open_campaign(folder / "done", PIPELINE) as store:
        (glass,) = store.records("glass")
        masses = glass.record.configuration.masses
        assert set(masses) == {0.53, 1.7}
        (trajectory,) = store.records("trajectory")
        assert np.array_equal(trajectory.record.dynamics.masses, masses)
        structures = [item.record for item in store.records("structure")]
        assert len(structures) > 1
        wells = [item.record for item in store.records("double_well")]
        ends = [well.minimum_a for well in wells] + [well.saddle for well in wells]
        for configuration in [s.configuration for s in structures] + ends:
            assert np.array_equal(configuration.masses, masses)
        for well in wells:
            weighed = mass_weighted(well.minimum_a, well.displacement_ab)
            assert well.path_length >= np.linalg.norm(weighed)
            np.testing.assert_allclose(masses @ well.displacement_ab, 0, atol=1e-9)


def test_exports_have_them_beside_the_positions(folder: Path, tmp_path: Path) -> None:
    with open_campaign(folder / "done", PIPELINE) as store:
        (glass,) = store.records("glass")
        export_campaign(store, tmp_path, "csv")
    with np.load(tmp_path / "structure.t0p1-0.npz", allow_pickle=False) as arrays:
        found = arrays["1/configuration.masses"]
    assert np.array_equal(found, glass.record.configuration.masses)
