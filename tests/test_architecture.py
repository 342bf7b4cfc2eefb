"""The shape of the package: its arrows, its sizes, and what may be written where."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "glasswells"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 400
MOST_FILES = 25
"""Of a room, besides the one that names it."""
LARGEST_FRACTION = 0.15
"""Of all lines, in one room."""
HEAVY = ("matplotlib", "plotly", "jinja2", "typer", "rich", "pydantic", "ase", "hypothesis")
"""What `import glasswells` must not load: those who only compute should not wait for it."""


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def calls(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def python(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_arrows_point_downwards():
    """The contracts of pyproject.toml, as import-linter judges them."""
    python(
        "import sys\n"
        "from importlinter.cli import lint_imports\n"
        "sys.exit(lint_imports(config_filename='pyproject.toml', no_cache=True))"
    )


def test_every_room_is_in_the_contract():
    """A new package or module at the top must be given its place among the layers."""
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    rooms = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    rooms |= {p.stem for p in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert rooms
    for room in rooms:
        assert f"glasswells.{room}" in settings, f"{room} has no layer in pyproject.toml"


def test_importing_the_package_loads_nothing_heavy():
    loaded = json.loads(
        python("import sys, json, glasswells; print(json.dumps(sorted(sys.modules)))")
    )
    assert "glasswells" in loaded
    assert not set(HEAVY) & set(loaded)


def test_the_stages_load_no_library_of_statistics():
    """Each process of a campaign loads them, and SciPy's distributions take a third of that."""
    loaded = json.loads(
        python(
            "import sys, json, glasswells.stages.pipeline; print(json.dumps(sorted(sys.modules)))"
        )
    )
    assert "glasswells.statistics" in loaded
    assert not {"scipy.stats", "matplotlib", "sklearn", "pandas", "dask"} & set(loaded)


def imports_of(path: Path, modules: set[str]) -> set[str]:
    """Our modules that a file imports, wherever in it; those for types only count, too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # A name may be a module of the package, or something that the module holds.
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & modules or {node.module}
    return found & modules


def test_no_files_import_one_another_in_a_circle():
    """A circle has no place to begin reading, and imports inside functions only hide it."""
    names = {p: p.relative_to(PACKAGE.parent).with_suffix("").parts for p in SOURCES}
    modules = {p: ".".join(parts).removesuffix(".__init__") for p, parts in names.items()}
    graph = {m: imports_of(p, set(modules.values())) - {m} for p, m in modules.items()}
    assert sum(len(found) for found in graph.values()) > len(graph)  # it sees imports
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the files


def test_few_places_know_that_an_energy_is_a_sum_over_pairs():
    """Each has a second route for every other energy."""
    asking = [
        f"{name_of(path)}:{call.lineno}"
        for path in SOURCES
        for call in calls(path)
        if isinstance(call.func, ast.Name)
        and call.func.id == "isinstance"
        and any(isinstance(n, ast.Name) and n.id == "PairInteractions" for n in ast.walk(call))
    ]
    assert 0 < len(asking) <= 3, asking


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_stay_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines: split it by noun or method"


def test_no_room_is_crowded():
    """A room that holds several trades is several rooms."""
    lines: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for path in SOURCES:
        room = path.relative_to(PACKAGE).parts[0]
        lines[room] += len(path.read_text(encoding="utf-8").splitlines())
        files[room] += path.name != "__init__.py"
    crowded = {r: n for r, n in lines.items() if n > LARGEST_FRACTION * lines.total()}
    assert crowded == {}, f"of {lines.total()} lines"
    assert {r: n for r, n in files.items() if n > MOST_FILES} == {}


def test_only_the_command_line_and_the_report_print():
    allowed = {*(PACKAGE / "cli").rglob("*.py"), *(PACKAGE / "report").rglob("*.py")}
    printing = [
        f"{name_of(path)}:{call.lineno}"
        for path in SOURCES
        if path not in allowed
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "print"
    ]
    assert printing == []


COMPILERS = {"njit", "jit", "vectorize", "guvectorize", "KernelDispatcher"}


def test_compiler_flags_are_set_in_one_place():
    """A compiler or `fastmath` outside the decorator would bring their own flags and cache.

    `fastmath=True` makes `isnan` always false, so it is not even allowed there.
    """
    elsewhere = []
    for path in SOURCES:
        for call in calls(path):
            flags = {k.arg: k.value for k in call.keywords}
            value = flags.get("fastmath")
            assert not (isinstance(value, ast.Constant) and value.value is True), name_of(path)
            target = call.func.attr if isinstance(call.func, ast.Attribute) else None
            target = call.func.id if isinstance(call.func, ast.Name) else target
            if "fastmath" in flags or target in COMPILERS:
                elsewhere.append(name_of(path))
    assert set(elsewhere) <= {"core/compiler.py"}
    assert "core/compiler.py" in elsewhere  # else this test looks for the wrong names


def test_kernels_do_not_import_our_modules_whole():
    """The cache follows kernels and constants by name; behind a module it would not see them."""
    whole = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("glasswells")
            for alias in node.names
            if (PACKAGE / "/".join([*node.module.split(".")[1:], alias.name + ".py"])).is_file()
        }
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and any(
                isinstance(d, ast.Name) and d.id.endswith("kernel") for d in function.decorator_list
            ):
                used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
                whole += [f"{name_of(path)}:{function.name} uses {m}" for m in used & modules]
    assert whole == []


def test_test_files_have_names_of_their_own():
    """Test folders are no packages, so two files of one name could not both be collected."""
    names = [p.name for p in (ROOT / "tests").rglob("*.py") if p.name != "conftest.py"]
    twice = {name for name in names if names.count(name) > 1}
    assert twice == set()
