"""Failed path searches of a campaign, by the pairs that they were for."""

from __future__ import annotations

from types import SimpleNamespace

from glasswells.content.campaign import _failed_paths
from glasswells.core.outcomes import Outcome
from glasswells.landscape.candidates import ChosenPair


def test_a_search_whose_pair_is_not_named_yet_is_told_by_its_number() -> None:
    """As in a round of screening that is under way."""
    pair = ChosenPair(
        i=3,
        j=17,
        energy_difference=0.0,
        distance=0.5,
        participation_number=2.0,
        largest_displacements=(0.3, 0.2, 0.1),
        largest_distances=(1.0, 1.0, 1.0),
        forward_count=1,
        backward_count=1,
        rules=("screened",),
        search=139,
    )
    failure = SimpleNamespace(outcome=Outcome.STEP_LIMIT, message="")
    kept = {
        "pair": [pair],
        "path_failure": [failure, failure],
    }

    def records(kind: str, glass: str = "") -> list[SimpleNamespace]:
        return [
            SimpleNamespace(stage="paths", glass="t0p1-0", number=number, record=record)
            for number, record in zip((139, 140), kept[kind], strict=False)
        ]

    store = SimpleNamespace(records=records)
    found = list(_failed_paths(store))
    assert [each.subject for each in found] == ["pair 3-17", "path search 140"]
