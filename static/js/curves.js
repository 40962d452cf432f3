// The learning curve: bits per note after each epoch, on the pieces learnt from and on
// those held back. The table under it says the same in numbers.

import uPlot from "uplot";
import { onThemeChange, styleValue } from "./dom.js";

const HEIGHT = 260;

function draw(holder, curve) {
  const ink = styleValue("--muted");
  const grid = { stroke: styleValue("--rule"), width: 1 };
  const font = `13px ${styleValue("--text-face")}`;
  const axis = { stroke: ink, grid, ticks: grid, font, labelFont: font };
  const number = (_, value) => (value === null ? "–" : value.toFixed(3));
  const options = {
    width: holder.clientWidth,
    height: HEIGHT,
    scales: { x: { time: false } },
    axes: [
      { ...axis, label: "Epoch" },
      { ...axis, label: "Bits per note", size: 56 },
    ],
    series: [
      { label: "Epoch" },
      {
        label: "Learnt from",
        stroke: styleValue("--voice-0"),
        width: 2,
        value: number,
      },
      { label: "Held back", stroke: styleValue("--pencil"), width: 2, value: number },
    ],
  };
  holder.replaceChildren();
  return new uPlot(
    options,
    [
      curve.map((point) => point.epoch),
      curve.map((point) => point.train_bits ?? null),
      curve.map((point) => point.valid_bits ?? null),
    ],
    holder,
  );
}

for (const holder of document.querySelectorAll("[data-curve]")) {
  const curve = JSON.parse(document.getElementById(holder.dataset.curve).textContent);
  let plot = draw(holder, curve);
  new ResizeObserver(() => {
    plot.setSize({ width: holder.clientWidth, height: HEIGHT });
  }).observe(holder);
  onThemeChange(() => (plot = draw(holder, curve)));
}
