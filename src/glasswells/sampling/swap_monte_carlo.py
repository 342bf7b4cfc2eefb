"""Swap Monte Carlo for continuous diameters: displacements and exchanges of diameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count, fraction, positive
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.progress import Progress, Report, reporting
from glasswells.core.random import seed_state
from glasswells.core.records import Array, Configuration, freeze
from glasswells.model.functions import energy
from glasswells.model.law import single_precision
from glasswells.model.pair_model import PairModel
from glasswells.sampling.lanes import LANES
from glasswells.sampling.swap_checks import check_swap_model
from glasswells.sampling.swap_kernels import SwapSettings, SwapTally, Workspace, swap_kernels
from glasswells.sampling.swap_lists import OVERFLOW, SLACK, SwapState

UNITS_PER_BOX = 2.0**32
"""Fixed-point units along a box edge."""
SKIN = 0.45
"""Flat optimum between 0.4 and 0.5 for glasses of soft spheres at density 1."""
TARGET_ACCEPTANCE = 0.4
"""Of displacements; the burn-in tunes the step towards it."""
BURN_IN_BLOCK = 5
"""Sweeps between two adjustments of the step in the burn-in."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SwapCheckpoint:
    """All that a swap Monte Carlo run needs to go on, bit for bit as if it had not been cut."""

    arrays: SwapState
    """Positions, diameters, lists and random state of the kernels."""
    diameters: Array
    """(N,) diameters in sigma, in double precision; `arrays.labels` says who holds which."""
    box: Array
    """(3,), edges in sigma."""
    max_displacement: float
    """Largest displacement of each component in sigma, as tuned."""
    sweeps: int
    """Sweeps done since the burn-in."""
    lists_for: str
    """The model and the skin that the lists in `arrays` were made for."""
    masses: Array = field(default=None)  # type: ignore[arg-type]  # None: an array of ones
    """(N,), in m; they go with the diameters. None: 1 for every particle."""

    def __post_init__(self) -> None:
        freeze(self, masses=np.ones(len(self.diameters)) if self.masses is None else self.masses)

    def configuration(self) -> Configuration:
        """The current configuration, positions inside the box."""
        units = self.arrays.records.reshape(-1, 4)[:, :3].view(np.uint32)
        return Configuration(
            positions=units * (self.box / UNITS_PER_BOX),
            diameters=self.diameters[self.arrays.labels],
            box=self.box,
            masses=self.masses[self.arrays.labels],
        )


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SwapMonteCarlo:
    """The outcome of a swap Monte Carlo run."""

    configuration: Configuration
    """The last configuration."""
    energies: Array
    """(S,) total potential energy in epsilon at `sample_sweeps`, in double precision."""
    sample_sweeps: Array
    """(S,) sweeps since the burn-in."""
    displacement_acceptance: float
    """Accepted over attempted displacements."""
    swap_acceptance: float
    """Accepted over attempted swaps; a pair outside the partner window counts as rejected."""
    max_displacement: float
    """Largest displacement of each component in sigma, frozen after the burn-in."""
    accepted_energy_change: float
    """Sum of the accepted energy changes since the burn-in in epsilon, as the moves saw them."""
    state: SwapCheckpoint
    """To go on from: pass as `state`."""


