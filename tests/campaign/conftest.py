"""Toy campaigns for the tests of this folder."""

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

from glasswells.campaign.campaigns import start_campaign


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Path]:
    """Makes a toy campaign from changes to the default toy plan."""

    def make(name: str = "campaign", **changes: Any) -> Path:
        plan = tmp_path / f"{name}.toml"
        plan.write_text(toy.plan_text(**changes))
        return start_campaign(plan, tmp_path / name, toy.PIPELINE)

    return make


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
