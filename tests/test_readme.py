"""What the README shows can be run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import glasswells as gw

ROOT = Path(__file__).parents[1]


def test_example_of_the_readme(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102 - our own text
    glass = names["glass"]
    assert isinstance(glass, gw.Minimization)
    assert glass.outcome.converged
    assert str(glass.outcome) in capsys.readouterr().out
    assert names["vector"].shape == (512, 3)


def source_of(page: Path) -> Path:
    """What a page is made from: those of examples are generated from the scripts of the gallery."""
    if page.parent.resolve() != ROOT / "docs" / "examples":
        return page
    gallery = ROOT / "docs" / "gallery"
    return gallery / ("README.rst" if page.stem == "index" else f"{page.stem}.py")


def test_links_of_the_documents_lead_somewhere():
    documents = [p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts]
    for page in (*ROOT.glob("*.md"), *documents):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert source_of(page.parent / target).exists(), f"{page.name} links to {target}"
