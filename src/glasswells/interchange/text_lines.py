"""Text files read line by line within bounds: nothing is allocated because a header says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array
from glasswells.interchange.precision import rounding, widened

MAX_LINE = 65_536
"""Bytes of a line; the longest sensible one, a comment with a lattice, has some hundred."""
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
MAX_TOKEN = 64
"""Characters of a number; 17 digits, sign, point and exponent take 24."""


class Lines:
    """The lines of a text file, numbered from 1; use as a context manager.

    Raises
    ------
    InputError
        From every method that meets something unexpected; the text names file and line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb")
            self._size = path.stat().st_size
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}): check the name") from None
        self.number = 0
        """Of the line read last."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.path}, line {self.number}"

    @property
    def bytes_left(self) -> int:
        """Size of what was not read yet."""
        return self._size - self._file.tell()

    def mark(self) -> tuple[int, int]:
        """Where the next line begins, to come back to by `rewind`."""
        return self._file.tell(), self.number

    def rewind(self, mark: tuple[int, int]) -> None:
        """Go back to a mark."""
        self._file.seek(mark[0])
        self.number = mark[1]

    def fail(self, message: str) -> NoReturn:
        """Raise `InputError` about the line read last."""
        raise InputError(f"{self.place}: {message}")

    def next(self) -> str | None:
        """The next line without its end; None at the end of the file."""
        raw = self._file.readline(MAX_LINE + 1)
        if not raw:
            return None
        self.number += 1
        if len(raw) > MAX_LINE:
            self.fail(f"is longer than {MAX_LINE} bytes: this is no file of that format")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            self.fail("is no text: this is no file of that format")
        if "\0" in text:
            self.fail("holds a zero byte: this is no file of that format")
        return text.rstrip("\r\n")

    def expect(self, what: str) -> str:
        """The next line, which must be there.

        Parameters
        ----------
        what
            What was expected, for the message.
        """
        text = self.next()
        if text is None:
            raise InputError(
                f"{self.path} ends after line {self.number}, expected {what}: the file was cut"
            )
        return text

    def integer(self, token: str, what: str) -> int:
        """A token as an integer."""
        if not INTEGER.fullmatch(token):
            self.fail(f"{what} is {token[:MAX_TOKEN]!r}, expected an integer")
        return int(token)

    def real(self, token: str, what: str) -> float:
        """A token as a finite number."""
        value = float(token) if len(token) <= MAX_TOKEN and NUMBER.fullmatch(token) else np.nan
        if not np.isfinite(value):
            self.fail(
                f"{what} is {token[:MAX_TOKEN]!r}, expected a finite number: find out where it was "
                f"made"
            )
        return value

    def particle_count(self, token: str, columns: int, line: int | None = None) -> int:
        """A number of particles, each with a line of that many columns in the rest of the file.

        Parameters
        ----------
        token, line
            The number, and the line that it was in, by default the one read last.
        columns
            Of a particle, each with at least a character and a space.
        """
        here, self.number = self.number, self.number if line is None else line
        n = self.integer(token, "the number of particles")
        if n < 0:
            self.fail(f"the number of particles is {n}, expected at least 2")
        # The last line may lack its end, hence one byte less.
        if n * 2 * columns - 1 > self.bytes_left:
            self.fail(
                f"the number of particles is {n}, but only {self.bytes_left} bytes follow: the "
                f"file was cut, or the number is wrong"
            )
        self.number = here
        return n

    def skip(self, count: int, what: str) -> None:
        """Read over some lines."""
        for _ in range(count):
            self.expect(what)

    def table(self, count: int, names: Sequence[str], what: str) -> Table:
        """Rows of columns separated by spaces, as text by column.

        Parameters
        ----------
        count
            Number of rows.
        names
            Of the columns; a row may have more.
        what
            What a row is, for messages.
        """
        first = self.number + 1
        rows: list[list[str]] = []
        for _ in range(count):
            text = self.expect(f"{count} lines of {what}, has {len(rows)}")
            tokens = text.split(None, len(names))
            if len(tokens) < len(names):
                self.fail(
                    f"has {len(tokens)} columns, expected {len(names)}: {' '.join(names[:20])}"
                )
            rows.append(tokens[: len(names)])
        return Table(self, first, list(names), rows)


class Table:
    """Rows of a text file, whose columns are taken by number."""

    def __init__(
        self, lines: Lines, first_line: int, names: list[str], rows: list[list[str]]
    ) -> None:
        self._lines = lines
        self._first_line = first_line
        self._names = names
        self._rows = rows

    def words(self, column: int) -> list[str]:
        """A column as it is."""
        return [row[column] for row in self._rows]

    def integers(self, column: int) -> list[int]:
        """A column of integers."""
        name, lines = self._names[column], self._lines
        values = []
        for k, row in enumerate(self._rows):
            lines.number = self._first_line + k
            values.append(lines.integer(row[column], name))
        return values

    def reals(self, *columns: int) -> Array:
        """Columns of finite numbers, (rows,) for one of them, else (rows, columns)."""
        lines, names = self._lines, self._names
        out = np.empty((len(self._rows), len(columns)))
        for k, row in enumerate(self._rows):
            lines.number = self._first_line + k
            for c, column in enumerate(columns):
                out[k, c] = lines.real(row[column], names[column])
        return out[:, 0].copy() if len(columns) == 1 else out

    def quantity(self, column: int) -> Array:
        """A column of finite numbers; what was in single precision, as its shortest decimals."""
        return widened(self.words(column), self.reals(column))

    def rounding(self, *columns: int) -> str | None:
        """To how many digits the numbers of some columns are rounded, None if to none."""
        return rounding([row[column] for row in self._rows for column in columns])

    def order_by(self, column: int) -> np.ndarray:
        """The order of the rows by a column of different integers.

        Raises
        ------
        InputError
            If two rows have the same number.
        """
        numbers = self.integers(column)
        seen: dict[int, int] = {}
        for k, number in enumerate(numbers):
            if number in seen:
                self._lines.number = self._first_line + k
                self._lines.fail(
                    f"{self._names[column]} {number} was there before, in line "
                    f"{self._first_line + seen[number]}: expected each once"
                )
            seen[number] = k
        return np.argsort(np.array(numbers, dtype=np.int64), kind="stable")


def frame_number(path: Path, frame: int, available: int) -> int:
    """The frame asked for, counted from the start.

    Raises
    ------
    InputError
        If there is none of that number.
    """
    number = frame + available if frame < 0 else frame
    if not 0 <= number < available:
        raise InputError(
            f"frame is {frame}, expected {-available} to {available - 1}: {path} holds {available} "
            f"frame{'s' if available != 1 else ''}"
        )
    return number


def twice(radii: Array) -> Array:
    """Diameters; infinite ones are left to be refused with all that is not finite."""
    with np.errstate(over="ignore"):
        return 2.0 * radii


def digits(value: float) -> str:
    """A float64 in 17 significant digits, which give it back exactly."""
    return f"{value:.17g}"
