"use strict";
(function () {
  const config = { displaylogo: false, responsive: true, showLink: false, showSendToCloud: false };
  for (const place of document.querySelectorAll(".interactive")) {
    const plot = JSON.parse(document.getElementById(place.dataset.source).textContent);
    Plotly.newPlot(place, plot.data, plot.layout, config);
  }
})();
