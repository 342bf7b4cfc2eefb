"""A claim as a range for a measured number, and the word that follows from an interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from glasswells.statistics.bootstrap import Estimate

AGREES, DISAGREES, UNDECIDED = "agrees", "disagrees", "undecided"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Something that the paper says, as a range in which a measured number has to lie."""

    section: str
    paper: str
    """What the paper says."""
    quantity: str
    """What is measured."""
    low: float = -np.inf
    high: float = np.inf
    """The claim holds between these."""
    always: bool = False
    """Whether a single exception refutes it; `low` is then the fraction known to be without one."""

    @property
    def rule(self) -> str:
        """The range in words."""
        if self.always:
            return f"no exception, and the interval above {self.low:g}"
        if np.isinf(self.low):
            return f"below {self.high:g}"
        if np.isinf(self.high):
            return f"above {self.low:g}"
        return f"between {self.low:g} and {self.high:g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A claim and what became of it."""

    claim: Claim
    wells: str
    """Which double wells."""
    estimate: Estimate | None
    """Over distinct double wells; None if there is nothing to measure it with."""
    word: str
    """`agrees`, `disagrees` or `undecided`."""
    remark: str = ""
    with_copies: Estimate | None = None
    """The same over all double wells, the same core counted as often as it was met."""
    reservation: str = ""
    """Why these glasses cannot decide it, whatever the interval."""

    @property
    def word_with_copies(self) -> str:
        """The word for that."""
        return UNDECIDED if self.reservation else judge(self.claim, self.with_copies)

    @property
    def reason(self) -> str:
        """Why it is undecided; empty if it is not."""
        if self.word != UNDECIDED:
            return ""
        if self.estimate is None:
            return "nothing measured"
        return self.reservation or "the interval reaches beyond the limit"


def reserved(verdict: Verdict, *, are_equilibrated: bool) -> Verdict:
    """The same, left undecided where its glasses cannot speak for others.

    Parameters
    ----------
    verdict
        By its interval alone.
    are_equilibrated
        False if any of the glasses is known not to be: its double wells are not those of its
        preparation temperature.
    """
    if verdict.estimate is None:
        return verdict
    reasons = []
    if verdict.estimate.n_glasses < 2:
        reasons.append("needs several glasses")
    if not are_equilibrated:
        reasons.append("needs equilibrated glasses")
    if not reasons:
        return verdict
    return replace(verdict, word=UNDECIDED, reservation=", ".join(reasons))


def judge(claim: Claim, estimate: Estimate | None) -> str:
    """The word for a claim, from the confidence interval of the measured number.

    `agrees` if the interval lies inside the range of the claim, `disagrees` if it lies outside,
    `undecided` if it holds an end of the range, or if there is no interval. A claim about
    every case also disagrees if a single case is known to differ.
    """
    if estimate is None:
        return UNDECIDED
    if claim.always and estimate.value < 1.0:
        return DISAGREES
    if claim.low < estimate.low and estimate.high < claim.high:
        return AGREES
    if claim.always:
        return UNDECIDED
    if estimate.high < claim.low or claim.high < estimate.low:
        return DISAGREES
    return UNDECIDED
