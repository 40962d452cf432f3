// The canvas of a piano roll: time from left to right, pitch upwards.
//
// As wide as the window and drawn anew for the part in view, so that a long piece costs no
// more than a short one. It knows how to draw and what lies where; others say what is so.

import { onThemeChange, styleValue } from "./dom.js";
import { endOf } from "./piece.js";

export const VOICES = 8;
export const SURPRISES = 5;
const MARGIN = 14; // pixels before the first note and after the last
export const TOP = 26; // pixels for the bar numbers: a finger must hit them
const BOTTOM = 6;
const BLACK_KEYS = new Set([1, 3, 6, 8, 10]);
const REACH = 5; // pixels beside a note that still mean it

/** How surprising: 0 for what the model held likelier than 1 in 2, up to 4. */
export function surpriseStep(bits) {
  return [1, 2, 4, 6].filter((bound) => bits > bound).length;
}

export class RollDrawing {
  leastScale = 36; // pixels per second
  seconds = 0;
  isMoving = false;
  colouring = "voices"; // or "surprise"
  chosen = new Set(); // of notes, outlined
  band = null; // {start, end}: seconds that are selected
  box = null; // {left, top, right, bottom}: what is being caught
  cursor = null; // {seconds, pitch}: where a new note would be
  padding = 2; // free rows above and below
  range = null; // of pitches, where it is more than the piece's own
  extent = null; // seconds, where they are more than the piece's own
  isPlain = false; // no brightness for surprise

  constructor(scroller, canvas, length) {
    Object.assign(this, { scroller, canvas, length });
    onThemeChange(() => this.lay());
    new ResizeObserver(() => this.lay()).observe(scroller);
  }

  show(piece) {
    this.piece = piece;
    this.lay();
  }

  /** Other notes in the same frame: quicker than `show`, in the middle of a gesture. */
  update(piece, chosen) {
    this.piece = piece;
    this.chosen = chosen;
    this.draw();
  }

  // Sizes and colours: again when the window, the piece or the light changes.
  lay() {
    this.width = this.scroller.clientWidth;
    this.height = this.scroller.clientHeight;
    if (!this.width || !this.piece) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#mix();
    this.measure(this.range ?? this.piece.range);
    this.draw();
  }

  /** How large a second and a semitone are. */
  measure(range) {
    const seconds = this.extent ?? this.piece.duration;
    const room = this.width - 2 * MARGIN;
    this.scale = Math.max(this.leastScale, room / seconds);
    this.length.style.width = `${Math.round(seconds * this.scale + 2 * MARGIN)}px`;
    this.lowest = Math.max(0, range[0] - this.padding);
    this.highest = Math.min(127, range[1] + this.padding);
    this.row = (this.height - TOP - BOTTOM) / (this.highest - this.lowest + 1);
  }

