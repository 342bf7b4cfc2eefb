"""A double well as files for other programs: A, saddle, B, the path, who moves where."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from glasswells.catalog.catalog import Catalog, CatalogWell
from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.core.whole_file import whole_files
from glasswells.interchange.elements import elements_of
from glasswells.interchange.extended_xyz import write_extended_xyz
from glasswells.interchange.lammps_dump import write_lammps_dump
from glasswells.model.pair_model import Model
from glasswells.paths.images import path_images
from glasswells.store.errors import StoreError

IMAGES = 41
"""Of the path: A, B, and 39 between them."""


def extract_double_well(
    catalog: Catalog,
    which: int | str,
    folder: str | Path,
    images: int = IMAGES,
    *,
    model: Model | None = None,
) -> list[Path]:
    """Write the configurations of a double well as extended XYZ and as LAMMPS dump.

    `a`, `saddle` and `b` are single frames, `path` has the images of the steepest-descent path
    from A to B at equal arc lengths; every frame holds each particle's displacement from A (minimum
    image, drift removed), in `a` that to B: `displacement` in extended XYZ,
    `Displacement.X/Y/Z` in LAMMPS dumps, a vector property in OVITO. Atoms of a material have their
    elements, other particles the species X and type 1. `profile.csv` is the energy
    along the path. Numbers have 17 digits; particles are counted from 0 in glasswells and from 1
    in the column id of a LAMMPS dump.

    Parameters
    ----------
    catalog
        The campaign.
    which
        Row of `catalog.double_wells`, or key.
    folder
        Where the files go; it is made.
    images
        Of the path, both ends included.
    model
        The energy, where that of the campaign is a calculator, which reading does not run.

    Raises
    ------
    InputError
        If there is no such double well; for fewer than five images; if the folder is a file; if
        the energy is a calculator and no model is given.
    ConvergenceError
        If the path cannot be followed from the stored saddle.
    StoreError
        If the folder cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, expected a folder, or a name that is free")
    found = catalog[which]
    if model is None and catalog.plan.model.native is None:
        raise InputError(
            f"the path is followed with the energy of the campaign, which is code (model.kind = "
            f"{catalog.plan.model.kind!r}) that reading does not run: in Python make it by "
            f"gw.LammpsModel or gw.AseModel, then gw.extract_double_well(gw.open_campaign("
            f"{str(catalog.directory)!r}), {which!r}, {str(folder)!r}, model=...)"
        )
    path = path_images(model or catalog.model, found.double_well, images)
    masses = catalog.plan.model.element_masses
    species = elements_of(found.double_well.minimum_a, masses) if masses else None
    try:
        with whole_files(folder) as drafts:
            written = []
            for name, frames in _frames(found, path).items():
                written += _write(drafts / name, frames, species)
            written.append(_write_profile(drafts / "profile.csv", found))
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written ({error.strerror}): check free space and permissions"
        ) from error
    return [folder / draft.name for draft in written]


def _frames(
    found: CatalogWell, path: tuple[Configuration, ...]
) -> dict[str, list[tuple[Configuration, Array]]]:
    """For each file its frames: configurations, and displacements (N, 3)."""
    well = found.double_well
    start = well.minimum_a.positions
    return {
        "a": [(well.minimum_a, well.displacement_ab)],
        "saddle": [(well.saddle, well.displacement_as)],
        "b": [(well.minimum_b, well.displacement_ab)],
        "path": [(image, image.positions - start) for image in path],
    }


def _write(
    stem: Path, frames: list[tuple[Configuration, Array]], species: Sequence[str] | None
) -> list[Path]:
    xyz, dump = stem.with_suffix(".xyz"), stem.with_suffix(".dump")
    with xyz.open("w", encoding="utf-8") as text, dump.open("w", encoding="utf-8") as lammps:
        for number, (configuration, displacement) in enumerate(frames):
            vectors = {"displacement": displacement}
            write_extended_xyz(configuration, text, vectors, species)
            write_lammps_dump(configuration, lammps, vectors, number, species)
    return [xyz, dump]


def _write_profile(path: Path, found: CatalogWell) -> Path:
    profile = found.double_well.profile
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["arc_length", "energy"])
        rows = zip(profile.arc_length, profile.energy, strict=True)
        writer.writerows([f"{s:.17g}", f"{v:.17g}"] for s, v in rows)
    return path
