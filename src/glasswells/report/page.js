"use strict";
(function () {
  const config = { displaylogo: false, responsive: true, showLink: false, showSendToCloud: false };

  // Three dimensions need WebGL; without it the picture stays.
  function canDraw(data) {
    const solid = data.some((trace) => trace.type !== "scatter");
    return !solid || document.createElement("canvas").getContext("webgl") !== null;
  }

  function draw(place) {
    const plot = JSON.parse(document.getElementById(place.dataset.source).textContent);
    if (typeof Plotly === "undefined" || !canDraw(plot.data)) return;
    place.closest("figure").classList.add("live");
    Plotly.newPlot(place, plot.data, plot.layout, config);
  }

  // Browsers keep few three-dimensional views at a time: each is made when it comes into sight.
  const seen = new IntersectionObserver(function (entries) {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        seen.unobserve(entry.target);
        draw(entry.target.querySelector(".interactive"));
      }
    }
  }, { rootMargin: "200px" });
  for (const place of document.querySelectorAll(".interactive")) {
    seen.observe(place.closest("figure"));
  }

  // Each figure as it is drawn, and its numbers, under the name of its files beside the page.
  function link(text, name, address) {
    const made = document.createElement("a");
    made.textContent = text;
    made.download = name;
    made.href = address;
    return made;
  }

  for (const image of document.querySelectorAll("figure img")) {
    const figure = image.closest("figure"), slug = figure.id.slice("figure-".length);
    const numbers = document.getElementById("numbers-" + slug);
    const line = document.createElement("span");
    line.className = "files";
    line.append(" Save: ", link("SVG", slug + ".svg", image.src), " ");
    if (numbers !== null) {
      const blob = new Blob([JSON.parse(numbers.textContent)], { type: "text/csv" });
      line.append(link("CSV", slug + ".csv", URL.createObjectURL(blob)));
    } else {
      line.append("(its numbers: figures/" + slug + ".csv)");
    }
    figure.querySelector("figcaption").append(line);
  }

  // A choice hides what is known to be of another temperature or unit set, and unfolds the rest.
  const choices = Array.from(document.querySelectorAll("select[data-filter]"));

  function choose() {
    const wanted = choices.filter((one) => one.value !== "");
    const differs = (item) => wanted.some(function (one) {
      const own = item.dataset[one.dataset.filter];
      return own !== undefined && own !== one.value;
    });
    for (const item of document.querySelectorAll("[data-temperature], [data-units]")) {
      item.hidden = differs(item);
    }
    const chosen = choices.some((one) => one.dataset.filter === "units" && one.value !== "");
    for (const figure of document.querySelectorAll("details figure[data-units]")) {
      if (chosen && !figure.hidden) figure.closest("details").open = true;
    }
  }

  for (const one of choices) {
    one.closest(".filters").hidden = false;
    one.addEventListener("change", choose);
  }

  // Numbers by value, texts by letters; cells without a number come last.
  function compare(a, b, sign) {
    const [x, y] = [a.dataset.value, b.dataset.value];
    if (x !== undefined && y !== undefined) return sign * (Number(x) - Number(y));
    if (x !== undefined || y !== undefined) return x === undefined ? 1 : -1;
    return sign * a.textContent.localeCompare(b.textContent, "en", { numeric: true });
  }

  function sort(head, column) {
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    const body = head.closest("table").tBodies[0];
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const rows = Array.from(body.rows);
    rows.sort((a, b) => compare(a.cells[column], b.cells[column], ascending ? 1 : -1));
    body.append(...rows);
  }

  for (const head of document.querySelectorAll("table.sortable thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, head.cellIndex));
    head.append(button);
  }
})();
