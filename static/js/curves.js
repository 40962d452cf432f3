// The learning curve: bits after each epoch, on the pieces learnt from and on those held
// back, beside guesses that need no network. The table under it says the same in numbers.

import uPlot from "uplot";
import { onThemeChange, styleValue } from "./dom.js";

const HEIGHT = 260;
const DASHES = [
  [6, 4],
  [2, 3],
];

function read(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : [];
}

function draw(holder) {
  const curve = read(holder.dataset.curve);
  const baselines = read(holder.dataset.baselines);
  holder.hidden = !curve.length;
  holder.replaceChildren();
  if (!curve.length) return null;
  const last = Math.max(Number(holder.dataset.epochs ?? 0), curve.at(-1).epoch, 2);
  const epochs = Array.from({ length: last }, (_, index) => index + 1);
  const at = new Map(curve.map((point) => [point.epoch, point]));
  const ink = styleValue("--muted");
  const grid = { stroke: styleValue("--rule"), width: 1 };
  const font = `13px ${styleValue("--text-face")}`;
  const axis = { stroke: ink, grid, ticks: grid, font, labelFont: font };
  const number = (_, value) => (value === null ? "–" : value.toFixed(3));
  const line = (label, stroke, more = {}) => ({
    ...{ label, stroke, width: 2, value: number, points: { show: last <= 60 } },
    ...more,
  });
  const options = {
    width: holder.clientWidth,
    height: HEIGHT,
    scales: { x: { time: false } },
    axes: [
      { ...axis, label: "Epoch", incrs: [1, 2, 5, 10, 20, 50, 100] },
      { ...axis, label: "Bits", size: 56 },
    ],
    series: [
      { label: "Epoch" },
      line("Learnt from", styleValue("--voice-0")),
      line("Held back", styleValue("--pencil")),
      ...baselines.map(({ label }, index) =>
        line(label, ink, {
          width: 1.5,
          dash: DASHES[index % DASHES.length],
          points: { show: false },
        }),
      ),
    ],
  };
  return new uPlot(
    options,
    [
      epochs,
      epochs.map((epoch) => at.get(epoch)?.train_bits ?? null),
      epochs.map((epoch) => at.get(epoch)?.valid_bits ?? null),
      ...baselines.map(({ bits }) => epochs.map(() => bits)),
    ],
    holder,
  );
}

for (const holder of document.querySelectorAll("[data-curve]")) {
  let plot = draw(holder);
  let shown = document.getElementById(holder.dataset.curve).textContent;
  const redraw = () => {
    plot?.destroy();
    plot = draw(holder);
  };
  new ResizeObserver(() => {
    if (holder.clientWidth) plot?.setSize({ width: holder.clientWidth, height: HEIGHT });
  }).observe(holder);
  onThemeChange(redraw);
  document.addEventListener("livechange", () => {
    const fresh = document.getElementById(holder.dataset.curve).textContent;
    if (fresh !== shown) redraw();
    shown = fresh;
  });
}
