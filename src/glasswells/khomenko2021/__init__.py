"""The paper that this package follows: its figures 2 to 8, its counts and its claims.

D. Khomenko, D. R. Reichman and F. Zamponi, Phys. Rev. Materials 5, 055602 (2021),
doi:10.1103/PhysRevMaterials.5.055602.
"""

from glasswells.khomenko2021.claims import Claim, Verdict, judge, reserved
from glasswells.khomenko2021.counts import PAPER_COUNTS, PaperCounts
from glasswells.khomenko2021.sections import SECTIONS
from glasswells.khomenko2021.verdicts import verdicts

__all__ = [
    "PAPER_COUNTS",
    "SECTIONS",
    "Claim",
    "PaperCounts",
    "Verdict",
    "judge",
    "reserved",
    "verdicts",
]
