"""What a campaign's store holds of pairs: which rule chose them, and what came of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from glasswells.landscape.candidates import ChosenPair
from glasswells.stages.screened import SCREENED
from glasswells.stages.well_places import WellPlace
from glasswells.store.reader import StoreReader


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredPairs:
    """The pairs of a glass and the rules behind its path searches."""

    count: int
    """Pairs that were chosen; of the candidates of `screened` those that were followed."""
    by_rule: Mapping[str, int]
    """The same for each rule; a pair of several rules counts for each. Empty in campaigns of
    versions that kept no rules."""
    rules: Mapping[int, frozenset[str]]
    """Of each path search, by its number, the rules that chose a pair whose way passes it."""

    detours: Mapping[str, int]
    """Pairs that each rule would have chosen, were they no detours over a known minimum."""

    @property
    def searches(self) -> dict[str, int]:
        """Path searches on the ways of the pairs that each rule chose."""
        return dict(Counter(name for names in self.rules.values() for name in names))

    @classmethod
    def of(cls, store: StoreReader, glass: str) -> StoredPairs:
        """Read those of a glass."""
        stored = [item.record for item in store.records("pair_candidates", glass=glass)]
        if not stored:
            count = sum(1 for _ in store.records("pair", glass=glass))
            return cls(count=count, by_rule={}, rules={}, detours={})
        numbers: defaultdict[int, set[str]] = defaultdict(set)
        chosen: Counter[str] = Counter()
        only_screened = 0
        for item in store.records("pair", glass=glass):
            numbers[item.record.search].update(item.record.rules)
        for item in store.records("followed_pair", glass=glass):
            for number in item.record.searches:
                numbers[number].update(item.record.rules)
            chosen[SCREENED] += SCREENED in item.record.rules
            only_screened += item.record.rules == (SCREENED,)
        count = only_screened
        for candidates in stored:
            others = [k for k, rule in enumerate(candidates.rules) if rule != SCREENED]
            columns = candidates.chosen[:, others]
            chosen.update({candidates.rules[k]: int(candidates.chosen[:, k].sum()) for k in others})
            count += int(columns.any(axis=1).sum())
        return cls(
            count=count,
            by_rule={rule: chosen[rule] for c in stored for rule in c.rules},
            rules={number: frozenset(names) for number, names in numbers.items() if number >= 0},
            detours=Counter(
                name for item in store.records("detour", glass=glass) for name in item.record.rules
            ),
        )

    def rules_by_well(
        self, origins: Mapping[int, WellPlace], searches: Mapping[str, int]
    ) -> dict[int, frozenset[str]]:
        """The rules behind each double well, by its number.

        Parameters
        ----------
        origins
            Of the double wells, by their numbers.
        searches
            Numbers of path searches by their chains.
        """
        found = {number: searches[origin.chain] for number, origin in origins.items()}
        return {n: self.rules[search] for n, search in found.items() if search in self.rules}


def pair_subjects(store: StoreReader, glass: str) -> dict[int, str]:
    """What to call the pair of each path search of a glass, by the number of the search."""
    subjects = {}
    for place, item in enumerate(store.records("pair", glass=glass)):
        pair = item.record
        name = f"pair {pair.i}-{pair.j}"
        if isinstance(pair, ChosenPair) and pair.search is not None:
            subjects[pair.search] = name
        else:  # of a version that numbered searches as their pairs
            subjects[place] = name
    return subjects
