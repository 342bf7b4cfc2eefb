"""Files changed at random by the thousand: each is read or refused, soon and in little memory.

The soak is a million files in all.
"""

from __future__ import annotations

import itertools
import resource
import struct
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutations import Mutator, archive, member_bytes, written

from glasswells.core.errors import InputError
from glasswells.engines.slurm import read_slurm_jobs
from glasswells.interchange.configurations import read_configuration
from glasswells.plan.file import parse_plan

LONGEST = 1.0
"""Seconds of CPU time that a file of a few particles may take, whatever is in it."""
MEMORY = 400_000
"""Kibibytes by which the process may grow: a fuzzed header asks for gigabytes or for nothing."""
XYZ = b"""3
Lattice="5 0 0 0 5 0 0 0 6" Properties=species:S:1:pos:R:3:diameter:R:1:id:I:1 pbc="T T T"
A 1 2 3 0.5 1
B 4 5 6 0.5 2
A 0.5 -1.5 2.5e-1 1.25 3
"""
XYZ_WORDS = (
    *(b"Lattice", b"Properties", b"pbc", b"species", b"pos", b"radius", b"diameter", b"S", b"R"),
    *(b"I", b"L", b"T", b"F", b"T T F", b"type", b"element", b"pos:R:3", b"1000", b"1001"),
    *(b"mass", b"masses", b"cell:5,5,6", b"columns:species,position,radius", b":", b"identifier"),
)
DUMP = b"""ITEM: TIMESTEP
10
ITEM: NUMBER OF ATOMS
3
ITEM: BOX BOUNDS pp pp pp
-1 5
0.0e0 5.5
0 6
ITEM: ATOMS id type xs ys zs diameter
2 1 0.1 0.2 0.3 1.5
1 1 0.4 0.5 0.6 1.0
3 2 0.7 0.8 0.9 0.75
"""
DUMP_WORDS = (
    *(b"ITEM", b"TIMESTEP", b"NUMBER OF ATOMS", b"BOX BOUNDS", b"ATOMS", b"pp", b"ff", b"xy xz yz"),
    *(b"abc origin", b"id", b"type", b"element", b"x", b"xs", b"xu", b"xsu", b"y", b"z", b"radius"),
    *(b"mass", b"UNITS", b"TIME", b"0 0 5 1"),
)
DATA = b"""title

3 atoms
2 atom types
-1 5 xlo xhi
0 5.5 ylo yhi
0 6 zlo zhi
0 0 0 xy xz yz

Masses

1 1.0
2 0.53

Atoms # charge

2 1 0.0 1 2 3 0 0 1
1 2 0.0 4 5 6 0 0 0
3 1 0.5 2.5 3.5 4.5 0 -1 0
"""
DATA_WORDS = (
    *(b"atoms", b"xlo", b"xhi", b"ylo yhi", b"xy xz yz", b"avec", b"Atoms", b"Masses", b"sphere"),
    *(b"atomic", b"charge", b"molecular", b"Velocities", b"Atom Type Labels", b"hybrid", b"full"),
    *(b"bvec", b"cvec", b"1 1.0 # A"),
)
PLAN = b"""[campaign]
name = "small"
seed = 3
[model]
name = "soft_spheres"
exponent = 12
nonadditivity = 0.2
[glasses]
preparation_temperatures = [0.1, 0.092]
counts = [2, 1]
source = "prepare"
[prepare]
n_particles = 150
density = 1.0
diameter_limits = [0.73, 1.62]
unit_mean = false
[explore]
trajectories = [2, 3]
quenches = 20
time_step = 1e-2
[pairs]
max_distance = 1.5
min_distance = 0.3
[splittings]
units = ["argon", "own"]
continuation = "straight"
[modes]
[units.own]
length = 3.65
energy = 164.0
mass = 83.798
tls_threshold = 0.0011
"""
PLAN_WORDS = (
    *(b"campaign", b"model", b"glasses", b"prepare", b"units", b"modes", b"kob_andersen"),
    b"cutoff",
    *(b"shipped", b"files", b"stored_glasses", b"true", b"false", b"[1, 2]", b"1979-05-27", b"own"),
    *(b"2024-02-30T25:61:00Z", b"07:32:00", b"{a = 1}", b"'''", b'"\\u0000"', b'"\\ud800"', b"-rf"),
)
JOBS = b"""[slurm]
jobs = 2
cores = 3
memory = "6 GB"
walltime = "1-12:00:00"
interface = "ib0"
shared_directory = "/shared/me"
partition = "long"
python = "/home/me/venv/bin/python"
directives = ["--constraint=skylake", "--exclusive"]
"""
JOBS_WORDS = (
    *(b"slurm", b"jobs", b"account", b"log_directory", b"directives", b"/", b"..", b"GB", b"true"),
    *(b"{a = 1}", b"[1, 2]", b"1979-05-27", b"--", b"$(id)", b"\\u0000", b"0:00:00"),
)
Made = Iterator[tuple[bytes, dict[str, Any]]]
"""Contents of files, and options of the reader."""