@expects(model=PairModel, configuration=Configuration)
def swap_monte_carlo(
    model: PairModel,
    configuration: Configuration,
    temperature: float,
    sweeps: int,
    seed: int | np.random.SeedSequence,
    swap_probability: float = 0.2,
    *,
    partner_window: float | None = 0.2,
    max_displacement: float = 0.06,
    burn_in: int | None = None,
    sample_interval: int | None = None,
    state: SwapCheckpoint | None = None,
    progress: Progress = False,
) -> SwapMonteCarlo:
    """Sample the canonical ensemble of a repulsive polydisperse system by swap Monte Carlo.

    A move is a swap with probability p, else a displacement uniform in a cube; both are accepted
    with probability min(1, exp(-dE/T)) (Ninarello, Berthier & Coslovich, PRX 7, 021039, 2017).
    A swap exchanges the diameters of two random particles and is proposed only if they differ by
    less than the partner window. Masses go with the diameters, as if the two particles had changed
    places; what is sampled does not depend on masses. Energy changes are summed in single
    precision (relative error about 1e-6); coordinates are integers in units of box/2^32.

    Parameters
    ----------
    model
        A purely repulsive pair model.
    configuration
        Where to start; not used, but checked, if `state` is given.
    temperature
        T > 0, energy.
    sweeps
        N attempted moves each, after the burn-in.
    seed
        Of the random stream; not used if `state` is given, which carries its own.
    swap_probability
        p in [0, 1].
    partner_window
        Length; None: any two particles may swap.
    max_displacement
        Of each component at the start; tuned towards 40 % acceptance in the burn-in, then frozen:
        a step that keeps adapting breaks detailed balance.
    burn_in
        Sweeps of tuning; by default a tenth of `sweeps`, at most 100, and none with `state`.
    sample_interval
        Sweeps between two energy samples; by default a hundredth of `sweeps`.
    state
        Of an earlier run of the same system, to go on from. Its neighbor lists are made anew if
        they do not fit the model.
    progress
        True: a bar; or a function of the sweeps done (those of the burn-in included), their number
        and a text, called after each sample.

    Raises
    ------
    InputError
        For a model that is no pair model, attracts, or whose ranges fall as diameters rise; bad
        numbers; a configuration that the model cannot describe or that overlaps; a state of
        another system.
    """
    check_swap_model(model, configuration)
    sweeps = count("sweeps", sweeps)
    temperature = positive("temperature", temperature)
    run = _Run(
        model=model,
        temperature=temperature,
        swap_probability=fraction("swap_probability", swap_probability),
        partner_window=np.inf
        if partner_window is None
        else positive("partner_window", partner_window),
    )
    energy(model, configuration)  # refuses overlaps, and boxes too small for the model
    if state is None:
        checkpoint = run.with_own_lists(
            start_checkpoint(configuration, seed, positive("max_displacement", max_displacement))
        )
        burn_in = min(100, sweeps // 10) if burn_in is None else count("burn_in", burn_in)
    else:
        _check_same_system(state, configuration)
        checkpoint, burn_in = run.with_own_lists(state), count("burn_in", burn_in or 0)
    if sample_interval is None:
        sample_interval = max(1, sweeps // 100)
    interval = count("sample_interval", sample_interval, minimum=1)
    with reporting(progress, "swap Monte Carlo", burn_in + sweeps) as report:
        checkpoint = run.tune(checkpoint, burn_in, report)
        return run.sample(checkpoint, sweeps, interval, report)


def start_checkpoint(
    configuration: Configuration, seed: int | np.random.SeedSequence, max_displacement: float
) -> SwapCheckpoint:
    """The state of a run that begins: lists are made by the first advance."""
    n = configuration.n_particles
    box = configuration.box
    fractions = configuration.positions / box
    units = np.rint((fractions - np.floor(fractions)) * UNITS_PER_BOX).astype(np.uint64)
    fixed = units.astype(np.uint32).view(np.int32)  # 2^32 wraps to 0
    records = np.empty((n, 4), dtype=np.int32)
    records[:, :3] = fixed
    records[:, 3] = configuration.diameters.astype(np.float32).view(np.int32)
    padded = -(-n // LANES) * LANES
    reference = np.zeros((3, padded), dtype=np.int32)
    reference[:, :n] = fixed.T
    diameters = np.zeros(padded, dtype=np.float32)
    diameters[:n] = configuration.diameters
    arrays = SwapState(
        records=records.ravel(),
        labels=np.arange(n),
        reference=reference,
        diameters=diameters,
        neighbors=np.zeros(0, dtype=np.uint32),
        counts=np.zeros(n, dtype=np.int64),
        random=seed_state(seed),
        capacity=0,
    )
    return SwapCheckpoint(
        arrays=arrays,
        diameters=configuration.diameters,
        masses=configuration.masses,
        box=box,
        max_displacement=max_displacement,
        sweeps=0,
        lists_for="",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """The fixed parameters of one call."""

    model: PairModel
    temperature: float
    swap_probability: float
    partner_window: float

    @property
    def lists_for(self) -> str:
        """What neighbor lists depend on besides the particles."""
        return f"{self.model}, skin {SKIN}"

    def with_own_lists(self, checkpoint: SwapCheckpoint) -> SwapCheckpoint:
        """The checkpoint as it is; without its lists if those are of another model or skin."""
        if checkpoint.lists_for == self.lists_for:
            return checkpoint
        arrays = checkpoint.arrays
        reference = np.zeros_like(arrays.reference)
        reference[:, : len(arrays.counts)] = arrays.records.reshape(-1, 4)[:, :3].T
        empty = np.zeros(0, dtype=np.uint32)
        return _with(
            checkpoint,
            arrays=arrays._replace(reference=reference, neighbors=empty, capacity=0),
            lists_for=self.lists_for,
        )

    def tune(self, checkpoint: SwapCheckpoint, sweeps: int, report: Report) -> SwapCheckpoint:
        """Adapt the step towards the target acceptance; these sweeps are not sampled."""
        done = 0
        while done < sweeps:
            block = min(BURN_IN_BLOCK, sweeps - done)
            checkpoint, tally = self.advance(checkpoint, block)
            done += block
            report(block, "burn-in")
            if tally.displacements == 0:
                continue
            acceptance = tally.displacements_accepted / tally.displacements
            factor = np.clip(acceptance / TARGET_ACCEPTANCE, 0.8, 1.25)
            step = min(float(factor) * checkpoint.max_displacement, largest_step())
            checkpoint = _with(checkpoint, max_displacement=step)
        return _with(checkpoint, sweeps=0) if sweeps else checkpoint

    def sample(
        self, checkpoint: SwapCheckpoint, sweeps: int, interval: int, report: Report
    ) -> SwapMonteCarlo:
        """Advance with a frozen step and sample the energy at multiples of `interval`."""
        end = checkpoint.sweeps + sweeps
        tallies, energies, sampled = [], [], []
        while checkpoint.sweeps < end:
            block = min(interval - checkpoint.sweeps % interval, end - checkpoint.sweeps)
            checkpoint, tally = self.advance(checkpoint, block)
            tallies.append(tally)
            report(block)
            if checkpoint.sweeps % interval == 0:
                energies.append(energy(self.model, checkpoint.configuration()))
                sampled.append(checkpoint.sweeps)
        result = SwapMonteCarlo(
            configuration=checkpoint.configuration(),
            energies=np.array(energies),
            sample_sweeps=np.array(sampled, dtype=np.float64),
            displacement_acceptance=_ratio(tallies, "displacements"),
            swap_acceptance=_ratio(tallies, "swaps"),
            max_displacement=checkpoint.max_displacement,
            accepted_energy_change=sum(t.energy_change for t in tallies),
            state=checkpoint,
        )
        freeze(result, energies=result.energies, sample_sweeps=result.sample_sweeps)
        return result

    def advance(self, checkpoint: SwapCheckpoint, sweeps: int) -> tuple[SwapCheckpoint, SwapTally]:
        """Run the kernel on a copy of the state, with longer rows whenever one overflows."""
        kernels = swap_kernels(self.model.law)
        constants = single_precision(self.model.constants)
        settings = self._settings(checkpoint, sweeps)
        capacity = max(3 * LANES, checkpoint.arrays.capacity)
        while True:
            arrays = _copy_with_capacity(checkpoint.arrays, capacity)
            workspace = _workspace(arrays)
            status = 0
            if checkpoint.arrays.capacity == 0:
                status = kernels.make_lists(arrays, settings, constants, workspace)
            if status != OVERFLOW:
                tally = SwapTally(*kernels.run(arrays, settings, constants, workspace))
                status = tally.status
            if status != OVERFLOW:
                done = checkpoint.sweeps + sweeps
                return _with(checkpoint, arrays=arrays, sweeps=done), tally
            capacity += LANES

    def _settings(self, checkpoint: SwapCheckpoint, sweeps: int) -> SwapSettings:
        step = checkpoint.max_displacement
        if step > largest_step():
            raise InputError(
                f"max_displacement is {step:g}, expected at most {largest_step():g}: larger steps "
                f"would leave the neighbor lists"
            )
        unit = checkpoint.box / UNITS_PER_BOX
        x, y, z = (np.float32(u) for u in unit)
        return SwapSettings(
            moves=sweeps * len(checkpoint.diameters),
            temperature=self.temperature,
            swap_threshold=round(self.swap_probability * 2**32),
            half_span=(round(step / unit[0]), round(step / unit[1]), round(step / unit[2])),
            partner_window=np.float32(self.partner_window),
            scale=(x, y, z),
            skin=np.float32(SKIN) + SLACK,
            half_skin2=np.float32((0.5 * SKIN) ** 2),
        )


def largest_step() -> float:
    """Largest component of a displacement that stays within half the skin of its start."""
    return 0.99 * 0.5 * SKIN / 3**0.5


def _ratio(tallies: list[SwapTally], kind: str) -> float:
    attempted = sum(getattr(t, kind) for t in tallies)
    return sum(getattr(t, f"{kind}_accepted") for t in tallies) / attempted if attempted else 0.0


def _with(checkpoint: SwapCheckpoint, **changes: Any) -> SwapCheckpoint:
    fields = {name: getattr(checkpoint, name) for name in SwapCheckpoint.__slots__}
    return SwapCheckpoint(**{**fields, **changes})


def _copy_with_capacity(arrays: SwapState, capacity: int) -> SwapState:
    """A copy of the state, its neighbor rows lengthened; the order of the lists is kept."""
    n = len(arrays.counts)
    rows = np.repeat(np.arange(n, dtype=np.uint32)[:, None], capacity, axis=1)
    rows[:, : arrays.capacity] = arrays.neighbors.reshape(n, arrays.capacity)
    copies: dict[str, Any] = {k: np.copy(v) for k, v in arrays._asdict().items()}
    return SwapState(**{**copies, "neighbors": rows.ravel(), "capacity": capacity})


def _workspace(arrays: SwapState) -> Workspace:
    padded = len(arrays.diameters)
    buffer = np.zeros(4 * LANES, dtype=np.int32)
    return Workspace(
        buffer=buffer,
        lengths=buffer.view(np.float32),
        mask=np.zeros(padded, dtype=np.uint8),
        mark=np.zeros(padded, dtype=np.uint8),
        row=np.zeros(arrays.capacity, dtype=np.uint32),
    )


def _check_same_system(state: SwapCheckpoint, configuration: Configuration) -> None:
    same = len(state.diameters) == configuration.n_particles and np.array_equal(
        state.box, configuration.box
    )
    if same:
        (d, m), (d_now, m_now) = ((c.diameters, c.masses) for c in (state, configuration))
        order, order_now = np.lexsort((m, d)), np.lexsort((m_now, d_now))
        same = np.array_equal(d[order], d_now[order_now]) and np.array_equal(
            m[order], m_now[order_now]
        )
    if not same:
        raise InputError(
            f"state is of {len(state.diameters)} particles in the box {state.box}, expected the "
            f"diameters, masses and box of the configuration ({configuration.n_particles} "
            f"particles, {configuration.box}): pass the configuration that the state came with"
        )
