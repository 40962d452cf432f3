// <piano-roll data-notes player="id">
//
// The notes as bars of light: time from left to right, pitch upwards, a colour for each
// voice, brighter the more they surprised the model. It follows the music; a click leads
// there. A canvas as wide as the window is drawn anew for the part in view, so that a long
// piece costs no more than a short one.

import { clock, el, onThemeChange, styleValue } from "./dom.js";
import { follow, playerOf } from "./following.js";
import { fetchPiece, pitchName } from "./piece.js";

const LEAST_PIXELS_PER_SECOND = 36;
const MARGIN = 14; // pixels before the first note and after the last
const TOP = 18; // pixels for the bar numbers
const BOTTOM = 6;
const VOICES = 8;
const BLACK_KEYS = new Set([1, 3, 6, 8, 10]);

class PianoRoll extends HTMLElement {
  async connectedCallback() {
    if (this.scroller) return;
    this.seconds = 0;
    this.canvas = el("canvas", { role: "img" });
    this.length = el("div", { class: "roll-length" });
    this.scroller = el(
      "div",
      {
        class: "roll-scroller",
        tabindex: 0,
        role: "region",
        "aria-label": "Notes in time",
      },
      this.length,
      this.canvas,
    );
    this.prepend(this.scroller);
    try {
      this.piece = await fetchPiece(this.dataset.notes);
    } catch (error) {
      this.scroller.replaceChildren(el("p", { class: "roll-trouble" }, error.message));
      return;
    }
    this.player = playerOf(this);
    this.#describe();
    this.append(this.#key(), this.#table());
    this.#listen();
    this.#lay();
  }

  #listen() {
    follow(this.player, ({ seconds, isPlaying }) => this.#move(seconds, isPlaying));
    this.scroller.addEventListener("scroll", () => this.#draw());
    this.scroller.addEventListener("click", (event) => this.#lead(event));
    this.scroller.addEventListener("keydown", (event) => this.#step(event));
    new ResizeObserver(() => this.#lay()).observe(this);
    onThemeChange(() => this.#lay());
  }

  #describe() {
    const { notes, range, duration } = this.piece;
    this.canvas.setAttribute(
      "aria-label",
      `${notes.length} notes between ${pitchName(range[0])} and ` +
        `${pitchName(range[1])} in ${clock(duration)}. The table below lists them all.`,
    );
  }

  // Which colour is which voice, and what brightness says.
  #key() {
    const { parts, hasBits } = this.piece;
    const names = parts.map((part, voice) =>
      el("span", { class: "roll-voice", "data-voice": voice % VOICES }, part.name),
    );
    const hint = hasBits ? "The stronger its colour, the more a note surprised." : null;
    return el(
      "p",
      { class: "roll-key" },
      ...(parts.length > 1 ? names : []),
      el(
        "span",
        {},
        hint ?? "",
        " Click to listen from there; the space bar plays and pauses.",
      ),
    );
  }

  // The same notes in words, written when someone opens it.
  #table() {
    const rows = el("tbody");
    const heads = ["Bar", "Time", "Part", "Note", "Seconds", "Surprise, bits"];
    const table = el(
      "table",
      {},
      el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col" }, h)))),
      rows,
    );
    const scrolls = {
      class: "scrolls",
      tabindex: 0,
      role: "region",
      "aria-label": "Notes",
    };
    const fold = el(
      "details",
      { class: "roll-table" },
      el("summary", {}, "The notes as a table"),
      el("div", scrolls, table),
    );
    fold.addEventListener("toggle", () => {
      if (rows.childElementCount) return;
      rows.append(...this.piece.notes.map((note) => this.#tableRow(note)));
    });
    return fold;
  }

  #tableRow(note) {
    const { bars, parts } = this.piece;
    const bar = bars.findLast((b) => b.start_seconds <= note.start_seconds + 1e-6);
    const values = [
      bar?.number ?? "",
      note.start_seconds.toFixed(2),
      parts[note.part]?.name || note.part + 1,
      pitchName(note.pitch),
      note.duration_seconds.toFixed(2),
      note.bits?.toFixed(2) ?? "",
    ];
    return el("tr", {}, ...values.map((value) => el("td", {}, value)));
  }

  // Sizes and colours: again when the window or the light changes.
  #lay() {
    this.width = this.scroller.clientWidth;
    this.height = this.scroller.clientHeight;
    if (!this.width) return;
    const { duration, range } = this.piece;
    const room = this.width - 2 * MARGIN;
    this.scale = Math.max(LEAST_PIXELS_PER_SECOND, room / duration);
    this.length.style.width = `${Math.round(duration * this.scale + 2 * MARGIN)}px`;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.lowest = range[0] - 2;
    this.row = (this.height - TOP - BOTTOM) / (range[1] - range[0] + 4);
    this.colours = {
      rule: styleValue("--roll-rule", this),
      bar: styleValue("--roll-bar", this),
      black: styleValue("--roll-black-key", this),
      text: styleValue("--muted", this),
      paper: styleValue("--roll-paper", this),
      now: styleValue("--pencil", this),
      voices: Array.from({ length: VOICES }, (_, v) =>
        styleValue(`--voice-${v}`, this),
      ),
    };
    this.#draw();
  }

  #x(seconds) {
    return MARGIN + seconds * this.scale - this.scroller.scrollLeft;
  }

  #y(pitch) {
    return this.height - BOTTOM - (pitch - this.lowest + 1) * this.row;
  }

  #draw() {
    if (!this.pen) return;
    this.pen.clearRect(0, 0, this.width, this.height);
    this.#drawKeys();
    this.#drawBars();
    for (const note of this.piece.notes) this.#drawNote(note);
    this.#drawNow();
  }

