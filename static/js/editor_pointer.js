// What a mouse, a pen or a finger means in the note editor: take a note along, draw it out,
// catch several in a box.

const EDGE = 7; // pixels at a note's right end that stretch it
const STEADY = 4; // pixels a hand may tremble before it means a drag

export class NotePointer {
  constructor(editor) {
    this.editor = editor;
    this.drawing = editor.drawing;
    this.gesture = null;
  }

  #place(point) {
    const { drawing, editor } = this;
    const tick = editor.base.tickAt(drawing.secondsAt(point.x));
    return { tick, pitch: drawing.pitchAt(point.y) };
  }

  #isOnEdge(note, { x }) {
    const { left, right, width } = this.drawing.boxOf(note);
    return width > 2 * EDGE ? x > right - EDGE : x > left + width * 0.6;
  }

  hover(point) {
    const note = this.drawing.noteAt(point);
    const { style } = this.drawing.scroller;
    const isEdge = note && this.#isOnEdge(note, point);
    style.cursor = isEdge ? "ew-resize" : note ? "grab" : "crosshair";
  }

  down(point, event) {
    const { editor, drawing } = this;
    const note = drawing.noteAt(point);
    const isAdding = event.shiftKey || event.ctrlKey || event.metaKey;
    this.gesture = { from: point, ...this.#place(point), isAdding, hasMoved: false };
    if (!note) {
      this.gesture.kind = "box";
      return;
    }
    const { editing } = editor;
    if (isAdding) editing.toggle(note.id);
    else if (!editing.selected.has(note.id)) editing.select([note.id]);
    this.gesture.kind = this.#isOnEdge(note, point) ? "stretch" : "move";
    this.gesture.pitchHeard = note.pitch;
    this.gesture.note = note;
    editing.begin();
    editor.hear(note);
    editor.sketch();
  }

  move(point) {
    const { gesture } = this;
    if (!gesture) return;
    const { from } = gesture;
    if (Math.hypot(point.x - from.x, point.y - from.y) > STEADY) gesture.hasMoved = true;
    if (!gesture.hasMoved) return;
    if (gesture.kind === "box") this.#drawBox(point);
    else this.#drag(point);
  }

  #drag(point) {
    const { gesture, editor } = this;
    const { editing, grid } = editor;
    const place = this.#place(point);
    const ticks = Math.round((place.tick - gesture.tick) / grid) * grid;
    editing.rewind();
    if (gesture.kind === "stretch") editing.stretch(ticks);
    else editing.move(ticks, place.pitch - gesture.pitch);
    editor.sketch();
    const note = editing.notes.find(({ id }) => id === gesture.note.id);
    if (gesture.kind === "move" && note.pitch !== gesture.pitchHeard) editor.hear(note);
    gesture.pitchHeard = note.pitch;
  }

  #drawBox({ x, y }) {
    const { from } = this.gesture;
    this.drawing.box = {
      left: Math.min(from.x, x),
      right: Math.max(from.x, x),
      top: Math.min(from.y, y),
      bottom: Math.max(from.y, y),
    };
    this.drawing.draw();
  }

  up(point) {
    const { gesture, editor, drawing } = this;
    this.gesture = null;
    if (!gesture) return;
    if (gesture.kind !== "box") {
      editor.editing.commit();
      editor.settle(editor.words());
      return;
    }
    drawing.box = null;
    if (gesture.hasMoved) this.#catch(gesture, this.#place(point));
    else this.#set(point, gesture.isAdding);
  }

  #catch(gesture, place) {
    const { editing } = this.editor;
    const caught = editing.within({
      from: Math.min(gesture.tick, place.tick),
      to: Math.max(gesture.tick, place.tick),
      low: Math.min(gesture.pitch, place.pitch),
      high: Math.max(gesture.pitch, place.pitch),
    });
    editing.select(
      caught.map((note) => note.id),
      { isAdding: gesture.isAdding },
    );
    this.editor.settle(this.editor.words());
  }

  // On empty ground: lets go of what was selected, and puts the cursor there.
  #set(point, isAdding) {
    const { editor } = this;
    if (!isAdding) editor.editing.select([]);
    editor.settle();
    const { tick, pitch } = this.#place(point);
    editor.placeCursor({ tick: this.#cellOf(tick), pitch });
  }

  #cellOf(tick) {
    const { grid, editing } = this.editor;
    const cell = Math.max(0, Math.floor(tick / grid) * grid);
    return Math.min(cell, Math.max(0, editing.limit - grid));
  }

  tap(point) {
    const note = this.drawing.noteAt(point);
    if (note) this.editor.choose(note);
    else this.#set(point, false);
  }

  double(point) {
    if (this.drawing.isOnRuler(point) || this.drawing.noteAt(point)) return;
    const { tick, pitch } = this.#place(point);
    this.editor.cursor = { tick: this.#cellOf(tick), pitch };
    this.editor.act("add");
  }
}
