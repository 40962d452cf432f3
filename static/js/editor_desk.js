// The buttons of the note editor: everything that keys and the mouse do, without either.
// They know how to look; the editor knows what to do.

import { el } from "./dom.js";
import { TICKS_PER_QUARTER, firstBeatTick, writtenName, writtenNamed } from "./piece.js";

export const GRIDS = [
  ["Quarters", 480],
  ["Eighths", 240],
  ["Triplets", 160],
  ["Sixteenths", 120],
  ["Sixteenth triplets", 80],
];

/** Buttons in groups. `act` hears the name of what was pressed. */
export class EditorDesk {
  constructor({ parts, act, onset }) {
    this.onset = onset;
    this.buttons = new Map();
    const button = (verb, label, title = null) => {
      const made = el(
        "button",
        { type: "button", class: "quiet", title, onclick: () => act(verb) },
        label,
      );
      this.buttons.set(verb, made);
      return made;
    };
    this.grid = menu(GRIDS.map(([name, ticks]) => [ticks, name]));
    this.grid.value = 240;
    this.part = menu(parts.map((part, n) => [n, part.name || `Part ${n + 1}`]));
    this.semitones = el("input", { type: "number", min: -24, max: 24, value: 2 });
    this.elements = [
      group("Undo", button("undo", "Undo"), button("redo", "Redo")),
      group(
        "Notes",
        button("add", "Add", "At the dashed box: N"),
        button("remove", "Delete"),
        button("duplicate", "Duplicate", "Once more, right after"),
      ),
      group(
        "Move and stretch",
        button("earlier", "Earlier"),
        button("later", "Later"),
        button("lower", "Lower"),
        button("higher", "Higher"),
        button("shorter", "Shorter"),
        button("longer", "Longer"),
      ),
      group(
        "New notes",
        labelled("Grid", this.grid),
        parts.length > 1 ? labelled("New notes in", this.part) : null,
      ),
      group(
        "Transpose",
        labelled("Transpose by", this.semitones),
        button("transposeAll", "All"),
        button("transposeSelected", "Selected"),
      ),
      this.#inspector(),
    ];
  }

  // One note in numbers and words.
  #inspector() {
    const field = (name, options) =>
      el("input", { ...options, onchange: () => this.#set(name) });
    this.fields = {
      pitch: field("pitch", { type: "text", size: 5, autocomplete: "off" }),
      bar: field("bar", { type: "number", min: 0, step: 1 }),
      beat: field("beat", { type: "number", min: 1, step: "any" }),
      length: field("length", { type: "number", min: 0, step: "any" }),
    };
    const { pitch, bar, beat, length } = this.fields;
    this.inspector = group(
      "Selected note",
      labelled("Note", pitch),
      labelled("Bar", bar),
      labelled("Beat", beat),
      labelled("Quarters long", length),
    );
    this.inspector.classList.add("editor-inspector");
    return this.inspector;
  }

  #set(name) {
    const { note, piece } = this;
    if (!note) return;
    const { pitch, bar, beat, length } = this.fields;
    const values = {};
    if (name === "pitch") values.pitch = writtenNamed(pitch.value);
    if (name === "length") {
      values.duration_ticks = Math.round(length.value * TICKS_PER_QUARTER);
    }
    if (name === "bar" || name === "beat") {
      const there = piece.bars.find((one) => one.number === Number(bar.value));
      const beatTicks = there?.beat_ticks ?? TICKS_PER_QUARTER;
      values.start_tick = there
        ? firstBeatTick(piece, there) + Math.round((beat.value - 1) * beatTicks)
        : null;
    }
    const isWhole = Object.values(values).every((value) => Number.isInteger(value));
    this.onset(note, isWhole ? values : null);
  }

  /** Shows what can be done now. `note` is the one that is selected, if it is one. */
  show({ piece, note, canUndo, canRedo, hasSelection }) {
    Object.assign(this, { piece, note });
    const can = { undo: canUndo, redo: canRedo, add: true, transposeAll: true };
    for (const [verb, button] of this.buttons) {
      // Not `disabled`: a button that is pressed to its end would lose the focus.
      button.setAttribute("aria-disabled", String(!(can[verb] ?? hasSelection)));
    }
    for (const field of Object.values(this.fields)) field.disabled = !note;
    const bar = note ? piece.barAt(note.start_tick) : null;
    const beatTicks = bar?.beat_ticks ?? TICKS_PER_QUARTER;
    const beats = bar ? (note.start_tick - firstBeatTick(piece, bar)) / beatTicks : 0;
    this.fields.pitch.value = note ? writtenName(note.pitch) : "";
    this.fields.bar.value = bar ? bar.number : "";
    this.fields.beat.value = note ? rounded(beats + 1) : "";
    this.fields.length.value = note
      ? rounded(note.duration_ticks / TICKS_PER_QUARTER)
      : "";
  }
}

const rounded = (number) => Number(number.toFixed(4));

function menu(options) {
  return el(
    "select",
    {},
    ...options.map(([value, name]) => el("option", { value }, name)),
  );
}

function labelled(words, field) {
  return el("label", {}, el("span", {}, words), field);
}

function group(name, ...children) {
  return el("div", { class: "editor-group", role: "group", "aria-label": name }, ...children);
}
