// What keys mean in the note editor. They do what its buttons do, and walk.

import { noteName } from "./piece.js";

const KEYS = {
  Left: "earlier",
  Right: "later",
  Up: "higher",
  Down: "lower",
  "[": "shorter",
  "]": "longer",
  n: "add",
  enter: "add",
  d: "duplicate",
  delete: "remove",
  backspace: "remove",
};
const SHIFTED = { Left: "shorter", Right: "longer" };
const OCTAVE = 12;

export class EditorKeys {
  constructor(editor) {
    this.editor = editor;
  }

  /** Whether the key meant something here. */
  press({ key, shiftKey, ctrlKey, metaKey, altKey }) {
    if (altKey) return false;
    const letter = key.toLowerCase();
    if (ctrlKey || metaKey) return this.#withControl(letter, shiftKey);
    const hasSelection = this.editor.editing.selected.size > 0;
    if (key === "Tab") return hasSelection && this.#walk(shiftKey ? -1 : 1, true);
    if (key === ".") return this.#walk(1);
    if (key === "," || letter === "p") return this.#walk(-1);
    if (key === "Escape") return this.#letGo();
    const arrow = /^Arrow(Left|Right|Up|Down)$/.exec(key)?.[1];
    if (arrow && !hasSelection) return this.#moveCursor(arrow);
    const verb = (shiftKey && SHIFTED[arrow]) || KEYS[arrow] || KEYS[letter];
    if (!verb) return false;
    const isOctave = shiftKey && (arrow === "Up" || arrow === "Down");
    this.editor.act(verb, isOctave ? OCTAVE : 1);
    return true;
  }

  #withControl(letter, shiftKey) {
    const { editor } = this;
    if (letter === "a") {
      editor.editing.selectAll();
      editor.settle(editor.words());
      return true;
    }
    const verb = { z: shiftKey ? "redo" : "undo", y: "redo", d: "duplicate" }[letter];
    if (verb) editor.act(verb);
    return Boolean(verb);
  }

  #letGo() {
    const { editor } = this;
    if (!editor.editing.selected.size) return false;
    editor.editing.select([]);
    editor.settle("No note selected");
    return true;
  }

  // At either end Tab leaves the roll, as it leaves any other thing.
  #walk(step, isTab = false) {
    const { editor } = this;
    const { editing } = editor;
    const { id } = editing.chosen.at(step > 0 ? -1 : 0) ?? {};
    const isAtEnd = id === editing.notes.at(step > 0 ? -1 : 0)?.id;
    if (isTab && isAtEnd) return false;
    const note = editing.walk(step, editor.cursor.tick);
    if (!note) return false;
    editor.settle(noteName(editor.piece, note));
    editor.follow();
    editor.hear(note);
    return true;
  }

  #moveCursor(arrow) {
    const { editor } = this;
    const { cursor, grid, editing } = editor;
    const [ticks, semitones] = {
      Left: [-grid, 0],
      Right: [grid, 0],
      Up: [0, 1],
      Down: [0, -1],
    }[arrow];
    const tick = editor.snap(cursor.tick + ticks);
    editor.placeCursor({
      tick: Math.min(tick, editing.limit - grid),
      pitch: Math.min(127, Math.max(0, cursor.pitch + semitones)),
    });
    return true;
  }
}
