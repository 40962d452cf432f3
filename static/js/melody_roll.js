// <melody-roll>: a small drawing of the notes that were played so far.

import { barTicks, beatTicks } from "./quantizing.js";

const SVG = "http://www.w3.org/2000/svg";
const LEAST_BARS = 4;
const LEAST_PITCHES = 14;
const HEIGHT = 100;

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

class MelodyRoll extends HTMLElement {
  connectedCallback() {
    if (this.svg) return;
    this.svg = shape("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
    this.paper = shape("g", {});
    this.head = shape("line", { class: "head", y1: 0, y2: HEIGHT });
    this.svg.append(this.paper, this.head);
    this.append(this.svg);
    this.show({ notes: [], pickup_ticks: 0 }, { metre: [4, 4] });
    this.point(null);
  }

  /** Draws `notes` in bars of `metre`. */
  show({ notes, pickup_ticks: pickup }, { metre }) {
    const bar = barTicks(metre);
    const beat = beatTicks(metre);
    const end = Math.max(0, ...notes.map((n) => n.start_tick + n.duration_ticks));
    const bars = Math.max(LEAST_BARS, Math.ceil((end - pickup) / bar));
    const length = pickup + bars * bar;
    const pitches = notes.map((note) => note.pitch);
    const [low, high] = pitches.length
      ? [Math.min(...pitches), Math.max(...pitches)]
      : [60, 72];
    const spare = Math.max(2, Math.ceil((LEAST_PITCHES - (high - low)) / 2));
    const step = HEIGHT / (high - low + 2 * spare + 1);
    const lines = [];
    for (let tick = pickup % beat; tick <= length; tick += beat) {
      const isBar = (tick - pickup) % bar === 0;
      lines.push(
        shape("line", {
          class: isBar ? "bar" : "beat",
          x1: tick,
          x2: tick,
          y1: 0,
          y2: HEIGHT,
        }),
      );
    }
    const drawn = notes.map((note) =>
      shape("rect", {
        x: note.start_tick,
        width: note.duration_ticks,
        y: (high + spare - note.pitch) * step,
        height: step,
      }),
    );
    this.svg.setAttribute("viewBox", `0 0 ${length} ${HEIGHT}`);
    this.paper.replaceChildren(...lines, ...drawn);
  }

  /** Moves the line that says where the music is; null hides it. */
  point(tick) {
    this.head.setAttribute("visibility", tick === null ? "hidden" : "visible");
    this.head.setAttribute("x1", tick ?? 0);
    this.head.setAttribute("x2", tick ?? 0);
  }
}

customElements.define("melody-roll", MelodyRoll);
