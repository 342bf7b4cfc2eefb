"""Toy campaigns for the tests of this folder, and real ones that several of its files read."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import toy
from small_plan import SMALL_PLAN, VIBRATIONS_PLAN, finished_campaign

import glasswells as gw
from glasswells.campaign.campaigns import start_campaign


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Path]:
    """Makes a toy campaign from changes to the default toy plan."""

    def make(name: str = "campaign", **changes: Any) -> Path:
        plan = tmp_path / f"{name}.toml"
        plan.write_text(toy.plan_text(**changes))
        return start_campaign(plan, tmp_path / name, toy.PIPELINE)

    return make


@pytest.fixture(scope="session")
def small_campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished campaign of `SMALL_PLAN`; its plan lies beside it. To be read only."""
    return finished_campaign(tmp_path_factory.mktemp("small"), SMALL_PLAN)


@pytest.fixture(scope="session")
def paths_campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of `VIBRATIONS_PLAN` without its stages `modes` and `overlaps`. To be read only."""
    text = VIBRATIONS_PLAN + "enabled = false\n"
    return finished_campaign(tmp_path_factory.mktemp("paths"), text)


@pytest.fixture(scope="session")
def coupled_campaign(paths_campaign: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its stage `couplings`. To be read only."""
    text = VIBRATIONS_PLAN + "enabled = false\n[couplings]\nenabled = true\n"
    return finished_campaign(tmp_path_factory.mktemp("coupled"), text, reuse=paths_campaign)


@pytest.fixture(scope="session")
def vibrations_campaign(paths_campaign: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of `VIBRATIONS_PLAN`, which takes over what is known without modes. To be read only."""
    folder = tmp_path_factory.mktemp("vibrations")
    return finished_campaign(folder, VIBRATIONS_PLAN, reuse=paths_campaign)


@pytest.fixture(scope="session")
def catalog(vibrations_campaign: Path) -> gw.Catalog:
    """The same from Python."""
    return gw.open_campaign(vibrations_campaign)


@pytest.fixture
def collected() -> Iterator[None]:
    """What dask leaves behind is collected here, not in some later test."""
    yield
    gc.collect()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory if possible: what is counted here are calls, not what a disk makes of them."""
    memory = Path("/dev/shm")  # noqa: S108 (a private folder below)
    where = memory if os.access(memory, os.W_OK) else tmp_path
    made = Path(tempfile.mkdtemp(dir=where))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler and Linux")
    library = tmp_path_factory.mktemp("shim") / "calls.so"
    source = str(Path(__file__).with_name("calls.c"))
    words = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), source, "-ldl"]
    subprocess.run(words, check=True)
    return library
