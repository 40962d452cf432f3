// A piece as the page knows it: its notes, its parts, its bars and its clock.

import { fetchText } from "./fetching.js";

export const TICKS_PER_QUARTER = 480;

const pieces = new Map();

/** The piece at `url`; the roll, the score and the player share one copy. */
export function fetchPiece(url) {
  if (!pieces.has(url)) {
    const piece = fetchText(url, "The notes").then((text) => new Piece(JSON.parse(text)));
    piece.catch(() => pieces.delete(url)); // the next one who asks tries again
    pieces.set(url, piece);
  }
  return pieces.get(url);
}

export class Piece {
  constructor(data) {
    this.data = data;
    const seen = data.parts.map(() => 0);
    this.notes = data.notes
      .map((note) => ({ ...note, index: seen[note.part]++ })) // its place in its part
      .sort((a, b) => a.start_seconds - b.start_seconds);
    this.parts = data.parts;
    this.qpm = data.qpm;
    const end = this.notes.reduce((most, note) => Math.max(most, endOf(note)), 0);
    this.duration = Math.max(0.001, end);
    this.bars = this.#timedBars(data.bars);
    this.hasBits = this.notes.some((note) => typeof note.bits === "number");
    this.mostBits = this.notes.reduce((most, note) => Math.max(most, note.bits ?? 0), 1);
    this.longest = this.notes.reduce((m, note) => Math.max(m, note.duration_seconds), 0);
  }

  // The last bar ends with the music, unless it is one of those added for editing.
  #timedBars(bars) {
    const timed = bars.map((bar) => ({
      ...bar,
      start_seconds: bar.start_seconds ?? this.secondsAt(bar.start_tick),
      isAdded: bar.start_seconds === null,
    }));
    timed.forEach((bar, index) => {
      const end = bar.isAdded
        ? this.secondsAt(bar.start_tick + bar.duration_ticks)
        : Math.max(this.duration, bar.start_seconds);
      bar.end_seconds = timed[index + 1]?.start_seconds ?? end;
    });
    return timed;
  }

  /** The pitches between which the notes lie. */
  get range() {
    if (!this.notes.length) return [60, 72];
    return this.notes.reduce(
      ([low, high], { pitch }) => [Math.min(low, pitch), Math.max(high, pitch)],
      [127, 0],
    );
  }

  /** The notes that sound somewhere between two moments; quick in a long piece. */
  notesBetween(start, end) {
    const first = placeOf(this.notes, start - this.longest);
    const last = placeOf(this.notes, end);
    return this.notes.slice(first, last).filter((note) => endOf(note) >= start);
  }

  /** The bar in which `tick` lies; the last one for what lies behind it. */
  barAt(tick) {
    return this.bars.findLast((bar) => bar.start_tick <= tick) ?? this.bars[0];
  }

  secondsAt(tick) {
    const from = this.#tempos.findLast((tempo) => tempo.start_tick <= tick);
    return from.start_seconds + ((tick - from.start_tick) * 60) / perMinute(from.qpm);
  }

  tickAt(seconds) {
    const tempos = this.#tempos;
    const from = tempos.findLast((t) => t.start_seconds <= seconds) ?? tempos[0];
    return from.start_tick + ((seconds - from.start_seconds) * perMinute(from.qpm)) / 60;
  }

  get #tempos() {
    const { tempos, qpm } = this.data;
    return tempos?.length ? tempos : [{ start_tick: 0, start_seconds: 0, qpm }];
  }

  /** Where the bar after `seconds` begins (1), or the one before (-1); a second on or back
   * where no bars are known. */
  barFrom(seconds, direction) {
    const starts = this.bars.map((bar) => bar.start_seconds);
    if (!starts.length) return seconds + direction;
    if (direction < 0) return starts.findLast((start) => start < seconds - 0.3) ?? 0;
    return starts.find((start) => start > seconds + 0.05) ?? seconds;
  }

  /** The same piece with other notes: {part, pitch, start_tick, duration_ticks, …}. */
  withNotes(notes, bars = this.data.bars) {
    const timed = notes.map((note) => {
      const start = this.secondsAt(note.start_tick);
      const end = this.secondsAt(note.start_tick + note.duration_ticks);
      return { ...note, start_seconds: start, duration_seconds: end - start };
    });
    return new Piece({ ...this.data, bars, notes: timed });
  }
}

