"""How far particles have moved between two configurations, as far as it matters."""

from __future__ import annotations

import numpy as np

from glasswells.core.compiler import kernel


@kernel
def moves_between(r_nc, other_nc, box_c, farthest, moved_nc):  # type: ignore[no-untyped-def]
    """Fill the moves from one configuration to another; the square of the largest.

    As `core.geometry.displacement`, the drift removed, where no particle has moved by more than
    `farthest`. Then the moves of any two particles differ by at most twice that, whatever the
    common translation, which tells the images apart. Elsewhere it stops with infinity.
    """
    n = r_nc.shape[0]
    x0, y0, z0 = (
        other_nc[0, 0] - r_nc[0, 0],
        other_nc[0, 1] - r_nc[0, 1],
        other_nc[0, 2] - r_nc[0, 2],
    )
    mean_x, mean_y, mean_z = 0.0, 0.0, 0.0
    for i in range(n):
        x = other_nc[i, 0] - r_nc[i, 0] - x0
        y = other_nc[i, 1] - r_nc[i, 1] - y0
        z = other_nc[i, 2] - r_nc[i, 2] - z0
        x -= box_c[0] * np.rint(x / box_c[0])
        y -= box_c[1] * np.rint(y / box_c[1])
        z -= box_c[2] * np.rint(z / box_c[2])
        if not x * x + y * y + z * z <= 4.0 * farthest * farthest:
            return np.inf
        moved_nc[i, 0], moved_nc[i, 1], moved_nc[i, 2] = x, y, z
        mean_x += x
        mean_y += y
        mean_z += z
    largest2 = 0.0
    for i in range(n):
        moved_nc[i, 0] -= mean_x / n
        moved_nc[i, 1] -= mean_y / n
        moved_nc[i, 2] -= mean_z / n
        x, y, z = moved_nc[i, 0], moved_nc[i, 1], moved_nc[i, 2]
        largest2 = max(largest2, x * x + y * y + z * z)
    return largest2
