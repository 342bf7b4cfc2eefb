"""One trajectory of an exploration: how it is made, what it met, and how to go on from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Interval

from glasswells.core.described import explained
from glasswells.core.limits import NotNegative, Positive, PositiveCount, check_limits
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, InherentStructure, Transition
from glasswells.landscape.known_places import KnownPlaces
from glasswells.landscape.library import Identity, Library
from glasswells.landscape.places import kept_place, unit_within
from glasswells.landscape.recognition import Recognition, Recognizer
from glasswells.minimization import MinimizerSettings, minimize_positions
from glasswells.minimization.settings import Descent
from glasswells.model.lane_vectors import LANES
from glasswells.model.pair_model import Interactions
from glasswells.model.precision import precision_of
from glasswells.sampling.molecular_dynamics import DynamicsCheckpoint


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class ExplorationSettings:
    """How a glass is explored; the one minimizer is part of the definition of its structures.

    The defaults are those of one trajectory that misses few transitions, in double precision. Plans
    have others, for many trajectories of a glass that are to see as much dynamics as possible.
    """

    temperature: Positive = 0.04
    """Temperature T_MD of the dynamics, below that of preparation: 0.04 in the paper, low enough to
    stay in the glass's metabasin."""
    interval: PositiveCount = 40
    """Steps between two quenches. With 20 to 100 few transitions are missed, and few quenches end
    where the last one did. Plans have 100: more dynamics in the same CPU time."""
    time_step: Positive = 0.01
    """Of velocity Verlet, in sigma sqrt(m/epsilon). The highest frequency is about 16, the limit of
    stability 0.125; energy drifts less than 1e-6 per particle in 1e6 steps. Plans have 0.02, which
    sees twice the time, with energy fluctuations four times as large."""
    friction: NotNegative = 0.0
    """Of a Langevin thermostat, per time; 0: constant energy, as drawn."""
    identity: Identity = field(default_factory=Identity)
    """When two minima are one."""
    recognition: Recognition = field(default_factory=Recognition)
    """When a quench may end early."""
    minimizer: MinimizerSettings = field(default_factory=MinimizerSettings)
    """Of all quenches."""
    lanes: Annotated[int, Interval(ge=1, le=LANES)] = 1
    """Trajectories that move and descend side by side at most, in single precision where that
    suffices: up to 16. 1: one after the other, in double precision throughout. Plans have 16 where
    a glass has eight trajectories or more and they can go side by side."""

    keep_places: bool = False
    """Whether the minima of pair models are kept at places on a grid, from which a descent finds
    them again (`places`): a tenth of the room on a disk. Then the dynamics goes on from positions
    and velocities on a grid after each quench, too, which a state is kept with; in lanes it always
    does. Campaigns keep places; in Python the minima themselves are at hand."""

    def __post_init__(self) -> None:
        check_limits(self)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ExplorationState:
    """One trajectory of an exploration, to go on from bit for bit."""

    dynamics: DynamicsCheckpoint
    structures: tuple[InherentStructure, ...]
    """Of pair models at places on a grid, see `places`; with their exact energies."""
    transitions: tuple[Transition, ...]
    last: int | None
    """Structure of the last quench; None before the first and after a failure."""
    quenches: int
    """Done so far."""
    evaluations: int
    """Energy-and-force evaluations of all quenches."""
    recognized: int
    """Quenches that ended early, in the harmonic region of a known structure."""
    failures: int
    """Quenches that did not converge."""
    outcome: Outcome
    """COMPLETED, or NOT_FINITE if the trajectory blew up and ended."""
    energy_resolution: float = 0.0
    """As that of `Exploration`."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TrajectoryGroup:
    """Trajectories of one glass that go on side by side."""

    trajectories: tuple[ExplorationState, ...]


class Trajectory:
    """A trajectory on its way: takes quenches in the order of time.

    Parameters
    ----------
    state, settings, interactions
        Where it is, how it goes on, and the energy.
    places
        As for `Library`; trajectories that go on together share it.
    """

    def __init__(
        self,
        state: ExplorationState,
        settings: ExplorationSettings,
        interactions: Interactions,
        places: KnownPlaces | None = None,
    ) -> None:
        self._before = state
        self._settings = settings
        self._interactions = interactions
        identity = settings.identity
        self._unit = unit_within(identity.displacement) if settings.keep_places else 0.0
        self._glass = state.dynamics.configuration()
        self._library = Library.from_structures(
            self._glass.box, settings.identity, state.structures, places
        )
        self._counts = Counter({(t.i, t.j): t.count for t in state.transitions})
        self._last = state.last
        self._tally = Counter[str]()
        self._resolution = state.energy_resolution
        self.dynamics = state.dynamics
        """Where the dynamics is."""
        self.outcome = state.outcome

    def __len__(self) -> int:
        """Structures met so far."""
        return len(self._library)

    def quench(
        self,
        interactions: Interactions,
        positions: Array,
        minimizer: MinimizerSettings,
        evaluations: int = 0,
    ) -> None:
        """Descend from positions (N, 3) and note where to; `evaluations` were spent before."""
        recognizer = self.recognizer()
        descent = minimize_positions(interactions, positions, minimizer, recognizer)
        step = max(descent.energy_jump, precision_of(interactions).energy)
        self._resolution = max(self._resolution, step)
        self.note(descent, recognizer.index, evaluations + descent.evaluations)

    def recognizer(self) -> Recognizer:
        """What recognizes the minima met so far."""
        recognition = self._settings.recognition
        return Recognizer(self._library, self._glass.box, recognition, unit=self._unit)

    def note(self, descent: Descent | None, recognized: int | None, evaluations: int) -> None:
        """The next quench ended so: in a minimum met before, or as the descent did."""
        found = recognized
        self._tally["quenches"] += 1
        self._tally["evaluations"] += evaluations
        if found is not None:
            self._tally["recognized"] += 1
            self._library.revisit(found)
        elif descent is not None and descent.outcome.converged:
            minimum = self._glass.moved_to(descent.positions)
            largest = self._settings.minimizer.max_force
            minimum = kept_place(self._interactions, minimum, largest, self._unit)
            found = self._library.visit(minimum, descent.energy)
        else:
            self._tally["failures"] += 1
        if self._last is not None and found is not None:
            self._counts[self._last, found] += 1
        self._last = found

    def state(self) -> ExplorationState:
        """To go on from."""
        before, tally = self._before, self._tally
        return ExplorationState(
            dynamics=self.dynamics,
            structures=self._library.structures,
            transitions=sorted_transitions(self._counts),
            last=self._last,
            quenches=before.quenches + tally["quenches"],
            evaluations=before.evaluations + tally["evaluations"],
            recognized=before.recognized + tally["recognized"],
            failures=before.failures + tally["failures"],
            outcome=self.outcome,
            energy_resolution=self._resolution,
        )


def sorted_transitions(counts: Counter[tuple[int, int]]) -> tuple[Transition, ...]:
    """Counts of passages as records, sorted by the two structures."""
    return tuple(Transition(i=i, j=j, count=n) for (i, j), n in sorted(counts.items()))
