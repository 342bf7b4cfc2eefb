"""Small report contents made by hand."""

import base64
import io
import re

import numpy as np

from glasswells.core.records import (
    Configuration,
    DoubleWell,
    EnergyProfile,
    Transition,
)
from glasswells.core.splittings import ContinuedSplitting, TunnelSplitting
from glasswells.khomenko2021 import SECTIONS
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.report import (
    ExplorationContent,
    Failure,
    GlassContent,
    Preparation,
    ReportContent,
    ShownWell,
    StageCost,
    choose_wells,
)
from glasswells.report.page import compose, page_of
from glasswells.report.picture import figure_style, write_picture
from glasswells.statistics import summarize_well
from glasswells.tunneling import ARGON, NIP

N = 40


def is_repeat(picture):
    """Whether it shows the same as another one, of a second double well or unit set."""
    return re.search(r"_[1-9](_|$)", picture.slug) is not None


def write_small(picture, directory):
    """A stand-in for `write_picture` that costs a tenth: no pixels, and no PDF with its fonts.

    Of figures of one kind the first is drawn.
    """
    buffer = io.BytesIO()
    if not is_repeat(picture):
        picture.figure.savefig(buffer, format="svg", metadata={"Date": None})
    (directory / f"{picture.slug}.svg").write_bytes(buffer.getvalue())
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def write_once(picture, directory):
    """As `write_picture`, of figures of one kind the first; the others as `write_small`."""
    write = write_small if is_repeat(picture) else write_picture
    return write(picture, directory)


def no_image(picture, directory):
    """A stand-in for `write_picture` that draws nothing."""
    return "data:image/png;base64,AAAA"


def write_quickly(made, directory, *, draw=no_image, sections=SECTIONS):
    """A page without the megabytes of the library, which are the same in each."""
    return compose(made, directory, sections, draw=draw, scripts=lambda _: ["0", "1"])


def every_table(made):
    """All tables of a report."""
    with figure_style():
        return page_of(made, SECTIONS).tables


def double_well(rng, barrier, asymmetry):
    box = np.array([3.0, 4.0, 5.0])
    a = Configuration(positions=rng.uniform(-1, 6, (N, 3)), diameters=np.ones(N), box=box)
    field = rng.normal(size=(N, 3)) * (0.3 * 0.7 ** np.arange(N))[:, None]
    s = np.linspace(0, 1, 21)
    energy = 16 * barrier * s**2 * (1 - s) ** 2 + asymmetry * (3 * s**2 - 2 * s**3)
    beyond = np.linspace(0, 0.5, 6)
    return DoubleWell(
        minimum_a=a,
        minimum_b=a.moved_to(a.positions + field),
        saddle=a.moved_to(a.positions + field / 2),
        barrier=float(energy.max()),
        asymmetry=asymmetry,
        profile=EnergyProfile(
            arc_length=s,
            energy=energy,
            curvature_a=30 * barrier,
            curvature_b=30 * barrier,
            beyond_a=(beyond, 15 * barrier * beyond**2),
            beyond_b=(beyond, asymmetry + 15 * barrier * beyond**2),
        ),
        displacement_ab=field,
        displacement_as=field / 2,
        tangent_a=field,
        frequency_a=float(rng.uniform(1, 2)),
        tangent_b=field,
        frequency_b=1.5,
        rho=0.01,
        path_length=1.0,
        participation_number=3.0,
        negative_eigenvalue=-1.0,
        route="fast",
    )


def splitting(value, units):
    return TunnelSplitting(
        levels=np.array([0.02, 0.02 + value, 0.09, 0.12]),
        splitting=value,
        error=1e-12,
        spread=0.1 * value,
        by_continuation={"straight": value, "harmonic": 1.2 * value},
        asymmetry=0.8 * value,
        tunneling_amplitude=0.6 * value,
        continuation="straight",
        units=units.name,
        reduced_hbar=units.reduced_hbar,
        is_two_level=value < units.tls_threshold,
        continuations={
            "straight": part(value, 0.031),
            "harmonic": part(1.2 * value, float("nan")),
        },
    )


def part(value, zero_point_a):
    return ContinuedSplitting(
        splitting=value,
        asymmetry=0.8 * value,
        tunneling_amplitude=0.6 * value,
        zero_point_a=zero_point_a,
        zero_point_b=0.029 + 0 * zero_point_a,
        is_single_well=False,
    )


def content(
    *, sizes=((12, 9, 15), (20,)), units=(ARGON, NIP), solved=(ARGON, NIP), name="demo", glass="g"
):
    """For each temperature the double wells of each glass; names may be hostile."""
    rng = np.random.default_rng(3)
    preparations, full, every = [], {}, []
    for temperature, counts in zip((0.07, 0.092), sizes, strict=False):
        glasses = []
        for k, n in enumerate(counts):
            own = f"{glass}{temperature:g}-{k}"
            wells = []
            for number in range(n):
                well = double_well(rng, 10 ** rng.uniform(-2, -0.5), rng.normal() * 0.01)
                found = {u.name: splitting(10 ** rng.uniform(-4, -1), u) for u in solved}
                full[own, number] = temperature, well
                wells.append(summarize_well(well, own, number, found))
            every += wells
            glasses.append(
                GlassContent(
                    name=own,
                    n_particles=N,
                    volume=60.0,
                    exploration=ExplorationContent(
                        energies=rng.normal(size=n + 1),
                        visits=rng.integers(1, 50, n + 1),
                        transitions=tuple(Transition(i=i, j=i + 1, count=3) for i in range(n)),
                        quenches=100,
                    ),
                    n_pairs=n + 2,
                    wells=tuple(wells),
                )
            )
        preparations.append(Preparation(temperature=temperature, glasses=tuple(glasses)))
    shown = []
    for title, w in choose_wells(every, units[0].name if units else "argon"):
        temperature, well = full[w.glass, w.number]
        shown.append(
            ShownWell(
                title=title,
                glass=w.glass,
                number=w.number,
                preparation_temperature=temperature,
                well=well,
                splittings=w.splittings,
            )
        )
    return ReportContent(
        name=name,
        preparations=tuple(preparations),
        units=units,
        model=SoftSpheres(),
        plan=f'[campaign]\nname = "{name}"\n',
        provenance=({"python": "3.12", "seed": "1"},),
        costs=(
            StageCost(stage="paths", done=9, failed=1, left=0, cpu_seconds=3.0, wall_seconds=4.0),
        ),
        shown=tuple(shown),
        failures=(
            Failure(stage="paths", glass=f"{glass}0", subject="pair 0-1", reason="same_minimum"),
        ),
    )