  #mix() {
    const colour = (name) => styleValue(name, this.scroller);
    const several = (name, count) =>
      Array.from({ length: count }, (_, number) => colour(`--${name}-${number}`));
    this.font = `12px ${styleValue("--text-face")}`;
    this.colours = {
      rule: colour("--roll-rule"),
      bar: colour("--roll-bar"),
      black: colour("--roll-black-key"),
      text: colour("--muted"),
      ink: colour("--ink"),
      paper: colour("--roll-paper"),
      now: colour("--pencil"),
      accent: colour("--accent"),
      voices: several("voice", VOICES),
      surprises: several("surprise", SURPRISES),
    };
  }

  // Places -----------------------------------------------------------------------------

  x(seconds) {
    return MARGIN + seconds * this.scale - this.scroller.scrollLeft;
  }

  y(pitch) {
    return this.height - BOTTOM - (pitch - this.lowest + 1) * this.row;
  }

  secondsAt(x) {
    return (x + this.scroller.scrollLeft - MARGIN) / this.scale;
  }

  pitchAt(y) {
    const pitch = this.lowest + Math.floor((this.height - BOTTOM - y) / this.row);
    return Math.min(Math.max(pitch, this.lowest), this.highest);
  }

  /** Where a pointer is on the canvas. */
  point({ clientX, clientY }) {
    const { left, top } = this.scroller.getBoundingClientRect();
    const { clientLeft, clientTop } = this.scroller;
    return { x: clientX - left - clientLeft, y: clientY - top - clientTop };
  }

  isOnRuler({ y }) {
    return y < TOP;
  }

  barAt({ x }) {
    const seconds = this.secondsAt(x);
    const { bars } = this.piece;
    return bars.findLast((bar) => bar.start_seconds <= seconds) ?? bars[0];
  }

  boxOf(note) {
    const left = this.x(note.start_seconds);
    const width = Math.max(3, note.duration_seconds * this.scale - 1.5);
    const height = Math.min(Math.max(3, this.row - 1), 16);
    const top = this.y(note.pitch) + (this.row - height) / 2;
    return { left, top, width, height, right: left + width, bottom: top + height };
  }

  /** The note under a point, or the nearest within reach; of those on top the last. */
  noteAt({ x, y }) {
    const from = this.secondsAt(x - REACH);
    let nearest = null;
    let least = REACH + 0.5;
    for (const note of this.piece.notesBetween(from, this.secondsAt(x + REACH))) {
      const { left, right, top, bottom } = this.boxOf(note);
      const across = Math.max(left - x, 0, x - right);
      const down = Math.max(top - y, 0, y - bottom);
      const away = Math.hypot(across, down);
      if (away <= least) [nearest, least] = [note, away];
    }
    return nearest;
  }

  /** Turns the page so that `seconds` are in view. */
  reveal(seconds) {
    const x = this.x(seconds);
    if (x >= MARGIN && x <= this.width * 0.85) return;
    this.scroller.scrollLeft = seconds * this.scale - this.width * 0.3;
  }

  /** Turns the page rather than gliding: the notes stand still while one reads. */
  move(seconds, isPlaying) {
    const wasMoving = this.isMoving;
    if (seconds === this.seconds && isPlaying === wasMoving) return;
    this.seconds = seconds;
    this.isMoving = isPlaying;
    if (!this.piece) return;
    const x = this.x(seconds);
    if (isPlaying && !(x >= MARGIN && x <= this.width * 0.8)) {
      this.scroller.scrollLeft = seconds * this.scale - this.width * 0.1;
    }
    this.draw();
  }

  // Drawing ----------------------------------------------------------------------------

  draw() {
    if (!this.pen) return;
    this.pen.clearRect(0, 0, this.width, this.height);
    this.#drawKeys();
    this.#drawBand();
    this.#drawBars();
    const [from, to] = [this.secondsAt(0), this.secondsAt(this.width)];
    for (const note of this.piece.notesBetween(from, to)) this.#drawNote(note);
    this.#drawCursor();
    this.#drawBox();
    this.#drawNow();
  }

  #drawKeys() {
    const { pen, colours } = this;
    for (let pitch = this.lowest; pitch <= this.highest; pitch += 1) {
      const y = this.y(pitch);
      if (BLACK_KEYS.has(pitch % 12)) {
        pen.fillStyle = colours.black;
        pen.fillRect(0, y, this.width, this.row);
      }
      if (pitch % 12 === 0) {
        pen.fillStyle = colours.rule;
        pen.fillRect(0, y + this.row - 1, this.width, 1);
      }
    }
  }

  #drawBand() {
    if (!this.band) return;
    const { pen, colours } = this;
    const left = this.x(this.band.start);
    const width = this.x(this.band.end) - left;
    pen.fillStyle = colours.accent;
    pen.globalAlpha = 0.14;
    pen.fillRect(left, 0, width, this.height);
    pen.globalAlpha = 1;
    pen.fillRect(left, TOP - 3, width, 3);
    pen.fillRect(left - 1, 0, 2, this.height);
    pen.fillRect(left + width - 1, 0, 2, this.height);
  }

  #drawBars() {
    const { pen, colours } = this;
    pen.font = this.font;
    pen.textBaseline = "middle";
    let free = -Infinity; // bar numbers must not run into each other
    for (const bar of this.piece.bars) {
      const x = this.x(bar.start_seconds);
      if (x > this.width) break;
      if (x < -60) continue;
      pen.fillStyle = colours.bar;
      pen.fillRect(Math.round(x) - 1, TOP, 1, this.height - TOP);
      if (bar.number > 0 && x >= free) {
        pen.fillStyle = colours.text;
        pen.fillText(String(bar.number), x + 3, TOP / 2);
        free = x + 34;
      }
    }
  }

  #drawNote(note) {
    const { pen, colours } = this;
    const { left, top, width, height } = this.boxOf(note);
    const isNow =
      this.isMoving && note.start_seconds <= this.seconds && this.seconds < endOf(note);
    const isChosen = this.chosen.has(note);
    pen.beginPath();
    pen.roundRect(left, top, width, height, Math.min(3, height / 2, width / 4));
    pen.fillStyle = colours.paper;
    pen.fill();
    pen.globalAlpha = isNow || isChosen ? 1 : this.#brightness(note);
    pen.fillStyle = this.#colour(note);
    pen.fill();
    pen.globalAlpha = 1;
    if (isChosen) this.#outline(2.5, colours.ink);
    else if (isNow) this.#outline(1.5, colours.now);
    else if (this.colouring === "surprise") this.#outline(0.75, colours.text);
  }

  #outline(width, colour) {
    this.pen.lineWidth = width;
    this.pen.strokeStyle = colour;
    this.pen.stroke();
  }

  #colour(note) {
    const { voices, surprises, paper } = this.colours;
    if (this.colouring === "voices") return voices[note.part % VOICES];
    if (typeof note.bits !== "number") return paper;
    return surprises[surpriseStep(note.bits)];
  }

  #brightness(note) {
    if (this.colouring === "surprise") return 1;
    if (!this.piece.hasBits || this.isPlain) return 0.9;
    return 0.4 + 0.6 * Math.min(1, (note.bits ?? 0) / Math.min(8, this.piece.mostBits));
  }

  #drawCursor() {
    if (!this.cursor) return;
    const { pen, colours } = this;
    const x = this.x(this.cursor.start);
    const width = Math.max(3, this.x(this.cursor.end) - x);
    pen.setLineDash([4, 3]);
    pen.lineWidth = 1.5;
    pen.strokeStyle = colours.ink;
    pen.strokeRect(x, this.y(this.cursor.pitch), width, this.row);
    pen.setLineDash([]);
  }

  #drawBox() {
    if (!this.box) return;
    const { pen, colours } = this;
    const { left, top, right, bottom } = this.box;
    pen.setLineDash([4, 3]);
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 1.5;
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.setLineDash([]);
  }

  #drawNow() {
    const x = Math.round(this.x(this.seconds));
    this.pen.fillStyle = this.colours.now;
    this.pen.fillRect(x - 1, TOP - 6, 2, this.height - TOP + 6);
    this.pen.beginPath();
    this.pen.moveTo(x - 6, TOP - 12);
    this.pen.lineTo(x + 6, TOP - 12);
    this.pen.lineTo(x, TOP - 4);
    this.pen.fill();
  }
}
