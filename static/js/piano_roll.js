// <piano-roll data-notes player="id">
//
// The notes as bars of light: time from left to right, pitch upwards, coloured by voice or
// by how much they surprised the model. It follows the music; a click leads there and
// chooses the note it hits ("notechosen", with {note}). Bars are selected along their
// numbers. The canvas has an equal in words, a table.

import { announce } from "./announcing.js";
import { clock, el } from "./dom.js";
import { follow, playerOf } from "./following.js";
import { fetchPiece, noteName, writtenName } from "./piece.js";
import { BarPointer } from "./roll_bars.js";
import { RollDrawing } from "./roll_drawing.js";
import { legend } from "./roll_legend.js";
import { RollTable } from "./roll_table.js";
import { selectionOf } from "./selection.js";

const HINT =
  "Click a note to hear it and to ask why it is there. Drag along the bar numbers to " +
  "select bars.";
const KEYS = " With the keyboard: Shift and an arrow select bars, N and P choose a note.";

class PianoRoll extends HTMLElement {
  async connectedCallback() {
    if (this.scroller) return;
    this.#build();
    try {
      this.piece = await fetchPiece(this.dataset.notes);
    } catch (error) {
      this.scroller.replaceChildren(el("p", { class: "roll-trouble" }, error.message));
      return;
    }
    this.player = playerOf(this);
    this.drawing = new RollDrawing(this.scroller, this.canvas, this.length);
    this.selection = selectionOf(this.player ?? this);
    this.bars = new BarPointer(this, this.drawing, this.selection);
    this.table = new RollTable((note) => this.choose(note));
    this.tools.append(this.#selectButton());
    this.append(
      legend(this.piece, (colouring) => this.#colour(colouring)),
      el(
        "p",
        { class: "roll-hint", id: this.hintId },
        HINT,
        el("span", { class: "visually-hidden" }, KEYS),
      ),
      this.table.element,
    );
    this.show(this.piece);
    this.player?.addEventListener("writtenfor", () =>
      this.show(this.piece, this.drawing.chosen),
    );
    this.#listen();
    this.#showSelection();
    this.dispatchEvent(new CustomEvent("rollready", { bubbles: true }));
  }

  #build() {
    this.hintId = `hint-${this.getAttribute("player")}`;
    this.canvas = el("canvas", { role: "img" });
    this.length = el("div", { class: "roll-length" });
    this.tools = el("div", { class: "roll-tools" });
    this.scroller = el(
      "div",
      {
        class: "roll-scroller",
        tabindex: 0,
        role: "region",
        "aria-label": "Notes in time",
        "aria-describedby": this.hintId,
      },
      this.length,
      this.canvas,
    );
    this.prepend(this.tools, this.scroller);
  }

  #selectButton() {
    const button = el(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-pressed": "false",
        onclick: () => {
          const isOn = !this.bars.isSelecting;
          this.bars.isSelecting = isOn;
          button.setAttribute("aria-pressed", String(isOn));
          this.scroller.classList.toggle("is-selecting", isOn);
        },
      },
      "Select bars",
    );
    return button;
  }

  /** Draws `piece` and lists it: the saved one, or one that is being edited. */
  show(piece, chosen = new Set()) {
    this.piece = piece;
    this.drawing.chosen = chosen;
    this.drawing.show(piece);
    this.table.show(piece);
    this.table.mark(chosen);
    const { notes, range, duration } = piece;
    this.canvas.setAttribute(
      "aria-label",
      `${notes.length} notes between ${writtenName(range[0])} and ` +
        `${writtenName(range[1])} in ${clock(duration)}. The table below lists them all.`,
    );
  }

  #colour(colouring) {
    this.drawing.colouring = colouring;
    this.drawing.draw();
  }

  #listen() {
    follow(this.player, ({ seconds, isPlaying }) =>
      this.drawing.move(seconds, isPlaying),
    );
    this.selection.addEventListener("change", () => this.#showSelection());
    const { scroller } = this;
    scroller.addEventListener("scroll", () => this.drawing.draw());
    scroller.addEventListener("pointerdown", (event) => this.#down(event));
    scroller.addEventListener("pointermove", (event) => this.#move(event));
    scroller.addEventListener("pointerup", (event) => this.#up(event));
    scroller.addEventListener("pointercancel", (event) => this.#up(event));
    scroller.addEventListener("click", (event) => this.#click(event));
    scroller.addEventListener("keydown", (event) => this.#key(event));
  }

  #showSelection() {
    this.drawing.band = this.selection.seconds;
    this.drawing.draw();
    if (this.drawing.band) this.drawing.reveal(this.drawing.band.start);
  }

  // Pointers: bars, then whoever edits, then listening ---------------------------------

  #down(event) {
    const point = this.drawing.point(event);
    this.pointerType = event.pointerType;
    if (event.button !== 0 || point.y > this.drawing.height) return; // the scrollbar
    this.hand = this.#isAboutBars(point) ? this.bars : (this.editor ?? null);
    if (event.pointerType === "touch" && !this.#isGrabbed(point)) this.hand = null;
    if (!this.hand) return;
    this.hand.down(point, event);
    this.scroller.setPointerCapture(event.pointerId);
  }

  // A finger scrolls, unless it lies on a note that is selected for editing.
  #isGrabbed(point) {
    return this.hand !== this.bars && Boolean(this.editor?.grabs(point));
  }

  #isAboutBars(point) {
    return this.editor ? this.drawing.isOnRuler(point) : this.bars.wants(point);
  }

  #move(event) {
    const point = this.drawing.point(event);
    if (this.hand) this.hand.move(point, event);
    else if (event.pointerType !== "touch") this.editor?.hover(point);
  }

  #up(event) {
    this.hand?.up(this.drawing.point(event), event);
    this.hand = null;
  }

  #click(event) {
    const point = this.drawing.point(event);
    const isTouch = this.pointerType === "touch";
    if (this.#isAboutBars(point)) {
      if (isTouch) this.bars.tap(point);
    } else if (this.editor) {
      if (isTouch) this.editor.tap(point);
    } else {
      this.player?.seek(this.drawing.secondsAt(point.x));
      const note = this.drawing.noteAt(point);
      if (note) this.choose(note);
    }
  }

  // Notes ------------------------------------------------------------------------------

  /** Outlines `note` and tells whoever explains it. */
  choose(note) {
    if (this.editor) return this.editor.choose(note);
    this.chosen = note;
    this.drawing.chosen = new Set([note]);
    this.drawing.reveal(note.start_seconds);
    this.drawing.draw();
    this.table.mark(this.drawing.chosen);
    const detail = { note };
    return this.dispatchEvent(new CustomEvent("notechosen", { detail, bubbles: true }));
  }

  /** To the next note in time, or the one before. */
  walk(step) {
    const { notes } = this.piece;
    if (!notes.length) return;
    const here = notes.indexOf(this.chosen);
    const next = notes.findIndex((n) => n.start_seconds >= this.drawing.seconds - 0.01);
    const from = here >= 0 ? here + step : next < 0 ? notes.length - 1 : next;
    const note = notes[Math.min(Math.max(0, from), notes.length - 1)];
    this.choose(note);
    this.player?.seek(note.start_seconds);
    announce(noteName(this.piece, note));
  }

  // Keys -------------------------------------------------------------------------------

  #key(event) {
    if (this.editor?.key(event)) return undefined;
    if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
    const walk = { n: 1, ".": 1, p: -1, ",": -1 }[event.key.toLowerCase()];
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape" && !this.selection.isEmpty) this.selection.clear(this);
    else if (walk) this.walk(walk);
    else if (step && event.shiftKey) this.#growSelection(step);
    else if (step) this.player?.step(step);
    else return undefined;
    return event.preventDefault();
  }

  #growSelection(step) {
    const here = this.piece.bars.findLast(
      (bar) => bar.start_seconds <= this.drawing.seconds + 0.01,
    );
    this.selection.grow(step, here?.number ?? 1, this);
  }
}

customElements.define("piano-roll", PianoRoll);
