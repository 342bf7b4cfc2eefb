"""Outcomes say what to do, and raise only on request."""

from __future__ import annotations

import pytest

from glasswells.core.errors import ConvergenceError
from glasswells.core.outcomes import Outcome


def test_only_converged_counts_as_converged():
    assert [outcome for outcome in Outcome if outcome.converged] == [Outcome.CONVERGED]
    Outcome.CONVERGED.raise_unless_converged("the quench")


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.CONVERGED])
def test_raising_names_what_failed_and_why(outcome):
    with pytest.raises(ConvergenceError) as error:
        outcome.raise_unless_converged("the quench")
    assert str(error.value) == f"the quench did not converge: {outcome.value}"
    assert isinstance(error.value, RuntimeError)


def test_texts_differ():
    assert len({outcome.value for outcome in Outcome}) == len(Outcome.__members__)
