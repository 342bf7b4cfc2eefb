"""Pages that are made from the code: nothing is left out, and what they name is there."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from glasswells.cli import app
from glasswells.plan.file import parse_plan

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


def texts_of_the_code() -> list[str]:
    """All texts in the source, with an ellipsis for what is filled in."""
    found = []
    for path in (DOCS.parent / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else "…" for p in node.values]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def test_messages_of_the_page_on_troubles_are_those_of_the_code() -> None:
    page = (DOCS / "troubleshooting.md").read_text("utf-8").split("## Numbers look wrong")[0]
    messages = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(messages) > 15
    code = texts_of_the_code()
    for message in messages:
        parts = [re.escape(part.strip()) for part in message.split("…")]
        pattern = re.compile(r".*?".join(parts), re.DOTALL)
        assert any(pattern.search(text) for text in code), message


def test_plans_of_the_pages_are_plans() -> None:
    for page in ("own_glass.md", "own_law.md"):
        for block in re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL):
            if "[project]" not in block and "wide_mixture" not in block:
                parse_plan(block)
