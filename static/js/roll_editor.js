// The roll as an editor: notes are selected, moved, stretched, added and taken away, and
// heard as they are touched. Saving makes a new piece; the one on the page stays.

import { announce } from "./announcing.js";
import { el } from "./dom.js";
import { barsUntil, limitOf } from "./editor_bars.js";
import { EditorDesk } from "./editor_desk.js";
import { EditorKeys } from "./editor_keys.js";
import { NotePointer } from "./editor_pointer.js";
import { saveEdits } from "./editor_saving.js";
import { HELP, REFUSED, counted } from "./editor_words.js";
import { NoteEditing, endTickOf } from "./note_editing.js";
import { noteName, placeName, writtenName } from "./piece.js";

const HELP_ID = "editor-help";
const SCALE = 110; // pixels per second: a sixteenth must be wide enough to take hold of
const SOUNDING = new Set([
  ...["add", "earlier", "later", "lower", "higher", "shorter", "longer", "duplicate"],
]);

class RollEditor {
  constructor(roll, form) {
    Object.assign(this, { roll, form });
    this.base = roll.piece;
    this.drawing = roll.drawing;
    this.button = el(
      "button",
      { type: "button", class: "quiet", onclick: () => this.open() },
      "Edit notes",
    );
    roll.tools.append(this.button);
  }

  // Opening and closing ----------------------------------------------------------------

  open() {
    const { roll, drawing, base } = this;
    this.editing = new NoteEditing(base.notes, { limit: limitOf(base) });
    this.pointer = new NotePointer(this);
    this.keys = new EditorKeys(this);
    this.desk = new EditorDesk({
      parts: base.parts,
      act: (verb) => this.act(verb),
      onset: (note, values) => this.#set(note, values),
    });
    this.status = el("p", { class: "editor-status" }); // what is said is announced
    this.closing = new AbortController();
    this.#build();
    roll.editor = this;
    roll.classList.add("is-editing");
    roll.player?.pause();
    Object.assign(drawing, { leastScale: SCALE, padding: 5, isPlain: true });
    this.cursor = { tick: this.snap(base.tickAt(drawing.seconds)), pitch: 72 };
    const first = this.editing.walk(1, this.cursor.tick);
    if (first) this.cursor.pitch = first.pitch;
    const { signal } = this.closing;
    addEventListener("beforeunload", (event) => this.#warn(event), { signal });
    roll.scroller.addEventListener(
      "dblclick",
      (event) => this.pointer.double(drawing.point(event)),
      { signal },
    );
    roll.scroller.addEventListener(
      "touchstart",
      (event) => {
        const [touch] = event.touches;
        if (this.grabs(drawing.point(touch))) event.preventDefault();
      },
      { signal, passive: false },
    );
    this.settle("The notes can be edited now.");
    roll.scroller.focus({ preventScroll: true });
    roll.scroller.scrollIntoView({ block: "start" }); // The desk below it comes into view.
  }

  #build() {
    const { roll } = this;
    const save = el(
      "button",
      { type: "button", class: "editor-save", onclick: () => this.#save() },
      "Save as a new piece",
    );
    const cancel = el(
      "button",
      { type: "button", class: "quiet", onclick: () => this.#cancel() },
      "Cancel",
    );
    this.element = el(
      "section",
      { class: "roll-editor", "aria-label": "Editing notes" },
      el("div", { class: "editor-desk" }, ...this.desk.elements),
      el("div", { class: "editor-doors" }, save, cancel, this.status),
      el("p", { class: "roll-hint", id: HELP_ID }, HELP),
    );
    roll.scroller.after(this.element);
    roll.scroller.setAttribute("aria-describedby", HELP_ID);
    this.button.hidden = true;
  }

  #warn(event) {
    if (this.editing.changes && !this.isSaved) event.preventDefault();
  }

  // From the piece that was saved, back to the page as the browser kept it.
  #isBack() {
    this.isSaving = this.isSaved = false;
    this.settle();
  }

