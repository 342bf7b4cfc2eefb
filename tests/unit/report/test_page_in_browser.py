"""The page in a browser: it fits a phone, asks for nothing, throws no error, sorts its tables."""

import json
import re
import shutil
import subprocess

import pytest

from glasswells.report import write_report
from glasswells.report.result import result_sentence
from report_contents import content, write_small

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--allow-file-access-from-files", "--virtual-time-budget=6000", "--dump-dom",
)  # fmt: skip
VISITOR = """<!doctype html><meta charset="utf-8"><body><pre id="seen"></pre><script>
const errors = [], view = document.createElement("iframe");
view.width = WIDTH; view.height = 900; view.src = "report/index.html";
view.onload = () => {
  const page = view.contentDocument, root = page.documentElement;
  view.contentWindow.addEventListener("error", (event) => errors.push(event.message));
  const head = page.querySelector("table.sortable thead th:nth-child(2)");
  const button = head.querySelector("button");
  button.focus();
  const reached = page.activeElement === button;
  const column = () => Array.from(head.closest("table").tBodies[0].rows, (row) => row.cells[1].textContent);
  button.click(); const up = column();
  button.click(); const down = column();
  setTimeout(() => {
    document.getElementById("seen").textContent = JSON.stringify({
      sentence: page.querySelector(".lead").textContent, reached, up, down,
      sort: head.getAttribute("aria-sort"), page: root.scrollWidth, window: root.clientWidth,
      requests: view.contentWindow.performance.getEntriesByType("resource")
        .map((entry) => entry.name).filter((name) => !/^(data|blob):/.test(name)),
      errors,
    });
  }, 2000);
};
document.body.append(view);
</script>
"""  # noqa: E501


@pytest.fixture(scope="module")
def made():
    return content(sizes=((6, 5),))


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    directory = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glasswells.report.page.write_picture", write_small)
        write_report(made, directory / "report")
    return directory


@pytest.mark.skipif(BROWSER is None, reason="needs the browser chromium on the path")
@pytest.mark.parametrize("width", [420, 1400])
def test_page_fits_asks_for_nothing_and_sorts_its_tables(folder, made, width):
    visitor = folder / f"visitor_{width}.html"
    visitor.write_text(VISITOR.replace("WIDTH", str(width)), encoding="utf-8")
    shown = subprocess.run(
        [BROWSER, *FLAGS, f"--user-data-dir={folder}/profile_{width}", visitor.as_uri()],
        capture_output=True, text=True, check=True, timeout=300,
    ).stdout  # fmt: skip
    seen = json.loads(re.search(r'<pre id="seen">(.*?)</pre>', shown, re.DOTALL)[1])
    assert seen["page"] <= seen["window"] <= width
    assert seen["requests"] == seen["errors"] == []
    assert seen["reached"]
    assert seen["sort"] == "descending"
    assert seen["up"] == seen["down"][::-1] == sorted(seen["up"], key=float)
    numbers = re.findall(r"\d+ [a-z]+", result_sentence(made))
    assert re.findall(r"\d+ [a-z]+", seen["sentence"]) == numbers
    assert len(numbers) >= 4
