"""Pages that are made from the code: nothing is left out, and what they name is there."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from glasswells.cli import app

DOCS = Path(__file__).parents[1] / "docs"
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


@pytest.fixture(scope="module")
def texts() -> ModuleType:
    sys.path.insert(0, str(DOCS / "_extensions"))
    try:
        return importlib.import_module("command_texts")
    finally:
        sys.path.pop(0)


def listed_by_help(*words: str) -> set[str]:
    """Options that a help lists: the first words of the lines of its tables."""
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0
    lines = [line.strip(" │|*") for line in shown.output.splitlines()]
    found = [OPTION.findall(re.split(r"\s{2,}[A-Z]", line)[0]) for line in lines if line[:1] == "-"]
    return {name for names in found for name in names}


def test_the_command_reference_has_every_command_and_every_option(texts: ModuleType) -> None:
    commands = {command.name: command for command in texts.commands()}
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    for name in commands:
        assert f" {name} " in shown.output
    assert set(commands) == {
        info.name or info.callback.__name__ for info in app.registered_commands
    }
    for name, command in commands.items():
        named = {n for p in command.parameters for n in OPTION.findall(p.names.split(" ")[0])}
        named |= {n for p in command.parameters for n in OPTION.findall(p.names)}
        assert listed_by_help(name) - {"--help", "-h"} == named, name
        assert command.text
        assert all(p.text for p in command.parameters), name


def test_pages_name_only_commands_and_options_that_exist(texts: ModuleType) -> None:
    commands = {command.name: command for command in texts.commands()}
    pages = [*DOCS.glob("*.md"), *DOCS.glob("stages/*.md"), DOCS.parent / "README.md"]
    seen = 0
    for page in pages:
        for line in re.findall(r"glasswells ([a-z]+(?: [^`\n]*)?)", page.read_text("utf-8")):
            name, *words = line.split()
            if name not in commands or not words:
                continue
            named = {n for p in commands[name].parameters for n in OPTION.findall(p.names)}
            used = {w for w in words if re.fullmatch(r"--[a-z][a-z-]+", w)}
            assert used <= named, f"{page.name}: glasswells {line}"
            seen += len(used)
    assert seen > 10
