"""Folds: each part of the searched pairs is judged by trees that have not seen it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
"""Parts; a model learns from four fifths of the pairs and is judged on the rest."""

Folds = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
"""Rows to learn from and rows to judge on, for each part."""


def folds_of(
    glasses: NDArray[np.str_], hits: NDArray[np.bool_], selection: Any, seed: int
) -> Folds:
    """Parts of rows by glass if there are enough glasses, else by pair.

    A glass shows one rearrangement in many pairs, so that pairs of a glass that is half known are
    easier than those of a new one. By pair, each part has the same fraction of hits; so it is too
    if parts by glass would leave all hits, or all misses, to one of them.

    Parameters
    ----------
    glasses
        (n,), name of the glass of each row.
    hits
        (n,), at least `FOLDS` of them true and as many false.
    selection
        The module `sklearn.model_selection`.
    seed
        Of the parts by pair.
    """
    rows = np.zeros(len(glasses))
    if len(np.unique(glasses)) >= FOLDS:
        parts = list(selection.GroupKFold(FOLDS).split(rows, groups=glasses))
        if all(0 < hits[train].sum() < len(train) for train, _ in parts):
            return parts
    by_pair = selection.StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return list(by_pair.split(rows, hits))
