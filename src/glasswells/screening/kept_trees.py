"""Trees to bytes and back by skops, which runs no code of a file and loads named types only."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.errors import InputError
from glasswells.core.optional import require
from glasswells.screening.calibration import Calibration
from glasswells.screening.features import FEATURES
from glasswells.screening.records import KeptTrees
from glasswells.screening.trees import Load, Trees

TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
"""The one type of our models that skops does not trust by itself: arrays and their sum."""
SCHEMA = "schema.json"
"""The file of a skops archive that describes the object."""
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest date that an archive can bear."""


def keep(trees: Trees, load: Load = require) -> KeptTrees:
    """Trees as a record of numbers and bytes; equal trees give equal bytes."""
    skops = load("skops.io", "learn")
    return KeptTrees(
        double_well=_dump(trees.double_well, skops),
        double_well_slopes=trees.double_well_curve.slopes,
        double_well_offset=trees.double_well_curve.offset,
        splitting=_dump(trees.splitting, skops),
        splitting_slopes=trees.splitting_curve.slopes,
        splitting_offset=trees.splitting_curve.offset,
        threshold=trees.threshold,
        features=FEATURES,
        versions=_versions(load),
    )


def restore(kept: KeptTrees, load: Load = require) -> Trees:
    """The trees of a record; their predictions are those of the trees that were kept.

    Raises
    ------
    InputError
        Without scikit-learn or skops; for trees kept by other versions of them or that ask for
        other features; for bytes that are no skops archive of the expected model, or that hold a
        type that is neither trusted by skops nor `TRUSTED`.
    """
    skops = load("skops.io", "learn")
    if kept.versions != _versions(load):
        raise InputError(
            f"the trees were kept by scikit-learn {kept.versions[0]} and skops "
            f"{kept.versions[1]}, expected {' and '.join(_versions(load))}, which are installed: "
            f"learn them again from the searched pairs"
        )
    if kept.features != FEATURES:
        raise InputError(
            f"the trees ask for the features {kept.features}, expected {FEATURES}: learn them "
            f"again from the searched pairs"
        )
    ensemble = load("sklearn.ensemble", "learn")
    return Trees(
        double_well=_load(kept.double_well, skops, ensemble.HistGradientBoostingClassifier)
        if len(kept.double_well)
        else None,
        double_well_curve=Calibration(
            slopes=kept.double_well_slopes, offset=kept.double_well_offset
        ),
        splitting=_load(kept.splitting, skops, ensemble.HistGradientBoostingRegressor),
        splitting_curve=Calibration(slopes=kept.splitting_slopes, offset=kept.splitting_offset),
        threshold=kept.threshold,
    )


def _versions(load: Load) -> tuple[str, str]:
    return str(load("sklearn", "learn").__version__), str(load("skops", "learn").__version__)


def _dump(model: Any, skops: Any) -> NDArray[np.uint8]:
    data = b"" if model is None else _without_addresses(skops.dumps(model))
    return np.frombuffer(data, dtype=np.uint8)


def _load(data: NDArray[np.uint8], skops: Any, expected: type[Any]) -> Any:
    archive = data.tobytes()
    try:
        untrusted = set(skops.get_untrusted_types(data=archive)) - set(TRUSTED)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError(
            f"the trees are {len(archive)} bytes, expected an archive written by skops ({error}): "
            f"learn them again from the searched pairs"
        ) from None
    if untrusted:
        raise InputError(
            f"the trees hold {', '.join(sorted(untrusted))}, expected {expected.__name__} and "
            f"types that it needs: they were not written by glasswells, do not load them"
        )
    model = skops.loads(archive, trusted=list(TRUSTED))
    if type(model) is not expected:
        raise InputError(
            f"the trees are a {type(model).__name__}, expected a {expected.__name__}: learn them "
            f"again from the searched pairs"
        )
    return model


def _without_addresses(archive: bytes) -> bytes:
    """The same archive with objects numbered in the order of their appearance.

    skops names objects, and the files of their arrays, by their address in memory, and dates each
    file: two archives of one model differ.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        text = source.read(SCHEMA).decode()
        files = {name: source.read(name) for name in source.namelist() if name != SCHEMA}
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return match[1] + numbers.setdefault(match[2], str(len(numbers))) + match[3]

    text = re.sub(r'("__id__": |"file": ")(\d+)(\.npy"|)', number, text)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED) as archived:
        for name, content in sorted(
            (f"{numbers[name.removesuffix('.npy')]}.npy", data) for name, data in files.items()
        ):
            archived.writestr(zipfile.ZipInfo(name, FIRST_DAY), content, zipfile.ZIP_DEFLATED)
        archived.writestr(zipfile.ZipInfo(SCHEMA, FIRST_DAY), text, zipfile.ZIP_DEFLATED)
    return target.getvalue()
