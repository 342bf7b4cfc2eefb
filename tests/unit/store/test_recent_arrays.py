"""Arrays at hand: those asked for last stay, and never more than fit."""

from __future__ import annotations

import numpy as np

from glasswells.store.recent_arrays import RecentArrays


def test_arrays_asked_for_longest_ago_make_room() -> None:
    recent = RecentArrays(most_bytes=30)
    for name in "abc":
        recent.add(name, name.encode() * 10)
    assert recent.get("a") == b"a" * 10
    recent.add("d", b"d" * 10)
    assert [recent.get(name) for name in "abcd"] == [b"a" * 10, None, b"c" * 10, b"d" * 10]


def test_an_array_too_large_for_the_room_is_not_kept() -> None:
    recent = RecentArrays(most_bytes=30)
    recent.add("a", b"a" * 10)
    recent.add("b", b"b" * 31)
    assert recent.get("b") is None
    recent.add("c", b"c" * 30)
    assert recent.get("c") == b"c" * 30


def test_the_room_is_counted_right_whatever_is_asked() -> None:
    """Against a list in the order of the last looks."""
    rng = np.random.default_rng(4)
    recent, looked = RecentArrays(most_bytes=50), list[tuple[str, bytes]]()
    for _ in range(2000):
        name = str(rng.integers(12))
        known = dict(looked).get(name)
        assert recent.get(name) == known
        data = bytes(int(rng.integers(20))) if known is None or rng.random() < 0.3 else known
        looked = [item for item in looked if item[0] != name] + [(name, data)]
        while sum(len(data) for _, data in looked) > 50:
            looked.pop(0)
        recent.add(name, data)
