"""Engines that lose tasks, take none any more or give up cost a campaign nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any

import pytest
from toy_runs import DONE, Start, digest, run_inline

from glasswells.engines.errors import EngineError
from glasswells.engines.pool import EngineLostError, InlineExecutor, WorkerLostError


class Unreliable(InlineExecutor):
    """Loses some tasks, by one error or another, and takes none any more now and then."""

    made = 0

    def __init__(self, error: type[Exception], fraction: float) -> None:
        Unreliable.made += 1
        self._error = error
        self._fraction = fraction
        self._generator = random.Random(Unreliable.made)  # noqa: S311 (no secrets here)

    def submit(self, function: Callable[..., Any], /, *values: Any, **named: Any) -> Future[Any]:
        if self._error is EngineLostError and self._generator.random() < self._fraction:
            raise EngineLostError("gone")
        if self._generator.random() >= self._fraction:
            return super().submit(function, *values, **named)
        future: Future[Any] = Future()
        future.set_exception(self._error("gone"))
        return future


@pytest.mark.parametrize("error", [EngineLostError, WorkerLostError, BrokenExecutor])
def test_what_an_engine_loses_is_done_again(start: Start, error: type[Exception]) -> None:
    whole, lost = start("whole"), start("lost")
    run_inline(whole)
    Unreliable.made = 0
    acknowledged: list[str] = []
    assert (
        run_inline(
            lost,
            workers=3,
            make_executor=lambda: Unreliable(error, 0.1),
            acknowledged=acknowledged.extend,
        )
        == DONE
    )
    assert digest(lost) == digest(whole)
    assert len(acknowledged) == len(set(acknowledged))
    assert (Unreliable.made > 1) == (error is not WorkerLostError), "who needs a new executor"


def test_an_engine_that_cannot_be_made_again_leaves_a_campaign_that_can_be_resumed(
    start: Start,
) -> None:
    whole, lost = start("whole"), start("lost")
    run_inline(whole)
    Unreliable.made = 0

    def make() -> Executor:
        if Unreliable.made == 2:
            raise EngineError("no answer")
        return Unreliable(EngineLostError, 0.05)

    with pytest.raises(EngineError, match="no answer"):
        run_inline(lost, workers=3, make_executor=make)
    assert run_inline(lost) == DONE
    assert digest(lost) == digest(whole)


def test_an_engine_that_gives_up_leaves_a_campaign_that_can_be_resumed(start: Start) -> None:
    """By the error of a task that it had, whatever becomes of the others."""
    whole, lost = start("whole"), start("lost")
    run_inline(whole)
    Unreliable.made = 0
    with pytest.raises(EngineError, match="gone"):
        run_inline(lost, workers=3, make_executor=lambda: Unreliable(EngineError, 0.2))
    assert Unreliable.made == 1, "it is not made again"
    assert run_inline(lost) == DONE
    assert digest(lost) == digest(whole)
