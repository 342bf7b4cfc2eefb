"""Levels of polynomial potentials to many digits: harmonic-oscillator basis, mpmath."""

import mpmath as mp


def polynomial_levels(coefficients, reduced_hbar, n_basis=110, scale=0.95, digits=40):
    """Lowest four levels of -(hb^2/2) d^2/dx^2 + sum_k coefficients[k] x^k.

    `scale` is the length of the basis in units of (hb^2 / (8 c_4))^(1/6), the natural one of a
    quartic well. An even potential is solved in its two parity blocks.
    """
    with mp.workdps(digits):
        c = [mp.mpf(x) for x in coefficients]
        hb = mp.mpf(reduced_hbar)
        length = scale * (hb**2 / (8 * c[4])) ** (mp.mpf(1) / 6)
        padded = n_basis + len(c)
        position = {}
        for i in range(padded):
            position[i, i + 1] = position[i + 1, i] = length * mp.sqrt(mp.mpf(i + 1) / 2)
        h = {}
        omega = hb / length**2
        for i in range(n_basis):
            _add(h, i, i, hb * omega * (i + mp.mpf(1) / 2))
        power = {(i, i): mp.mpf(1) for i in range(padded)}
        for k, ck in enumerate(c):
            strength = ck - (omega**2 / 2 if k == 2 else 0)
            for (i, j), value in power.items():
                if i < n_basis and j < n_basis:
                    _add(h, i, j, strength * value)
            power = _times(power, position, padded)
        even = not any(c[1::2])
        blocks = [range(0, n_basis, 2), range(1, n_basis, 2)] if even else [range(n_basis)]
        levels = []
        for block in blocks:
            rows = list(block)
            matrix = mp.matrix(len(rows))
            for p, i in enumerate(rows):
                for q, j in enumerate(rows):
                    matrix[p, q] = h.get((i, j), 0)
            levels += list(mp.eigsy(matrix, eigvals_only=True))
        return sorted(levels)[:4]


def _add(table, i, j, value):
    table[i, j] = table.get((i, j), 0) + value


def _times(power, position, size):
    product = {}
    for (i, k), value in power.items():
        for j in (k - 1, k + 1):
            if 0 <= j < size and (k, j) in position:
                _add(product, i, j, value * position[k, j])
    return product
