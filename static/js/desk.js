// The desk below the main player. What most want is at hand; the rest is in folds, of which
// one is open at a time.

import { el } from "./dom.js";
import { USUAL, toldOf, wholeDesk } from "./desk_state.js";
import { mixer } from "./mixer.js";
import { LoopControls, practicePanel, toggleSwitch } from "./practice.js";
import { tempoKnob } from "./player_controls.js";
import { openShortcuts } from "./shortcuts.js";

const READERS = {
  concert: "Concert pitch",
  bflat: "B♭: clarinet, trumpet, soprano sax",
  eflat: "E♭: alto or baritone sax",
  f: "F: horn, English horn",
  "octave-up": "An octave higher: guitar, double bass",
  "octave-down": "An octave lower: piccolo, whistle",
};

export class Desk {
  /** `player` is set and asked; see ScorePlayer for what it can do. */
  constructor(player, piece) {
    this.player = player;
    this.tempo = tempoKnob(piece.qpm, (tempo) => player.set({ tempo }));
    this.loop = new LoopControls(piece, {
      place: () => player.seconds,
      onchange: (loop) => player.repeat(loop),
    });
    const several = piece.parts.length > 1;
    this.practice = practicePanel({
      onset: (values) => player.set(values),
      ongrow: (growth) => player.grow(growth),
    });
    this.panels = [
      [several ? "Instruments" : "Instrument", this.#mixer(piece)],
      ["Practice", this.practice],
      ["Feel", feelPanel(piece, (values) => player.set(values))],
      ["My instrument", readerPanel((values) => player.set(values))],
    ];
    this.element = el(
      "div",
      { class: "player-desk" },
      this.tempo.element,
      this.loop.element,
      this.#folds(),
    );
  }

  #mixer({ parts }) {
    return mixer(parts, (part, values) => this.player.setPart(part, values));
  }

  #folds() {
    const bodies = this.panels.map(([name, { element }], index) => {
      const id = `${this.player.id}-fold-${index}`;
      const role = { role: "group", "aria-label": name, hidden: true };
      return el("div", { class: "player-fold", id, ...role }, element);
    });
    this.buttons = this.panels.map(([name], index) => {
      const id = bodies[index].id;
      return el(
        "button",
        {
          type: "button",
          class: "player-fold-button",
          "aria-expanded": "false",
          "aria-controls": id,
          onclick: () => this.#open(bodies, index),
        },
        name,
      );
    });
    this.reset = el(
      "button",
      { type: "button", class: "player-link", hidden: true, onclick: () => this.#reset() },
      "As it was",
    );
    const keys = { type: "button", class: "player-link", onclick: openShortcuts };
    const row = el(
      "div",
      { class: "player-fold-row" },
      ...this.buttons,
      el("span", { class: "player-links" }, this.reset, el("button", keys, "Keys")),
    );
    return el("div", { class: "player-folds" }, row, ...bodies);
  }

  #open(bodies, chosen) {
    bodies.forEach((body, index) => {
      body.hidden = index !== chosen || !body.hidden;
      this.buttons[index].setAttribute("aria-expanded", String(!body.hidden));
    });
  }

  #reset() {
    this.player.setAll(wholeDesk({}, this.player.parts.length));
    this.buttons[0].focus();
  }

  /** Every knob as `desk` has it. */
  show(desk) {
    this.tempo.show(desk.tempo);
    for (const [, panel] of this.panels) panel.show(desk);
    this.reset.hidden = Object.keys(toldOf(desk)).length === 0;
  }
}

function feelPanel({ bars }, onset) {
  const swings = bars.some((bar) => bar.pair_ticks);
  const swing = labelledSlider("Swing", "straight", (value) => onset({ swing: value }));
  const human = labelledSlider("Humanise", "exact", (value) =>
    onset({ humanise: value }),
  );
  swing.input.disabled = !swings;
  const again = el(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: () => onset({ take: (Number(again.dataset.take) + 1) % 10_000 }),
    },
    "Another take",
  );
  const why = swings
    ? "The second of two notes comes later, as far as a triplet."
    : "In this metre the beat divides in three already, so nothing swings.";
  return {
    element: el(
      "div",
      { class: "feel" },
      swing.element,
      el("small", {}, why),
      human.element,
      el("small", {}, "Phrases rise and fall, and no two notes are quite alike. "),
      again,
    ),
    show(desk) {
      swing.show(desk.swing);
      human.show(desk.humanise);
      again.dataset.take = desk.take;
      again.disabled = desk.humanise === USUAL.humanise;
    },
  };
}

function labelledSlider(name, none, oninput) {
  const shown = el("output", { class: "player-number" });
  const input = el("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 5,
    "aria-label": `${name}, percent`,
    oninput: () => oninput(Number(input.value)),
  });
  return {
    input,
    element: el("label", { class: "player-slider" }, el("span", {}, name), input, shown),
    show(value) {
      input.value = value;
      shown.textContent = value === 0 ? none : `${value} %`;
      input.setAttribute("aria-valuetext", shown.textContent);
    },
  };
}

function readerPanel(onset) {
  const options = Object.entries(READERS).map(([value, name]) =>
    el("option", { value }, name),
  );
  const menu = el(
    "select",
    { onchange: () => onset({ written_for: menu.value }) },
    ...options,
  );
  const sounds = toggleSwitch("Sound it as written", "instead of at concert pitch", (on) =>
    onset({ sounds_written: on }),
  );
  return {
    element: el(
      "div",
      { class: "reader" },
      el("label", {}, el("span", {}, "Score written for"), menu),
      sounds.element,
    ),
    show(desk) {
      menu.value = desk.written_for;
      sounds.input.checked = desk.sounds_written;
      sounds.input.disabled = desk.written_for === "concert";
    },
  };
}