def xyz_files(mutator: Mutator, folder: Path) -> Made:
    samples = [written(folder, "extended_xyz"), XYZ, XYZ + XYZ]
    for _ in itertools.count():
        data = mutator.text(mutator.random.choice(samples), XYZ_WORDS)
        yield data, options(mutator, "extended_xyz", frames=True)


def dump_files(mutator: Mutator, folder: Path) -> Made:
    samples = [written(folder, "lammps_dump"), DUMP, DUMP + DUMP]
    for _ in itertools.count():
        data = mutator.text(mutator.random.choice(samples), DUMP_WORDS)
        yield data, options(mutator, "lammps_dump", frames=True)


def data_files(mutator: Mutator, folder: Path) -> Made:
    samples = [written(folder, "lammps_data"), DATA]
    for _ in itertools.count():
        data = mutator.text(mutator.random.choice(samples), DATA_WORDS)
        given = options(mutator, "lammps_data")
        style = mutator.random.choice((*(None,) * 7, "atomic", "charge", "hybrid sphere"))
        yield data, {**given, "atom_style": style}


def npz_files(mutator: Mutator, folder: Path) -> Made:
    """Members with other bytes in archives that are sound, and archives with other bytes."""
    sound = written(folder, "npz")
    members = member_bytes(sound)
    words = (b"<f8", b"<f4", b">f8", b"|O", b"<i8", b"|S8", b"<c16", b"True", b"(3, 3)", b"(3,)")
    for _ in itertools.count():
        given = options(mutator, "npz", single=True)
        if mutator.random.random() < 0.4:
            yield mutator.binary(sound, *zip_part(mutator, sound)), given
            continue
        changed = dict(members)
        name = mutator.random.choice(list(members))
        whole = changed[name]
        if mutator.random.random() < 0.6:
            end = 10 + int.from_bytes(whole[8:10], "little")
            text = mutator.text(whole[10:end], words)
            if mutator.random.random() < 0.7:
                whole = whole[:8] + struct.pack("<H", len(text) % 2**16) + text + whole[end:]
            else:
                whole = whole[:10] + text + whole[end:]
        else:
            whole = mutator.binary(whole)
        changed[name] = whole
        kind = mutator.random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
        yield archive(changed, kind), given


def zip_part(mutator: Mutator, whole: bytes) -> tuple[int, int]:
    """The directory at the end of an archive, or all of it."""
    start = whole.index(b"PK\x01\x02")
    return mutator.random.choice(((start, len(whole)), (0, len(whole))))


