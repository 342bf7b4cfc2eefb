"use strict";
(function () {
  const config = { displaylogo: false, responsive: true, showLink: false, showSendToCloud: false };
  const draw = function (place) {
    const source = document.getElementById(place.dataset.source);
    const plot = JSON.parse(source.textContent);
    Plotly.newPlot(place, plot.data, plot.layout, config);
  };
  const watcher = new IntersectionObserver(function (entries) {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        watcher.unobserve(entry.target);
        draw(entry.target);
      }
    }
  }, { rootMargin: "600px" });
  for (const place of document.querySelectorAll(".interactive")) {
    place.style.minHeight = "460px";
    watcher.observe(place);
  }
})();
