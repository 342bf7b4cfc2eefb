"""Tunneling two-level systems in computer glasses, and their relation to soft vibrations.

The public names, each loaded from its room when it is first used: the command line answers
`--help` without loading compilers and solvers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from glasswells.core.version import __version__ as __version__

if TYPE_CHECKING:
    from glasswells.catalog import (
        Catalog,
        CatalogWell,
        LibraryEdition,
        LibraryWell,
        campaign_observables,
        double_well,
        double_wells,
        extract_double_well,
        library_edition,
        open_campaign,
        two_level_system,
        two_level_systems,
    )
    from glasswells.core.errors import ConvergenceError, GlasswellsError, InputError
    from glasswells.core.fields import participation_number, participation_ratio
    from glasswells.core.masses import displacement_of, mass_weighted
    from glasswells.core.outcomes import Outcome
    from glasswells.core.records import (
        Configuration,
        CubicMode,
        DoubleWell,
        EnergyProfile,
        FieldProfile,
        InherentStructure,
        MaxOverlap,
        Minimization,
        NormalModes,
        Pair,
        PathChain,
        PathFailure,
        Transition,
    )
    from glasswells.core.splittings import ContinuedSplitting, TunnelSplitting
    from glasswells.interchange.ase_atoms import from_ase, to_ase
    from glasswells.interchange.ase_calculator import AseCalculator
    from glasswells.interchange.ase_model import AseModel
    from glasswells.interchange.configurations import read_configuration, write_configuration
    from glasswells.interchange.lammps_model import LammpsModel
    from glasswells.interchange.shipped import Glass, glass
    from glasswells.landscape.close import close_pairs
    from glasswells.landscape.explore import Exploration, explore
    from glasswells.landscape.library import Identity, identity_scan
    from glasswells.landscape.linked import linked_pairs
    from glasswells.landscape.mechanism import BondChanges, Mechanism, bond_changes
    from glasswells.landscape.melt_quench import MeltQuenchSettings, melt_quench
    from glasswells.landscape.preparation import PreparedGlass
    from glasswells.landscape.push import Crossing, Pushes, PushSettings, push
    from glasswells.landscape.quench_report import MeltQuenchReport
    from glasswells.landscape.recognition import Recognition
    from glasswells.landscape.trajectory import ExplorationSettings
    from glasswells.mechanics import deformation_potential, elastic_moduli, stress
    from glasswells.mechanics.records import DeformationPotential, ElasticModuli
    from glasswells.minimization import MinimizerSettings, minimize
    from glasswells.model.diameters import draw_diameters
    from glasswells.model.functions import (
        energy,
        forces,
        fourth_order,
        hessian,
        hessian_product,
        third_order,
    )
    from glasswells.model.kob_andersen import KobAndersen
    from glasswells.model.soft_spheres import SoftSpheres
    from glasswells.model.stillinger_weber import StillingerWeber, StillingerWeberParameters
    from glasswells.modes import (
        cubic_mode,
        energy_along,
        max_overlap,
        mobility_overlap,
        normal_modes,
        overlap,
    )
    from glasswells.observables import (
        AttemptFrequencies,
        EstimatedFriction,
        Friction,
        Instanton,
        Medium,
        Network,
        Observables,
        ThermalWells,
        TransverseFrequencies,
        TunnelingStrength,
        TwoLevelStates,
        attempt_frequencies,
        find_instanton,
        instanton_between,
        internal_friction,
        network_friction,
        network_of,
        observables_of,
        profile_instanton,
        specific_heat,
        transverse_frequencies,
        tunneling_strength,
        with_zero_point,
    )
    from glasswells.paths import (
        band_tangent,
        diagnose_pair,
        find_double_well,
        find_double_wells,
        tangents,
    )
    from glasswells.paths.band import Band
    from glasswells.paths.images import path_images
    from glasswells.paths.tangents import PathTangents
    from glasswells.sampling.equilibrium import (
        EquilibrationReport,
        Measured,
        equilibration_report,
    )
    from glasswells.sampling.molecular_dynamics import (
        DynamicsCheckpoint,
        MolecularDynamics,
        molecular_dynamics,
    )
    from glasswells.sampling.relaxation import (
        Relaxation,
        SwapTrajectory,
        relaxation,
        swap_trajectory,
    )
    from glasswells.sampling.swap_monte_carlo import (
        SwapCheckpoint,
        SwapMonteCarlo,
        swap_monte_carlo,
    )
    from glasswells.statistics import Estimate, EstimatedCurve, Resampling
    from glasswells.tunneling import (
        ARGON,
        ARGON_PUBLISHED,
        METAL,
        NIP,
        NIP_PUBLISHED,
        SILICON,
        UnitSystem,
        solve_splitting,
    )
    from glasswells.vibrations import minimum_vibrations, tangent_study, well_vibrations
    from glasswells.vibrations.records import (
        DirectionOverlap,
        MinimumVibrations,
        ProfiledMode,
        SeededMode,
        TangentStudy,
        WellVibrations,
    )


_ROOMS = {
    "catalog": (
        "Catalog",
        "CatalogWell",
        "LibraryEdition",
        "LibraryWell",
        "campaign_observables",
        "double_well",
        "double_wells",
        "extract_double_well",
        "library_edition",
        "open_campaign",
        "two_level_system",
        "two_level_systems",
    ),
    "core.errors": ("ConvergenceError", "GlasswellsError", "InputError"),
    "core.fields": ("participation_number", "participation_ratio"),
    "core.masses": ("displacement_of", "mass_weighted"),
    "core.outcomes": ("Outcome",),
    "core.records": (
        "Configuration",
        "CubicMode",
        "DoubleWell",
        "EnergyProfile",
        "FieldProfile",
        "InherentStructure",
        "MaxOverlap",
        "Minimization",
        "NormalModes",
        "Pair",
        "PathChain",
        "PathFailure",
        "Transition",
    ),
    "core.splittings": ("ContinuedSplitting", "TunnelSplitting"),
    "interchange.ase_atoms": ("from_ase", "to_ase"),
    "interchange.ase_calculator": ("AseCalculator",),
    "interchange.ase_model": ("AseModel",),
    "interchange.configurations": ("read_configuration", "write_configuration"),
    "interchange.lammps_model": ("LammpsModel",),
    "interchange.shipped": ("Glass", "glass"),
    "landscape.close": ("close_pairs",),
    "landscape.explore": ("Exploration", "explore"),
    "landscape.library": ("Identity", "identity_scan"),
    "landscape.linked": ("linked_pairs",),
    "landscape.mechanism": ("BondChanges", "Mechanism", "bond_changes"),
    "landscape.melt_quench": ("MeltQuenchSettings", "melt_quench"),
    "landscape.preparation": ("PreparedGlass",),
    "landscape.push": ("Crossing", "PushSettings", "Pushes", "push"),
    "landscape.quench_report": ("MeltQuenchReport",),
    "landscape.recognition": ("Recognition",),
    "landscape.trajectory": ("ExplorationSettings",),
    "mechanics": ("deformation_potential", "elastic_moduli", "stress"),
    "mechanics.records": ("DeformationPotential", "ElasticModuli"),
    "minimization": ("MinimizerSettings", "minimize"),
    "model.diameters": ("draw_diameters",),
    "model.functions": (
        "energy",
        "forces",
        "fourth_order",
        "hessian",
        "hessian_product",
        "third_order",
    ),
    "model.kob_andersen": ("KobAndersen",),
    "model.soft_spheres": ("SoftSpheres",),
    "model.stillinger_weber": ("StillingerWeber", "StillingerWeberParameters"),
    "modes": (
        "cubic_mode",
        "energy_along",
        "max_overlap",
        "mobility_overlap",
        "normal_modes",
        "overlap",
    ),
    "observables": (
        "AttemptFrequencies",
        "EstimatedFriction",
        "Friction",
        "Instanton",
        "Medium",
        "Network",
        "Observables",
        "ThermalWells",
        "TransverseFrequencies",
        "TunnelingStrength",
        "TwoLevelStates",
        "attempt_frequencies",
        "find_instanton",
        "instanton_between",
        "internal_friction",
        "network_friction",
        "network_of",
        "observables_of",
        "profile_instanton",
        "specific_heat",
        "transverse_frequencies",
        "tunneling_strength",
        "with_zero_point",
    ),
    "paths": (
        "band_tangent",
        "diagnose_pair",
        "find_double_well",
        "find_double_wells",
        "tangents",
    ),
    "paths.band": ("Band",),
    "paths.images": ("path_images",),
    "paths.tangents": ("PathTangents",),
    "sampling.equilibrium": ("EquilibrationReport", "Measured", "equilibration_report"),
    "sampling.molecular_dynamics": (
        "DynamicsCheckpoint",
        "MolecularDynamics",
        "molecular_dynamics",
    ),
    "sampling.relaxation": ("Relaxation", "SwapTrajectory", "relaxation", "swap_trajectory"),
    "sampling.swap_monte_carlo": ("SwapCheckpoint", "SwapMonteCarlo", "swap_monte_carlo"),
    "statistics": ("Estimate", "EstimatedCurve", "Resampling"),
    "tunneling": (
        "ARGON",
        "ARGON_PUBLISHED",
        "METAL",
        "NIP",
        "NIP_PUBLISHED",
        "SILICON",
        "UnitSystem",
        "solve_splitting",
    ),
    "vibrations": ("minimum_vibrations", "tangent_study", "well_vibrations"),
    "vibrations.records": (
        "DirectionOverlap",
        "MinimumVibrations",
        "ProfiledMode",
        "SeededMode",
        "TangentStudy",
        "WellVibrations",
    ),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted(_ROOM_OF)


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'glasswells' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"glasswells.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