def gsd_files(mutator: Mutator, folder: Path) -> Made:
    """Header, index, names and data are changed equally often, however long they are."""
    pytest.importorskip("gsd")
    sound = written(folder, "gsd")
    index_at, index_room, names_at, names_room = struct.unpack_from("<QQQQ", sound, 8)
    used = sum(1 for k in range(index_room) if sound[index_at + 32 * k + 16 :][:8].strip(b"\0"))
    parts = (
        (0, 256),
        (index_at, index_at + 32 * (used + 1)),
        (index_at, index_at + 32 * (used + 1)),
        (names_at, names_at + sound[names_at:].index(b"\0\0")),
        (256, len(sound)),
    )
    assert names_room * 64 + names_at <= len(sound)
    for _ in itertools.count():
        data = mutator.binary(sound, *mutator.random.choice(parts))
        yield data, options(mutator, "gsd", frames=True, single=True)


def options(
    mutator: Mutator, name: str, *, frames: bool = False, single: bool = False
) -> dict[str, Any]:
    given: dict[str, Any] = {"format": name}
    given["diameters"] = mutator.random.choice((None, None, 1.0, {"A": 1.0, "B": 2.0, "1": 1.0}))
    if frames:
        given["frame"] = mutator.random.choice((-1, -1, 0, 1))
    if single:
        given["single_precision"] = mutator.random.choice((False, True))
    return given


def read_file(path: Path, data: bytes, given: dict[str, Any]) -> None:
    path.unlink(missing_ok=True)  # some file systems flush a file that is written over
    path.write_bytes(data)
    read = read_configuration(path, **given)
    assert np.isfinite(read.positions).all()
    assert (read.box > 0).all()


def plan_files(mutator: Mutator, folder: Path) -> Made:
    for _ in itertools.count():
        yield mutator.text(PLAN, PLAN_WORDS), {}


def jobs_files(mutator: Mutator, folder: Path) -> Made:
    for _ in itertools.count():
        yield mutator.text(JOBS, JOBS_WORDS), {}


def read_jobs(path: Path, data: bytes, given: dict[str, Any]) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    read_slurm_jobs(path)


def read_plan(path: Path, data: bytes, given: dict[str, Any]) -> None:
    parse_plan(data.decode("utf-8", "replace"))


KINDS: dict[str, tuple[Callable[[Mutator, Path], Made], Callable[..., None], int]] = {
    "extended_xyz": (xyz_files, read_file, 200_000),
    "lammps_dump": (dump_files, read_file, 150_000),
    "lammps_data": (data_files, read_file, 150_000),
    "npz": (npz_files, read_file, 150_000),
    "gsd": (gsd_files, read_file, 200_000),
    "plan": (plan_files, read_plan, 100_000),
    "jobs": (jobs_files, read_jobs, 50_000),
}
"""What is fuzzed, how it is read, and how many of a million are of this kind."""


@pytest.mark.parametrize(
    "fraction", [pytest.param(1e-3, id="some"), pytest.param(1.0, id="all", marks=pytest.mark.soak)]
)
@pytest.mark.parametrize("kind", KINDS)
def test_changed_files_are_read_or_refused(tmp_path: Path, kind: str, fraction: float) -> None:
    make, read, number = KINDS[kind]
    files = make(Mutator(seed=len(kind)), tmp_path)
    path = tmp_path / "file"
    ends: Counter[str] = Counter()
    slowest = 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data, given in itertools.islice(files, int(fraction * number)):
        start = time.thread_time()
        try:
            read(path, data, given)
            ends["read"] += 1
        except InputError:
            ends["refused"] += 1
        except Exception as error:
            raise AssertionError(f"{error!r} from {data!r} with {given}") from error
        slowest = max(slowest, time.thread_time() - start)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(kind, dict(ends), f"slowest {slowest:.3f} s, {grown} KiB")  # noqa: T201 (of a soak)
    assert slowest < LONGEST
    assert grown < MEMORY
    # Neither so much damage that readers give up at once, nor so little that nothing is seen.
    assert min(ends["read"], ends["refused"]) > 0.02 * fraction * number
