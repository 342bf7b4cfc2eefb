"""L-BFGS directions for forces that derive from no energy, such as those of a band.

The two-loop recursion (Nocedal, Math. Comput. 35, 773 (1980)) on the inner products of the
history: the stored vectors, far larger than the cache for a band, are read twice per iteration.
"""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Array

SMALLEST_COSINE = 1e-4
"""A step at a larger angle to the change of the force shows no positive curvature: left out."""


class Directions:
    """The history of one relaxation: steps s and changes y of the negative force."""

    def __init__(self, memory: int, size: int, first_scale: float) -> None:
        self._memory = memory
        self._vectors = np.zeros((2, memory, size))
        self._step_change = np.zeros((memory, memory))
        self._change_change = np.zeros((memory, memory))
        self._slots: list[int] = []
        self._first_scale = first_scale
        self._scale = first_scale

    def forget(self) -> None:
        """Start again with a steepest-descent step."""
        self._slots.clear()
        self._scale = self._first_scale

    def remember(self, step: Array, change: Array) -> None:
        """Add the last step and the change of the negative force along it."""
        sy, ss, yy = step @ change, step @ step, change @ change
        if not sy > SMALLEST_COSINE * np.sqrt(ss * yy):
            return
        full = len(self._slots) == self._memory
        slot = self._slots.pop(0) if full else len(self._slots)
        self._vectors[0, slot], self._vectors[1, slot] = step, change
        self._slots.append(slot)
        filled = len(self._slots)
        products = self._vectors[:, :filled] @ change
        self._step_change[:filled, slot] = products[0]
        self._change_change[:filled, slot] = self._change_change[slot, :filled] = products[1]
        self._scale = float(sy / yy)

    def direction(self, force: Array) -> Array:
        """H f, H the approximate inverse Hessian."""
        scale, slots = self._scale, self._slots
        if not slots:
            return np.asarray(scale * force)
        # Slots are filled in order: what is empty need not be read.
        steps, changes = self._vectors[:, : len(slots)]
        step_force, change_force = steps @ force, changes @ force
        on_step, on_change = np.zeros(len(slots)), np.zeros(len(slots))
        for place in range(len(slots) - 1, -1, -1):
            i, newer = slots[place], slots[place + 1 :]
            value = float(step_force[i] + on_change[newer] @ self._step_change[i, newer])
            on_change[i] = -value / self._step_change[i, i]
        for place, i in enumerate(slots):
            older = slots[:place]
            value = scale * float(
                change_force[i] + on_change[slots] @ self._change_change[i, slots]
            )
            value += float(on_step[older] @ self._step_change[older, i])
            on_step[i] = -on_change[i] - value / self._step_change[i, i]
        result: Array = on_step @ steps
        result += (scale * on_change) @ changes
        result += scale * force
        return result
