"""The papers whose methods a campaign used."""

from __future__ import annotations

from collections.abc import Iterable

PAPERS = {
    "": (
        "D. Khomenko, D. R. Reichman, F. Zamponi, Relationship between two-level systems and "
        "quasilocalized normal modes in glasses, Phys. Rev. Materials 5, 055602 (2021): the "
        "pipeline as a whole.",
    ),
    "prepare": (
        "A. Ninarello, L. Berthier, D. Coslovich, Models and algorithms for the next generation "
        "of glass transition studies, Phys. Rev. X 7, 021039 (2017): swap Monte Carlo and the "
        "polydisperse soft spheres.",
    ),
    "explore": (
        "F. H. Stillinger, T. A. Weber, Hidden structure in liquids, Phys. Rev. A 25, 978 (1982): "
        "inherent structures.",
        "D. C. Liu, J. Nocedal, On the limited memory BFGS method for large scale optimization, "
        "Math. Program. 45, 503 (1989): the quench.",
    ),
    "paths": (
        "G. Henkelman, H. Jonsson, Improved tangent estimate in the nudged elastic band method, "
        "J. Chem. Phys. 113, 9978 (2000).",
        "G. Henkelman, B. P. Uberuaga, H. Jonsson, A climbing image nudged elastic band method, "
        "J. Chem. Phys. 113, 9901 (2000).",
    ),
    "splittings": (
        "P. W. Anderson, B. I. Halperin, C. M. Varma, Anomalous low-temperature thermal properties "
        "of glasses and spin glasses, Philos. Mag. 25, 1 (1972): two-level systems.",
        "W. A. Phillips, Tunneling states in amorphous solids, J. Low Temp. Phys. 7, 351 (1972).",
    ),
    "modes": (
        "L. Gartner, E. Lerner, Nonlinear plastic modes in disordered solids, Phys. Rev. E 93, "
        "011001 (2016): cubic modes and their barrier function.",
    ),
}
"""By stage; the empty name stands for every campaign."""


def citations(stages: Iterable[str]) -> list[str]:
    """The papers for a campaign that ran these stages."""
    return [paper for name in ("", *stages) for paper in PAPERS.get(name, ())]