export const endOf = (note) => note.start_seconds + note.duration_seconds;

const perMinute = (qpm) => qpm * TICKS_PER_QUARTER;

// The number of the first note that starts at `seconds` or later.
function placeOf(notes, seconds) {
  let low = 0;
  let high = notes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (notes[middle].start_seconds < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

const LETTERS = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const STEPS = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const SIGNS = { "": 0, "#": 1, "♯": 1, b: -1, "♭": -1 };

/** A pitch's name, middle C being C4. */
export function pitchName(pitch) {
  return `${LETTERS[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

let written = 0; // semitones from what sounds to what is read

/** From now on notes are called as a transposing instrument reads them. */
export function readTransposed(semitones) {
  written = semitones;
}

/** What whoever reads the score calls a note that sounds at `pitch`. */
export const writtenName = (pitch) =>
  pitchName(Math.min(Math.max(pitch + written, 0), 127));

/** The pitch that a person calls `name`: "C4", "e♭5", "F#3", "61"; null if none. */
export function pitchNamed(name) {
  const [, letter, sign, octave, number] =
    /^\s*(?:([a-g])([#♯b♭]?)(-?\d)|(\d{1,3}))\s*$/i.exec(name) ?? [];
  const pitch =
    number !== undefined
      ? Number(number)
      : STEPS[letter?.toUpperCase()] +
        SIGNS[sign?.toLowerCase()] +
        12 * (Number(octave) + 1);
  return pitch >= 0 && pitch <= 127 ? pitch : null;
}

const LENGTHS = new Map([
  [16, "a double whole note"],
  [8, "a whole note"],
  [6, "a dotted half"],
  [4, "a half"],
  [3, "a dotted quarter"],
  [2, "a quarter"],
  [1.5, "a dotted eighth"],
  [1, "an eighth"],
  [0.75, "a dotted sixteenth"],
  [0.5, "a sixteenth"],
  [0.25, "a thirty-second"],
  [4 / 3, "a triplet quarter"],
  [2 / 3, "a triplet eighth"],
  [1 / 3, "a triplet sixteenth"],
]);

/** How long a note is, in words. */
export function lengthName(ticks) {
  const eighths = ticks / (TICKS_PER_QUARTER / 2);
  for (const [length, name] of LENGTHS) {
    if (Math.abs(length - eighths) < 0.01) return name;
  }
  const quarters = ticks / TICKS_PER_QUARTER;
  return `${Number(quarters.toFixed(2))} quarters`;
}

/** Where the first beat of `bar` stands, or would: a pick-up is the end of a bar. */
export function firstBeatTick(piece, bar) {
  if (bar.number !== 0) return bar.start_tick;
  const next = piece.bars[piece.bars.indexOf(bar) + 1];
  const lacks = (next?.duration_ticks ?? 0) - bar.duration_ticks;
  return bar.start_tick - Math.max(0, lacks);
}

/** Where a note stands, in words: bar 3 beat 2. */
export function placeName(piece, tick) {
  const bar = piece.barAt(tick);
  if (!bar) return "";
  const first = firstBeatTick(piece, bar);
  const beat = 1 + (tick - first) / (bar.beat_ticks ?? TICKS_PER_QUARTER);
  const where = bar.number === 0 ? "the pick-up" : `bar ${bar.number}`;
  return `${where} beat ${Number(beat.toFixed(2))}`;
}

/** The pitch that sounds where a reader sees `name`; null if there is none. */
export function writtenNamed(name) {
  const read = pitchNamed(name);
  const pitch = read === null ? -1 : read - written;
  return pitch >= 0 && pitch <= 127 ? pitch : null;
}

/** A note in words: C5, bar 3 beat 2, a quarter. */
export function noteName(piece, note) {
  const place = placeName(piece, note.start_tick);
  return `${writtenName(note.pitch)}, ${place}, ${lengthName(note.duration_ticks)}`;
}
