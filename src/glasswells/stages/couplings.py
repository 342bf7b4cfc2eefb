"""Stage `couplings`: how the double wells of a pair couple to strain, and how often they try."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from glasswells.core.described import described
from glasswells.core.one_thread import one_thread
from glasswells.core.records import Array, DoubleWell, freeze
from glasswells.mechanics import deformation_potential
from glasswells.mechanics.records import DeformationPotential
from glasswells.model.pair_model import Model
from glasswells.observables.attempts import WellDeterminants, well_determinants
from glasswells.plan.couplings import CouplingsSection
from glasswells.plan.model import build_model
from glasswells.plan.plan import Plan
from glasswells.stages.units import FREQUENCY
from glasswells.store.pipeline import Stage
from glasswells.store.tasks import TaskInput, TaskOutput
from glasswells.vibrations.attempts import attempt


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WellCouplings:
    """What strain and heat do to a double well; NaN for what could not be computed."""

    double_well: int
    """Number among the double wells of the same pair."""
    deformation_potential: Array = field(default_factory=lambda: np.full((3, 3), np.nan))
    """(3, 3), g_ab = V (sigma_ab(B) - sigma_ab(A)) of the classical minima."""
    gamma_longitudinal: float = np.nan
    """Root mean square of gamma = g/2 over directions, longitudinal waves."""
    gamma_transverse: float = np.nan
    """The same for transverse waves, by the angle of shear, over polarizations too."""
    log_determinant_a: float = np.nan
    """ln of the product of the eigenvalues of the mass-weighted Hessian in A, those of
    translations left out; eigenvalues in epsilon/(m sigma^2)."""
    log_determinant_saddle: float = np.nan
    """The same at the saddle, its one negative eigenvalue left out, too."""
    log_determinant_b: float = np.nan
    """The same in B, as in A."""
    attempt_frequency_a: float = np.nan
    """Vineyard's: exp((log_determinant_a - log_determinant_saddle) / 2), an angular frequency."""
    attempt_frequency_b: float = np.nan
    """The same from B."""
    failures: tuple[str, ...] = ()
    """What could not be computed, and why."""

    def __post_init__(self) -> None:
        freeze(self, deformation_potential=self.deformation_potential)


def couplings_parameters(plan: Plan) -> dict[str, Any] | None:
    """What the products of this stage depend on."""
    if not plan.couplings.enabled:
        return None
    return {"model": plan.model_parameters, "vineyard": plan.couplings.vineyard}


def run_couplings(task: TaskInput) -> TaskOutput:
    """All double wells of one pair."""
    ((*double_wells,),) = task.inputs
    model = build_model(task.parameters["model"])
    with one_thread():  # more threads add up in another order
        found = [
            _couplings(model, well, number, task.parameters["vineyard"])
            for number, well in enumerate(double_wells)
        ]
    counts = {
        "double_wells": len(found),
        "attempt_frequencies": sum(bool(np.isfinite(f.attempt_frequency_a)) for f in found),
        "incomplete": sum(bool(f.failures) for f in found),
    }
    return TaskOutput(products=tuple(("well_couplings", f) for f in found), counts=counts)


def _couplings(model: Model, well: DoubleWell, number: int, vineyard: bool) -> WellCouplings:
    failures: list[str] = []
    known: dict[str, Any] = {}
    strain = attempt("strain", partial(deformation_potential, model, well), failures)
    if strain is not None:
        known |= _of_strain(strain)
    if vineyard:
        modes = attempt("vineyard", partial(well_determinants, model, well), failures)
        known |= {} if modes is None else _of_modes(modes)
    return WellCouplings(double_well=number, failures=tuple(failures), **known)


def _of_strain(found: DeformationPotential) -> dict[str, Any]:
    return {
        "deformation_potential": found.tensor,
        "gamma_longitudinal": found.gamma_longitudinal2**0.5,
        "gamma_transverse": found.gamma_transverse2**0.5,
    }


def _of_modes(found: WellDeterminants) -> dict[str, float]:
    return {
        "log_determinant_a": found.a,
        "log_determinant_saddle": found.saddle,
        "log_determinant_b": found.b,
        "attempt_frequency_a": found.attempts.a,
        "attempt_frequency_b": found.attempts.b,
    }


COUPLINGS = Stage(
    name="couplings",
    title="couplings and attempts",
    run=run_couplings,
    settings={"couplings": CouplingsSection},
    takes=("double_well",),
    asked_by="double_well",
    parameters=couplings_parameters,
    gives={"well_couplings": WellCouplings},
    about_wells=frozenset({"well_couplings"}),
    units={
        **dict.fromkeys(("gamma_longitudinal", "gamma_transverse"), "epsilon"),
        **dict.fromkeys(("attempt_frequency_a", "attempt_frequency_b"), FREQUENCY),
        **dict.fromkeys(("log_determinant_a", "log_determinant_saddle", "log_determinant_b"), "1"),
    },
    cites=(
        "W. A. Phillips, Two-level states in glasses, Rep. Prog. Phys. 50, 1657 (1987): coupling "
        "to strain, gamma.",
        "G. H. Vineyard, Frequency factors and isotope effects in solid state rate processes, J. "
        "Phys. Chem. Solids 3, 121 (1957): attempt frequencies.",
    ),
)
