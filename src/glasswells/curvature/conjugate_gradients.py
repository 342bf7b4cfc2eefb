"""Solutions of M d = f by conjugate gradients, where M has no negative direction.

With the symmetric Gauss-Seidel preconditioner in the form of Eisenstat (SIAM J. Sci. Stat.
Comput. 2, 1, 1981): in the coordinates of `ScaledBlocks` M is I + L + U, and
(I + L)^-1 (I + L + U) (I + U)^-1 costs one backward and one forward sweep over the pairs, little
more than a product with M alone.
"""

from __future__ import annotations

import numpy as np

from glasswells.core.compiler import lean_kernel
from glasswells.curvature.scaled_blocks import scale, scale_transposed


@lean_kernel
def conjugate_gradients(scaled, force_d, tolerance, most_products, displacement_d):  # type: ignore[no-untyped-def]
    """Solve M d = f until the preconditioned residual has fallen by the factor `tolerance`.

    Fills the displacement d without its uniform part, on which forces do no work; the
    rounding of their sum is taken out, for M cannot answer it. Returns
    the number of products spent; its negative if a direction of negative curvature appeared:
    d then solves the equation on the directions before it.
    """
    square = begin(scaled, force_d)
    spent, _ = advance(scaled, square, tolerance * tolerance * square, most_products)
    finish(scaled, displacement_d)
    return spent


@lean_kernel
def begin(scaled, force_d):  # type: ignore[no-untyped-def]
    """Set residual, direction and solution for a new right-hand side; the residual's square."""
    residual, direction, solution = scaled.vector_vd[0], scaled.vector_vd[1], scaled.vector_vd[4]
    w = scaled.weight_n
    fx, fy, fz = translation_of(w, force_d)
    for i in range(w.shape[0]):
        d = 3 * i
        residual[d], residual[d + 1], residual[d + 2] = scale(
            scaled.scaling_nf,
            i,
            force_d[d] - w[i] * fx,
            force_d[d + 1] - w[i] * fy,
            force_d[d + 2] - w[i] * fz,
        )
    sweep_forth(scaled, residual)
    square = 0.0
    for d in range(residual.shape[0]):
        direction[d] = residual[d]
        solution[d] = 0.0
        square += residual[d] * residual[d]
    return square


@lean_kernel
def advance(scaled, square, goal, most_products):  # type: ignore[no-untyped-def]
    """Go on until the residual's square is at most `goal`; products spent, and the square.

    The products are negative if a direction of negative curvature appeared.
    """
    residual, direction, sweep = scaled.vector_vd[0], scaled.vector_vd[1], scaled.vector_vd[2]
    product, solution = scaled.vector_vd[3], scaled.vector_vd[4]
    spent = 0
    while spent < most_products and square > goal:
        sweep_back(scaled, direction, sweep)
        for d in range(product.shape[0]):
            product[d] = direction[d] - sweep[d]
        add_excess(scaled, sweep, product)
        sweep_forth(scaled, product)
        curvature = 0.0
        for d in range(product.shape[0]):
            product[d] += sweep[d]
            curvature += direction[d] * product[d]
        spent += 1
        if not curvature > 0.0:
            return -spent, square
        a = square / curvature
        new_square = 0.0
        for d in range(product.shape[0]):
            solution[d] += a * direction[d]
            residual[d] -= a * product[d]
            new_square += residual[d] * residual[d]
        b = new_square / square
        square = new_square
        for d in range(product.shape[0]):
            direction[d] = residual[d] + b * direction[d]
    return spent, square


@lean_kernel
def finish(scaled, out_d):  # type: ignore[no-untyped-def]
    """Fill the solution in plain coordinates, without its uniform part."""
    sweep, w = scaled.vector_vd[2], scaled.weight_n
    sweep_back(scaled, scaled.vector_vd[4], sweep)
    for d in range(0, out_d.shape[0], 3):
        out_d[d], out_d[d + 1], out_d[d + 2] = scale_transposed(
            scaled.scaling_nf, d // 3, sweep[d], sweep[d + 1], sweep[d + 2]
        )
    x, y, z = translation_of(w, out_d)
    for i in range(w.shape[0]):
        out_d[3 * i] -= w[i] * x
        out_d[3 * i + 1] -= w[i] * y
        out_d[3 * i + 2] -= w[i] * z


