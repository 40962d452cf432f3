// A piece as the page knows it: its notes, its parts and its bars.

import { fetchOk } from "./fetching.js";

const pieces = new Map();

/** The piece at `url`; the roll, the score and the player share one copy. */
export function fetchPiece(url) {
  if (!pieces.has(url)) {
    const piece = fetchOk(url, "The notes")
      .then((response) => response.json())
      .then((data) => new Piece(data));
    piece.catch(() => pieces.delete(url)); // the next one who asks tries again
    pieces.set(url, piece);
  }
  return pieces.get(url);
}

export class Piece {
  constructor(data) {
    this.notes = [...data.notes].sort((a, b) => a.start_seconds - b.start_seconds);
    this.parts = data.parts;
    this.qpm = data.qpm;
    this.duration = Math.max(
      0.001,
      ...this.notes.map((note) => note.start_seconds + note.duration_seconds),
    );
    this.bars = data.bars.map((bar, index) => ({
      ...bar,
      end_seconds: data.bars[index + 1]?.start_seconds ?? this.duration,
    }));
    this.hasBits = this.notes.some((note) => typeof note.bits === "number");
    this.mostBits = Math.max(1, ...this.notes.map((note) => note.bits ?? 0));
  }

  /** The pitches between which the notes lie. */
  get range() {
    const pitches = this.notes.map((note) => note.pitch);
    return pitches.length ? [Math.min(...pitches), Math.max(...pitches)] : [60, 72];
  }
}

const LETTERS = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** A pitch's name, middle C being C4. */
export function pitchName(pitch) {
  return `${LETTERS[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}
