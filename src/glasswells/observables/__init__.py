"""What experiments would measure of a catalog of double wells, from arrays of numbers."""

from glasswells.observables.active_set import find_instanton, profile_instanton
from glasswells.observables.attempts import AttemptFrequencies, attempt_frequencies
from glasswells.observables.beyond_path import (
    TransverseFrequencies,
    transverse_frequencies,
    with_zero_point,
)
from glasswells.observables.friction import (
    EstimatedFriction,
    Friction,
    internal_friction,
    well_friction,
)
from glasswells.observables.instanton import Instanton, instanton_between
from glasswells.observables.joined import network_of
from glasswells.observables.network import (
    largest_part,
    network_friction,
    occupations,
    rate_matrix,
)
from glasswells.observables.numbers import Observable, numbers
from glasswells.observables.parameters import ParameterDensity, parameter_density
from glasswells.observables.records import Medium, Network, ThermalWells, TwoLevelStates
from glasswells.observables.relaxation import (
    Crossover,
    activated_rate,
    crossover,
    one_phonon_rate,
)
from glasswells.observables.specific_heat import schottky, specific_heat
from glasswells.observables.strength import (
    TunnelingStrength,
    resonant_absorption,
    thermal_conductivity,
    tunneling_strength,
)
from glasswells.observables.summary import Observables, observables_of
from glasswells.observables.systems import SystemRelaxation

__all__ = [
    "AttemptFrequencies",
    "Crossover",
    "EstimatedFriction",
    "Friction",
    "Instanton",
    "Medium",
    "Network",
    "Observable",
    "Observables",
    "ParameterDensity",
    "SystemRelaxation",
    "ThermalWells",
    "TransverseFrequencies",
    "TunnelingStrength",
    "TwoLevelStates",
    "activated_rate",
    "attempt_frequencies",
    "crossover",
    "find_instanton",
    "instanton_between",
    "internal_friction",
    "largest_part",
    "network_friction",
    "network_of",
    "numbers",
    "observables_of",
    "occupations",
    "one_phonon_rate",
    "parameter_density",
    "profile_instanton",
    "rate_matrix",
    "resonant_absorption",
    "schottky",
    "specific_heat",
    "thermal_conductivity",
    "transverse_frequencies",
    "tunneling_strength",
    "well_friction",
    "with_zero_point",
]
