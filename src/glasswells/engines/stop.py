"""Why and when a run should end before its work does: signals and the wall clock."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from glasswells.core.errors import InputError

STOPS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU")
    if hasattr(signal, name)
)
"""Ctrl-C; what batch systems send at the end; a terminal that closes; what some batch systems send
a while before the end; a limit of processor time."""
GRACE = 8.0
"""Seconds that chunks in flight get to finish in. Ten from the signal to the exit is the goal, and
batch systems kill after 30 or more."""
EXIT_TIME = 2.0
"""Seconds for saving what came and closing the store, kept free before the end of a walltime."""


class StopRequest:
    """Turns true when the run should end; catches signals while it is entered.

    Parameters
    ----------
    walltime
        Seconds from now by which the process should have ended; None: no limit.
    grace
        Seconds that chunks in flight get.
    clock
        Seconds since some moment; by default the clock that never goes back.
    """

    def __init__(
        self,
        walltime: float | None = None,
        grace: float = GRACE,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock or time.monotonic
        self.reason = ""
        """`signal SIGTERM` and the like, or `walltime`; empty as long as the run should go on."""
        self._deadline: float | None = None
        if walltime is not None:
            reserve = min(grace + EXIT_TIME, walltime / 2)
            grace = min(grace, reserve / 2)
            self._deadline = self._clock() + walltime - reserve
        self._grace = grace
        self._patience_ends = 0.0
        self._previous: dict[int, Any] = {}

    @property
    def is_requested(self) -> bool:
        """Whether to stop handing out tasks."""
        if not self.reason and self._deadline is not None and self._clock() > self._deadline:
            self.request("walltime")
        return bool(self.reason)

    @property
    def patience(self) -> float:
        """Seconds that chunks in flight still have."""
        return max(0.0, self._patience_ends - self._clock())

    def request(self, reason: str) -> None:
        """Ask for the end; a second time: without waiting for chunks in flight."""
        self._patience_ends = self._clock() + (0.0 if self.reason else self._grace)
        self.reason = self.reason or reason

    def __enter__(self) -> StopRequest:
        # Only the main thread may set handlers; elsewhere signals are the caller's business.
        if threading.current_thread() is threading.main_thread():
            for number in STOPS:
                # Ignored from the start on, as under `nohup`, means: go on.
                if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.request(f"signal {signal.Signals(number).name}")


def parse_walltime(text: str) -> float:
    """Seconds from `90`, `45s`, `30m`, `1h30m`, `2d`, `12:30:00` or `1-12:00:00`.

    Raises
    ------
    InputError
        For anything else.
    """
    clock = re.fullmatch(r"(?:(\d{1,4})-)?(\d{1,4}):(\d{2}):(\d{2})", text)
    if clock:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    units = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", text)
    if not text or units is None:
        raise InputError(
            f"walltime is {text!r}, expected for example 90, 45s, 30m, 1h30m or 2:00:00"
        )
    days, hours, minutes, seconds = (int(part or 0) for part in units.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
