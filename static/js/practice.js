// For practising: bars that repeat, from A to B, and a loop that grows faster.

import { clock, el, icon } from "./dom.js";
import { TEMPO } from "./desk_state.js";

const LOOP = "M7 7h10v3l4-4-4-4v3H5v6h2zm10 10H7v-3l-4 4 4 4v-3h12v-6h-2z";
const SHORTEST_SECONDS = 0.2;
const NEAR = 0.01; // seconds between a moment and the bar line it stands for

/**
 * A button that repeats, and from where to where: by bars, or at moments set while one
 * listens. `place()` is where the music is; `onchange(loop)` gets {start, end} or null.
 */
export class LoopControls {
  constructor({ bars, duration }, { place, onchange }) {
    this.bars = bars;
    this.onchange = onchange;
    this.isOn = false;
    this.range = { start: 0, end: duration };
    this.duration = duration;
    this.button = el("button", {
      type: "button",
      class: "player-toggle player-loop",
      "aria-pressed": "false",
      onclick: () => this.toggle(),
    });
    this.button.append(icon(LOOP), "Repeat");
    this.first = this.#menu("Repeat from bar", () => this.#byBars());
    this.last = this.#menu("Repeat to bar", () => this.#byBars());
    this.shown = el("output", { class: "player-number" });
    this.where = el(
      "span",
      { class: "player-bars", hidden: true },
      ...(bars.length > 1 ? ["bars ", this.first, " to ", this.last] : []),
      endButton("A", "Repeat from here", () => this.setStart(place())),
      endButton("B", "Repeat to here", () => this.setEnd(place())),
      this.shown,
    );
    this.element = el("span", { class: "player-repeat" }, this.button, this.where);
  }

  #menu(name, onchange) {
    const options = this.bars.map(({ number }, index) =>
      el("option", { value: index }, number || "pick-up"),
    );
    return el("select", { "aria-label": name, onchange }, ...options);
  }

  get loop() {
    return this.isOn ? this.range : null;
  }

  toggle(isOn = !this.isOn) {
    this.isOn = isOn;
    this.#tell();
  }

  setStart(seconds) {
    const start = Math.min(seconds, this.duration - SHORTEST_SECONDS);
    const isBefore = start + SHORTEST_SECONDS <= this.range.end;
    this.setRange(start, isBefore ? this.range.end : this.duration);
  }

  setEnd(seconds) {
    const end = Math.max(seconds, SHORTEST_SECONDS);
    const isAfter = end >= this.range.start + SHORTEST_SECONDS;
    this.setRange(isAfter ? this.range.start : 0, end);
  }

  /** Repeats from `start` to `end`, now or when repeating is next switched on. */
  setRange(start, end, isOn = true) {
    this.range = { start, end: Math.min(end, this.duration) };
    this.isOn = isOn;
    this.#tell();
  }

  #byBars() {
    const [first, last] = [this.first.selectedIndex, this.last.selectedIndex];
    const end = this.bars[Math.max(first, last)].end_seconds;
    this.setRange(this.bars[first].start_seconds, end);
  }

  #tell() {
    this.show();
    this.onchange(this.loop);
  }

  show() {
    const { start, end } = this.range;
    this.button.setAttribute("aria-pressed", String(this.isOn));
    this.where.hidden = !this.isOn;
    const first = this.bars.findLastIndex((bar) => bar.start_seconds <= start + NEAR);
    const last = this.bars.findIndex((bar) => bar.end_seconds >= end - NEAR);
    this.first.selectedIndex = first;
    this.last.selectedIndex = last < 0 ? this.bars.length - 1 : last;
    const isOnBars =
      Math.abs(this.bars[first]?.start_seconds - start) < NEAR &&
      Math.abs(this.bars[this.last.selectedIndex]?.end_seconds - end) < NEAR;
    this.shown.textContent = isOnBars ? "" : `${clock(start)} to ${clock(end)}`;
  }
}

function endButton(letter, label, onclick) {
  const button = { type: "button", class: "player-toggle", "aria-label": label };
  return el("button", { ...button, title: label, onclick }, letter);
}

/** Count-in, metronome, and a loop that starts slowly: `onset` and `ongrow` are told. */
export function practicePanel({ onset, ongrow }) {
  const countIn = toggleSwitch("Count-in", "a bar of clicks before it plays", (isOn) =>
    onset({ count_in: isOn }),
  );
  const metronome = toggleSwitch("Metronome", "a click on every beat", (isOn) =>
    onset({ metronome: isOn }),
  );
  const from = percent("Start at, percent of the tempo", 60);
  const step = percent("Faster each round by, percent", 5, 1, 50);
  const to = percent("Up to, percent of the tempo", 100);
  const start = el(
    "button",
    {
      type: "button",
      class: "player-toggle",
      "aria-pressed": "false",
      onclick: () => {
        const isOn = start.getAttribute("aria-pressed") !== "true";
        start.setAttribute("aria-pressed", String(isOn));
        ongrow(isOn ? { from: from.number, step: step.number, to: to.number } : null);
      },
    },
    "Grow faster",
  );
  return {
    element: el(
      "div",
      { class: "practice" },
      countIn.element,
      metronome.element,
      el(
        "p",
        { class: "practice-growth" },
        ...["Repeat slowly at first: from ", from.element, " %, "],
        ...[step.element, " % faster each round, up to ", to.element, " % "],
        start,
      ),
    ),
    stop: () => start.setAttribute("aria-pressed", "false"),
    show({ count_in, metronome: hasMetronome }) {
      countIn.input.checked = count_in;
      metronome.input.checked = hasMetronome;
    },
  };
}

/** A switch with its name and what it does. */
export function toggleSwitch(name, what, onchange) {
  const input = el("input", {
    type: "checkbox",
    role: "switch",
    onchange: () => onchange(input.checked),
  });
  const words = el("span", {}, name, el("small", {}, ` ${what}`));
  return { input, element: el("label", { class: "player-switch" }, input, words) };
}

function percent(label, value, min = TEMPO.least, max = TEMPO.most) {
  const element = el("input", {
    type: "number",
    inputmode: "numeric",
    class: "player-percent",
    "aria-label": label,
    ...{ min, max, value, step: 1 },
  });
  return {
    element,
    get number() {
      const asked = Math.round(element.valueAsNumber || value);
      element.value = Math.min(Math.max(asked, min), max);
      return Number(element.value);
    },
  };
}
