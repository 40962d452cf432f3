// Notes that are being edited: which there are, which are selected, and what was undone.
//
// No page and no sound: values in, values out, so that every rule can be tried by itself.
// A note is {id, part, start_tick, pitch, duration_ticks, velocity} and never changes; what
// changes is the list. Ticks are 480 to a quarter.

export const MOST_NOTES = 4096;
const MOST_UNDONE = 500;
const LOWEST_PITCH = 0;
const HIGHEST_PITCH = 127;
const LEAST_TICKS = 60; // a thirty-second: nothing is made shorter by stretching
const VELOCITY = 80;

export const endTickOf = (note) => note.start_tick + note.duration_ticks;

export class NoteEditing {
  #past = [];
  #future = [];
  #lastId;
  #before = null; // the list at the start of a gesture of many small changes

  /** `limit` is the tick that no note may pass. */
  constructor(notes, { limit }) {
    this.limit = limit;
    this.notes = sorted(notes.map((note, id) => ({ ...note, id })));
    this.saved = this.notes;
    this.selected = new Set();
    this.#lastId = notes.length;
  }

  get chosen() {
    return this.notes.filter((note) => this.selected.has(note.id));
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** How many notes are new, gone or different. */
  get changes() {
    const before = new Map(this.saved.map((note) => [note.id, note]));
    const now = new Set(this.notes.map((note) => note.id));
    const gone = this.saved.filter((note) => !now.has(note.id)).length;
    const other = this.notes.filter((n) => !isSame(n, before.get(n.id))).length;
    return gone + other;
  }

  /** Lists of [start, pitch, duration, velocity], one for each of `parts` parts. */
  asParts(parts) {
    const lists = Array.from({ length: parts }, () => []);
    for (const { part, start_tick, pitch, duration_ticks, velocity } of this.notes) {
      lists[part].push([start_tick, pitch, duration_ticks, velocity]);
    }
    return lists;
  }

  // Selecting --------------------------------------------------------------------------

  select(ids, { isAdding = false } = {}) {
    this.selected = new Set(isAdding ? [...this.selected, ...ids] : ids);
  }

  toggle(id) {
    if (!this.selected.delete(id)) this.selected.add(id);
  }

  selectAll() {
    this.select(this.notes.map((note) => note.id));
  }

  /** What sounds between two ticks and two pitches, all inclusive. */
  within({ from, to, low, high }) {
    return this.notes.filter(
      (note) =>
        note.start_tick < to &&
        endTickOf(note) > from &&
        low <= note.pitch &&
        note.pitch <= high,
    );
  }

  /** Selects the next note in time, or the one before; from `tick` when none is. */
  walk(step, tick = 0) {
    if (!this.notes.length) return null;
    const places = this.notes.flatMap((n, i) => (this.selected.has(n.id) ? [i] : []));
    const here = step > 0 ? places.at(-1) : places[0];
    const after = this.notes.findIndex((note) => note.start_tick >= tick);
    const next = here === undefined ? (after < 0 ? 0 : after) : here + step;
    const note = this.notes[(next + this.notes.length) % this.notes.length];
    this.select([note.id]);
    return note;
  }

  // Changing ---------------------------------------------------------------------------

  /** A gesture: all until `commit` is one step to undo. */
  begin() {
    this.#before = { notes: this.notes, selected: this.selected };
  }

  commit() {
    const before = this.#before;
    this.#before = null;
    if (before && before.notes !== this.notes) this.#remember(before);
  }

  /** Undoes what the gesture did so far, and goes on with it. */
  rewind() {
    if (this.#before) this.notes = this.#before.notes;
  }

  /** Moves the selected notes; as far as all of them can go. False: not at all. */
  move(ticks, semitones) {
    const chosen = this.chosen;
    if (!chosen.length) return false;
    const starts = chosen.map((note) => note.start_tick);
    const pitches = chosen.map((note) => note.pitch);
    const least = -Math.min(...starts);
    const most = Math.max(least, this.limit - Math.max(...chosen.map(endTickOf)));
    const by = clamp(ticks, least, most);
    const up = clamp(
      semitones,
      LOWEST_PITCH - Math.min(...pitches),
      HIGHEST_PITCH - Math.max(...pitches),
    );
    return this.#change(by || up ? chosen : [], (note) => ({
      ...note,
      start_tick: note.start_tick + by,
      pitch: note.pitch + up,
    }));
  }

  /** Makes the selected notes longer, or shorter by a negative number of ticks. */
  stretch(ticks) {
    const changed = this.chosen.filter((note) => this.#stretched(note, ticks) !== note);
    return this.#change(changed, (note) => this.#stretched(note, ticks));
  }

  #stretched(note, ticks) {
    const least = Math.min(LEAST_TICKS, note.duration_ticks);
    const most = Math.max(note.duration_ticks, this.limit - note.start_tick);
    const duration = clamp(note.duration_ticks + ticks, least, most);
    return duration === note.duration_ticks ? note : withLength(note, duration);
  }

  /** Every note so many semitones higher, or only the selected; all or none. */
  transpose(semitones, { isAll = true } = {}) {
    const moved = isAll ? this.notes : this.chosen;
    const fits = moved.every(
      ({ pitch }) =>
        pitch + semitones >= LOWEST_PITCH && pitch + semitones <= HIGHEST_PITCH,
    );
    if (!fits || !semitones) return false;
    return this.#change(moved, (note) => ({ ...note, pitch: note.pitch + semitones }));
  }

  /** Sets what is told of one note: pitch, start_tick or duration_ticks. */
  set(id, values) {
    const note = this.notes.find((one) => one.id === id);
    if (!note) return false;
    const fresh = { ...note, ...values };
    const isRight =
      fresh.pitch >= LOWEST_PITCH &&
      fresh.pitch <= HIGHEST_PITCH &&
      fresh.start_tick >= 0 &&
      fresh.duration_ticks > 0 &&
      endTickOf(fresh) <= Math.max(this.limit, endTickOf(note));
    if (!isRight || isSame(note, fresh)) return false;
    return this.#change([note], () => fresh);
  }

  /** A new note, selected; null where there is no room for one. */
  add({ part, start_tick, pitch, duration_ticks, velocity = VELOCITY }) {
    const duration = Math.min(duration_ticks, this.limit - start_tick);
    if (this.notes.length >= MOST_NOTES || duration <= 0 || start_tick < 0) return null;
    const id = this.#lastId++;
    const note = { id, part, start_tick, pitch, duration_ticks: duration, velocity };
    this.#become([...this.notes, note], new Set([id]));
    return note;
  }

  /** Takes the selected notes away; how many they were. */
  remove() {
    const kept = this.notes.filter((note) => !this.selected.has(note.id));
    const count = this.notes.length - kept.length;
    if (count) this.#become(kept, new Set());
    return count;
  }

  /** The selected notes again, right after them (at a multiple of `grid`), selected. */
  duplicate(grid) {
    const chosen = this.chosen;
    if (!chosen.length || this.notes.length + chosen.length > MOST_NOTES) return [];
    const start = Math.min(...chosen.map((note) => note.start_tick));
    const end = Math.max(...chosen.map(endTickOf));
    const by = Math.ceil((end - start) / grid) * grid;
    if (end + by > this.limit) return [];
    const copies = chosen.map((note) => ({
      ...note,
      id: this.#lastId++,
      start_tick: note.start_tick + by,
      bits: undefined,
    }));
    this.#become([...this.notes, ...copies], new Set(copies.map((note) => note.id)));
    return copies;
  }

  #change(changed, change) {
    if (!changed.length) return false;
    const ids = new Set(changed.map((note) => note.id));
    const notes = this.notes.map((note) =>
      ids.has(note.id) ? { ...change(note), bits: undefined } : note,
    );
    this.#become(notes, this.selected);
    return true;
  }

  #become(notes, selected) {
    const before = { notes: this.notes, selected: this.selected };
    this.notes = sorted(notes);
    this.selected = selected;
    if (!this.#before) this.#remember(before);
  }

  // Undoing ----------------------------------------------------------------------------

  #remember(before) {
    this.#past.push(before);
    if (this.#past.length > MOST_UNDONE) this.#past.shift();
    this.#future = [];
  }

  undo() {
    return this.#travel(this.#past, this.#future);
  }

  redo() {
    return this.#travel(this.#future, this.#past);
  }

  #travel(from, to) {
    const state = from.pop();
    if (!state) return false;
    to.push({ notes: this.notes, selected: this.selected });
    this.notes = state.notes;
    this.selected = state.selected;
    return true;
  }
}

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

const withLength = (note, duration) => ({ ...note, duration_ticks: duration });

const isSame = (a, b) =>
  b !== undefined &&
  a.part === b.part &&
  a.start_tick === b.start_tick &&
  a.pitch === b.pitch &&
  a.duration_ticks === b.duration_ticks;

const sorted = (notes) =>
  notes.sort((a, b) => a.start_tick - b.start_tick || b.pitch - a.pitch || a.id - b.id);