@lean_kernel
def residual_norm(scaled):  # type: ignore[no-untyped-def]
    """The residual |f - M d| in plain coordinates, G^-1 (I + L) of the preconditioned one."""
    start, partner, block = scaled.start, scaled.partner, scaled.block_pcc
    residual, rest, g = scaled.vector_vd[0], scaled.vector_vd[3], scaled.scaling_nf
    for d in range(residual.shape[0]):
        rest[d] = residual[d]
    for i in range(start.shape[0] - 1):
        x, y, z = residual[3 * i], residual[3 * i + 1], residual[3 * i + 2]
        for p in range(start[i], start[i + 1]):
            j = 3 * partner[p]
            rest[j] -= block[p, 0, 0] * x + block[p, 1, 0] * y + block[p, 2, 0] * z
            rest[j + 1] -= block[p, 0, 1] * x + block[p, 1, 1] * y + block[p, 2, 1] * z
            rest[j + 2] -= block[p, 0, 2] * x + block[p, 1, 2] * y + block[p, 2, 2] * z
    total = 0.0
    for i in range(g.shape[0]):
        x = rest[3 * i] / g[i, 0]
        y = (rest[3 * i + 1] - g[i, 1] * x) / g[i, 2]
        z = (rest[3 * i + 2] - g[i, 3] * x - g[i, 4] * y) / g[i, 5]
        total += x * x + y * y + z * z
    return np.sqrt(total)


@lean_kernel
def add_excess(scaled, in_d, out_d):  # type: ignore[no-untyped-def]
    """Add what the own blocks of particles with a lifted pivot are beyond the unit matrix."""
    for k in range(scaled.lifted.shape[0]):
        d = 3 * scaled.lifted[k]
        for a in range(3):
            for c in range(3):
                out_d[d + a] += scaled.excess_kcc[k, a, c] * in_d[d + c]


@lean_kernel
def sweep_back(scaled, in_d, out_d):  # type: ignore[no-untyped-def]
    """(I + U)^-1 v; the off-diagonal blocks of the Hessian are the negative pair blocks."""
    start, partner, block = scaled.start, scaled.partner, scaled.block_pcc
    for i in range(start.shape[0] - 2, -1, -1):
        x, y, z = in_d[3 * i], in_d[3 * i + 1], in_d[3 * i + 2]
        for p in range(start[i], start[i + 1]):
            j = 3 * partner[p]
            a, b, c = out_d[j], out_d[j + 1], out_d[j + 2]
            x += block[p, 0, 0] * a + block[p, 0, 1] * b + block[p, 0, 2] * c
            y += block[p, 1, 0] * a + block[p, 1, 1] * b + block[p, 1, 2] * c
            z += block[p, 2, 0] * a + block[p, 2, 1] * b + block[p, 2, 2] * c
        out_d[3 * i], out_d[3 * i + 1], out_d[3 * i + 2] = x, y, z


@lean_kernel
def sweep_forth(scaled, in_out_d):  # type: ignore[no-untyped-def]
    """(I + L)^-1 v, in place."""
    start, partner, block = scaled.start, scaled.partner, scaled.block_pcc
    for i in range(start.shape[0] - 1):
        x, y, z = in_out_d[3 * i], in_out_d[3 * i + 1], in_out_d[3 * i + 2]
        for p in range(start[i], start[i + 1]):
            j = 3 * partner[p]
            in_out_d[j] += block[p, 0, 0] * x + block[p, 1, 0] * y + block[p, 2, 0] * z
            in_out_d[j + 1] += block[p, 0, 1] * x + block[p, 1, 1] * y + block[p, 2, 1] * z
            in_out_d[j + 2] += block[p, 0, 2] * x + block[p, 1, 2] * y + block[p, 2, 2] * z


@lean_kernel
def translation_of(weight_n, field_d):  # type: ignore[no-untyped-def]
    """The t for which the field minus w_i t has no uniform part; zero where all weights are."""
    x, y, z, total = 0.0, 0.0, 0.0, 0.0
    for i in range(weight_n.shape[0]):
        w = weight_n[i]
        x += w * field_d[3 * i]
        y += w * field_d[3 * i + 1]
        z += w * field_d[3 * i + 2]
        total += w * w
    if total == 0.0:
        return 0.0, 0.0, 0.0
    return x / total, y / total, z / total