  #cancel() {
    const { changes } = this.editing;
    if (changes && !confirm(`Let go of ${counted(changes, "changed note")}?`)) return;
    this.close();
    announce("Editing ended. The piece is as it was.");
  }

  close() {
    const { roll, drawing } = this;
    this.closing.abort();
    clearTimeout(this.waiting);
    this.element.remove();
    roll.editor = null;
    roll.scroller.setAttribute("aria-describedby", roll.hintId);
    roll.classList.remove("is-editing");
    Object.assign(drawing, {
      ...{ leastScale: 36, padding: 2, isPlain: false },
      ...{ cursor: null, box: null, extent: null, range: null },
    });
    roll.show(this.base);
    roll.player?.takeNotes(this.base);
    this.button.hidden = false;
    this.button.focus();
  }

  async #save() {
    const { editing, base } = this;
    if (!editing.changes) return this.say("Nothing is changed yet.");
    if (!editing.notes.length) return this.say("Keep at least one note.");
    if (this.isSaving) return undefined;
    this.isSaving = true;
    this.say("Saving…");
    try {
      const address = await saveEdits(this.form, editing.asParts(base.parts.length));
      this.isSaved = true;
      const back = () => this.#isBack();
      addEventListener("pageshow", back, { once: true, signal: this.closing.signal });
      window.location.assign(address);
    } catch (error) {
      this.isSaving = false;
      this.say(error.message);
    }
    return undefined;
  }

  // What is seen and heard -------------------------------------------------------------

  get grid() {
    return Number(this.desk.grid.value);
  }

  snap(tick) {
    return Math.max(0, Math.round(tick / this.grid) * this.grid);
  }

  /** The piece as it would be saved now. */
  #piece() {
    const { editing, base } = this;
    const end = editing.notes.reduce((most, note) => Math.max(most, endTickOf(note)), 0);
    return base.withNotes(editing.notes, barsUntil(base.data.bars, end, editing.limit));
  }

  /** Draws the notes as they are in the middle of a gesture. */
  sketch() {
    const { drawing, editing } = this;
    const piece = this.#piece();
    this.piece = piece;
    const chosen = new Set(piece.notes.filter((note) => editing.selected.has(note.id)));
    const { tick, pitch } = this.cursor;
    const length = Math.min(this.grid, editing.limit - tick);
    drawing.cursor = {
      pitch,
      start: piece.secondsAt(tick),
      end: piece.secondsAt(tick + length),
    };
    drawing.update(piece, chosen);
    return chosen;
  }

  /** After a change: draws, lists, has the player know, and says what was done. */
  settle(sentence = "") {
    const { roll, drawing, editing, desk } = this;
    const chosen = this.sketch();
    const { piece } = this;
    const [low, high] = piece.range;
    const old = drawing.range ?? [127, 0];
    drawing.range = [Math.min(low, old[0]), Math.max(high, old[1])];
    const last = piece.bars.at(-1);
    drawing.extent = last ? last.end_seconds : piece.duration;
    roll.show(piece, chosen);
    const notes = editing.chosen;
    desk.show({
      piece,
      note: notes.length === 1 ? notes[0] : null,
      canUndo: editing.canUndo,
      canRedo: editing.canRedo,
      hasSelection: notes.length > 0,
    });
    this.status.textContent = editing.changes
      ? `${counted(editing.changes, "note")} changed. The score is drawn when you save.`
      : "";
    if (sentence) announce(sentence);
    if (editing.notes === this.played) return;
    this.played = editing.notes;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => roll.player?.takeNotes(piece), 150);
  }

  say(sentence) {
    this.status.textContent = sentence;
    announce(sentence);
  }

  hear(note) {
    if (!note) return;
    const { start_tick: start, duration_ticks: length } = note;
    const seconds = this.base.secondsAt(start + length) - this.base.secondsAt(start);
    const { part, pitch, velocity } = note;
    this.roll.player?.audition(part, pitch, Math.min(0.8, seconds), velocity);
  }

  /** What is selected, in words. */
  words() {
    const notes = this.editing.chosen;
    if (!notes.length) return "No note selected";
    if (notes.length === 1) return noteName(this.piece, notes[0]);
    return `${notes.length} notes selected`;
  }

  // What people do ---------------------------------------------------------------------

  /** A row of the table was pressed, or a note was hit. */
  choose(note) {
    this.editing.select([note.id]);
    this.settle(noteName(this.piece, note));
    this.drawing.reveal(note.start_seconds);
    this.hear(note);
  }

  act(verb, amount = 1) {
    const { editing, grid } = this;
    const acts = {
      undo: () => editing.undo() && "Undone",
      redo: () => editing.redo() && "Done again",
      add: () => this.add(this.cursor),
      remove: () => this.#remove(),
      duplicate: () => this.#duplicate(),
      earlier: () => editing.move(-grid, 0),
      later: () => editing.move(grid, 0),
      lower: () => editing.move(0, -amount),
      higher: () => editing.move(0, amount),
      shorter: () => editing.stretch(-grid),
      longer: () => editing.stretch(grid),
      transposeAll: () => this.#transpose(true),
      transposeSelected: () => this.#transpose(false),
    };
    const done = acts[verb]();
    this.sketch();
    const said = typeof done === "string" ? done : done ? this.words() : REFUSED[verb];
    this.settle(said);
    if (!done) this.status.textContent = said;
    else if (SOUNDING.has(verb)) this.#hearChosen();
    this.follow();
  }

  #hearChosen() {
    const notes = this.editing.chosen;
    if (notes.length <= 4) this.hear(notes[0]);
  }

  // The cursor stands behind what is selected, so that a melody is typed note after note.
  follow() {
    const notes = this.editing.chosen;
    if (!notes.length) return;
    const last = notes.at(-1);
    const tick = Math.min(endTickOf(last), this.editing.limit - this.grid);
    this.cursor = { tick: Math.max(0, tick), pitch: last.pitch };
    const first = this.piece.secondsAt(notes[0].start_tick);
    this.sketch();
    this.drawing.reveal(first);
  }

  add({ tick, pitch }) {
    const chosen = this.editing.chosen.at(-1);
    const part = this.base.parts.length > 1 ? Number(this.desk.part.value) : 0;
    const duration_ticks = chosen?.duration_ticks ?? this.grid;
    const made = this.editing.add({ part, start_tick: tick, pitch, duration_ticks });
    return made ? `Added ${noteName(this.piece, made)}` : null;
  }

  #remove() {
    const count = this.editing.remove();
    return count ? `${counted(count, "note")} deleted` : null;
  }

  #duplicate() {
    const copies = this.editing.duplicate(this.grid);
    return copies.length ? `${counted(copies.length, "note")} doubled` : null;
  }

  #transpose(isAll) {
    const semitones = Number(this.desk.semitones.value);
    if (!Number.isInteger(semitones)) return null;
    const isDone = this.editing.transpose(semitones, { isAll });
    return isDone ? `Transposed by ${counted(semitones, "semitone")}` : null;
  }

  #set(note, values) {
    const isDone = values && this.editing.set(note.id, values);
    this.sketch();
    this.settle(isDone ? this.words() : "");
    if (isDone) this.hear(this.editing.chosen[0]);
    else if (!values) this.say("That is no note, bar or length. Try C5, 3 or 0.5.");
  }

  // Keys and pointers, as the roll hands them on ---------------------------------------

  /** True when this one meant something. */
  key(event) {
    const isHandled = this.keys.press(event);
    if (isHandled) event.preventDefault();
    return isHandled;
  }

  placeCursor({ tick, pitch }) {
    this.cursor = { tick, pitch };
    const { drawing } = this;
    if (pitch < drawing.lowest || pitch > drawing.highest) {
      drawing.range = [Math.min(pitch, drawing.range[0]), Math.max(pitch, drawing.range[1])];
      drawing.lay();
    }
    this.sketch();
    drawing.reveal(this.piece.secondsAt(tick));
    announce(`${writtenName(pitch)}, ${placeName(this.piece, tick)}`);
  }

  down(point, event) {
    this.pointer.down(point, event);
  }

  move(point) {
    this.pointer.move(point);
  }

  up(point) {
    this.pointer.up(point);
  }

  hover(point) {
    this.pointer.hover(point);
  }

  tap(point) {
    this.pointer.tap(point);
  }

  /** Whether a finger at `point` takes hold of a selected note, rather than scrolls. */
  grabs(point) {
    const note = this.drawing.noteAt(point);
    return Boolean(note && this.editing.selected.has(note.id));
  }
}

document.addEventListener("rollready", ({ target }) => {
  const form = document.querySelector("form[data-edits]");
  if (form && target.player?.id === form.dataset.edits) new RollEditor(target, form);
});