  #drawKeys() {
    const { pen, colours } = this;
    const rows = (this.height - TOP - BOTTOM) / this.row;
    for (let pitch = this.lowest; pitch < this.lowest + rows; pitch += 1) {
      const y = this.#y(pitch);
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

  #drawBars() {
    const { pen, colours } = this;
    pen.font = `12px ${styleValue("--text-face")}`;
    pen.textBaseline = "middle";
    let free = -Infinity; // bar numbers must not run into each other
    for (const bar of this.piece.bars) {
      const x = this.#x(bar.start_seconds);
      if (x > this.width) break;
      pen.fillStyle = colours.bar;
      if (x >= 0) pen.fillRect(Math.round(x) - 1, TOP, 1, this.height - TOP);
      if (bar.number > 0 && x >= free) {
        pen.fillStyle = colours.text;
        pen.fillText(String(bar.number), x + 2, TOP / 2 + 1);
        free = x + 34;
      }
    }
  }

  #drawNote(note) {
    const { pen, colours } = this;
    const x = this.#x(note.start_seconds);
    const width = Math.max(3, note.duration_seconds * this.scale - 1.5);
    if (x > this.width || x + width < 0) return;
    const height = Math.min(Math.max(3, this.row - 1), 16);
    const y = this.#y(note.pitch) + (this.row - height) / 2;
    const isNow =
      note.start_seconds <= this.seconds &&
      this.seconds < note.start_seconds + note.duration_seconds &&
      this.isMoving;
    pen.beginPath();
    pen.roundRect(x, y, width, height, Math.min(3, height / 2, width / 4));
    pen.fillStyle = colours.paper;
    pen.fill();
    pen.globalAlpha = isNow ? 1 : this.#brightness(note);
    pen.fillStyle = colours.voices[note.part % VOICES];
    pen.fill();
    pen.globalAlpha = 1;
    if (isNow) {
      pen.lineWidth = 1.5;
      pen.strokeStyle = colours.now;
      pen.stroke();
    }
  }

  #brightness(note) {
    if (!this.piece.hasBits) return 0.9;
    return 0.4 + 0.6 * Math.min(1, (note.bits ?? 0) / Math.min(8, this.piece.mostBits));
  }

  #drawNow() {
    const x = Math.round(this.#x(this.seconds));
    this.pen.fillStyle = this.colours.now;
    this.pen.fillRect(x - 1, TOP - 4, 2, this.height - TOP + 4);
    this.pen.beginPath();
    this.pen.moveTo(x - 6, TOP - 10);
    this.pen.lineTo(x + 6, TOP - 10);
    this.pen.lineTo(x, TOP - 2);
    this.pen.fill();
  }

  #move(seconds, isPlaying) {
    this.seconds = seconds;
    this.isMoving = isPlaying;
    const x = this.#x(seconds);
    const isInView = x >= MARGIN && x <= this.width * 0.8;
    if (isPlaying && !isInView) {
      // Turns the page rather than gliding: the notes stand still while one reads.
      this.scroller.scrollLeft = seconds * this.scale - this.width * 0.1;
    }
    this.#draw();
  }

  #lead(event) {
    const x = event.clientX - this.scroller.getBoundingClientRect().left;
    this.player?.seek((x + this.scroller.scrollLeft - MARGIN) / this.scale);
  }

  // The arrows lead from bar to bar, or second to second where no bars are known.
  #step(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const starts = this.piece.bars.map((bar) => bar.start_seconds);
    const before = starts.filter((start) => start < this.seconds - 0.3).at(-1);
    const after = starts.find((start) => start > this.seconds + 0.05);
    const bar = step > 0 ? after : before;
    this.player?.seek(starts.length ? (bar ?? this.seconds) : this.seconds + step);
  }
}

customElements.define("piano-roll", PianoRoll);
