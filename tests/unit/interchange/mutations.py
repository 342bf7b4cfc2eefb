"""Small sound files, and changes to them: bits, numbers, lines, whole fields."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from exact_configurations import some_glass

from glasswells.interchange.configurations import write_configuration

NUMBERS = (
    *(b"nan", b"inf", b"-inf", b"1e999", b"1e308", b"-1.7e308", b"5e-324", b"-0", b"0", b"-1"),
    *(b"1e5000", b"1e-5000", b"2", b"3", b"1000000000", b"2147483648", b"9223372036854775808"),
    *(b"18446744073709551616", b"1" * 400, b"7" * 5000, b"0x" + b"f" * 5000, b"0x10"),
    *(b"1_0", b"1d3", b".", b"+", b"1."),
    *("\u0661".encode(), "\u00b2".encode(), b"True", b"''", b'""', b"{}", b"[]"),
)
PIECES = (
    *(b"\n", b"\r", b"\r\n", b"\0", b" ", b"\t", b"#", b"=", b'"', b"'", b"{", b"}", b"[", b"]"),
    *(b"\\", b":", b",", b"\xff", b"\xef\xbb\xbf", "\u2028".encode(), "\u3000".encode(), b"\x1c"),
    *(b"[" * 2000, b"{" * 2000, b'a="' * 300, b" " * 70_000, b"\n" * 500, b"a.b." * 300),
)
INTEGERS = (0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 255, 2**15, 2**16 - 1, 2**31, 2**32, 2**63, 2**64 - 1)
FEW = (1, 1, 1, 2, 3, 4)
"""How many changes at once: after many of them a reader gives up at the first."""
TOKEN = re.compile(rb"[-+]?[0-9][-+.0-9eE]*|[A-Za-z_]+")


class Mutator:
    """Changes to bytes, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 (no secrets here)

    def text(self, whole: bytes, words: tuple[bytes, ...] = ()) -> bytes:
        """One to four changes to a text; `words` of its format may take the place of others."""
        changes: list[Callable[[bytes], bytes]] = [
            *(self._byte, self._cut, self._insert, self._lines),
            *(lambda data: self._token(data, NUMBERS),) * 3,
            *(lambda data: self._token(data, words or NUMBERS),) * 2,
        ]
        for _ in range(self.random.choice(FEW)):
            whole = self.random.choice(changes)(whole)
        return whole

    def binary(self, whole: bytes, start: int = 0, end: int | None = None) -> bytes:
        """One to four changes to bytes, all at first in a part of them."""
        data = bytearray(whole)
        end = len(whole) if end is None else end
        for _ in range(self.random.choice(FEW)):
            if not data:
                break
            at = self.random.randrange(start, end) % len(data)
            what = self.random.random()
            if what < 0.4:
                data[at] ^= 1 << self.random.randrange(8)
            elif what < 0.5:
                data[at] = self.random.randrange(256)
            elif what < 0.85:
                width = self.random.choice((1, 2, 4, 8))
                number = self.random.choice(INTEGERS) % (1 << 8 * width)
                data[at : at + width] = number.to_bytes(width, "little")
            elif what < 0.9:
                data[at : at + 8] = struct.pack("<d", self.random.choice((np.nan, np.inf, 1e308)))
            elif what < 0.95:
                del data[at : at + self.random.randint(1, 40)]
            else:
                del data[at:]
        return bytes(data)

    def _byte(self, data: bytes) -> bytes:
        at = self.random.randrange(len(data) + 1)
        return data[:at] + bytes([self.random.randrange(256)]) + data[at + 1 :]

    def _cut(self, data: bytes) -> bytes:
        start = self.random.randrange(len(data) + 1)
        if self.random.random() < 0.3:
            return data[:start]
        return data[:start] + data[start + self.random.randint(1, 30) :]

    def _insert(self, data: bytes) -> bytes:
        at = self.random.randrange(len(data) + 1)
        return data[:at] + self.random.choice(PIECES) + data[at:]

    def _token(self, data: bytes, words: tuple[bytes, ...]) -> bytes:
        places = [found.span() for found in TOKEN.finditer(data)]
        if not places:
            return data
        start, end = self.random.choice(places)
        return data[:start] + self.random.choice(words) + data[end:]

    def _lines(self, data: bytes) -> bytes:
        """One line moved to, copied over, or left out at another place."""
        lines = data.split(b"\n")
        a, b = (self.random.randrange(len(lines)) for _ in range(2))
        what = self.random.random()
        if what < 0.4:
            lines.insert(b, lines[a])
        elif what < 0.7:
            lines[a], lines[b] = lines[b], lines[a]
        else:
            del lines[a]
        return b"\n".join(lines)


def written(folder: Path, name: str, n: int = 3) -> bytes:
    """A small glass in one of the formats."""
    path = folder / "sound"
    write_configuration(some_glass(n), path, name)  # type: ignore[arg-type]
    return path.read_bytes()


def archive(members: dict[str, bytes], kind: int) -> bytes:
    """An npz file, whatever its members hold."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return stream.getvalue()


def member_bytes(whole: bytes) -> dict[str, bytes]:
    """What an npz file holds."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        return {name.removesuffix(".npy"): file.read(name) for name in file.namelist()}
