// The notes of a roll in words, for those who do not see it: written when someone opens it,
// some rows at a time, so that a long piece does not hold the page up.

import { el } from "./dom.js";
import { lengthName, placeName, writtenName } from "./piece.js";

const ROWS_AT_ONCE = 300;

export class RollTable {
  /** `onchoose` hears a note whose button was pressed. */
  constructor(onchoose) {
    this.onchoose = onchoose;
    this.buttons = new Map();
    this.rows = el("tbody");
    this.element = this.#build();
  }

  #build() {
    const heads = ["Note", "Part", "Place", "Length", "Seconds"];
    this.bits = el("th", { scope: "col" }, "Surprise, bits");
    const table = el(
      "table",
      {},
      el(
        "thead",
        {},
        el("tr", {}, ...heads.map((h) => el("th", { scope: "col" }, h)), this.bits),
      ),
      this.rows,
    );
    const attributes = {
      class: "scrolls",
      tabindex: 0,
      role: "region",
      "aria-label": "Notes",
    };
    const fold = el(
      "details",
      { class: "roll-table" },
      el("summary", {}, "The notes as a table"),
      el("div", attributes, table),
    );
    fold.addEventListener("toggle", () => fold.open && this.#write());
    return fold;
  }

  show(piece) {
    this.piece = piece;
    this.isStale = true;
    this.bits.hidden = !piece.hasBits; // no model has judged what people wrote
    if (this.element.open) this.#write();
  }

  /** Marks the rows of the notes that are chosen. */
  mark(chosen) {
    for (const [note, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(chosen.has(note)));
    }
  }

  #write() {
    if (!this.isStale) return;
    this.isStale = false;
    this.buttons.clear();
    this.rows.replaceChildren();
    this.#writeFrom(0, this.piece);
  }

  #writeFrom(start, piece) {
    if (piece !== this.piece) return; // another has come meanwhile
    const notes = piece.notes.slice(start, start + ROWS_AT_ONCE);
    this.rows.append(...notes.map((note) => this.#row(note)));
    if (notes.length < ROWS_AT_ONCE) return;
    setTimeout(() => this.#writeFrom(start + ROWS_AT_ONCE, piece));
  }

  #row(note) {
    const { piece } = this;
    const button = el(
      "button",
      {
        type: "button",
        class: "as-link",
        "aria-pressed": "false",
        onclick: () => this.onchoose(note),
      },
      writtenName(note.pitch),
    );
    this.buttons.set(note, button);
    const values = [
      button,
      piece.parts[note.part]?.name || `Part ${note.part + 1}`,
      placeName(piece, note.start_tick),
      lengthName(note.duration_ticks),
      note.start_seconds.toFixed(2),
      ...(piece.hasBits ? [note.bits?.toFixed(2) ?? ""] : []),
    ];
    return el("tr", {}, ...values.map((value) => el("td", {}, value)));
  }
}
