// Which bars are selected. A piece has one selection: its roll, its score, and the forms
// on the page that ask for bars (`form[data-bars]`) show the same and may change it.
//
// Whoever changes it fires "barselect" with {first, last, start_seconds, end_seconds}; all
// four are null when nothing is selected any more. A pick-up is bar 0.

import { announce } from "./announcing.js";
import { fetchPiece } from "./piece.js";

const selections = new WeakMap();

/** The selection of the piece that `player` plays. */
export function selectionOf(player) {
  if (!selections.has(player)) selections.set(player, new BarSelection(player));
  return selections.get(player);
}

class BarSelection extends EventTarget {
  constructor(player) {
    super();
    this.player = player;
    this.bars = [];
    this.clearSilently();
    fetchPiece(player.dataset.notes).then(
      (piece) => {
        this.bars = piece.bars;
        this.#listenToForms();
      },
      () => {}, // whoever draws the piece says so
    );
  }

  clearSilently() {
    this.first = this.last = this.anchor = null;
  }

  get isEmpty() {
    return this.first === null;
  }

  has(number) {
    return !this.isEmpty && this.first <= number && number <= this.last;
  }

  /** When the selected bars begin and end; null when there are none. */
  get seconds() {
    const first = this.bars.find((bar) => bar.number === this.first);
    const last = this.bars.find((bar) => bar.number === this.last);
    if (!first || !last) return null;
    return { start: first.start_seconds, end: last.end_seconds };
  }

  get words() {
    if (this.isEmpty) return "No bars selected";
    if (this.first === this.last) return `Bar ${this.first} selected`;
    return `Bars ${this.first} to ${this.last} selected`;
  }

  /** Selects from one bar to another, whichever comes first. `source` tells of it. */
  choose(from, to = from, source = this.player) {
    const numbers = this.bars.map((bar) => bar.number);
    if (!numbers.length) return;
    const within = (n) => Math.min(Math.max(n, numbers[0]), numbers.at(-1));
    const [first, last] = [within(from), within(to)].sort((a, b) => a - b);
    this.anchor = within(from);
    this.#become(first, last, source);
  }

  /** From where the selection began to `number`. */
  extendTo(number, source) {
    this.choose(this.anchor ?? number, number, source);
  }

  /** One bar more or fewer at the end that moves; `near` is where an empty one begins. */
  grow(step, near, source) {
    if (this.isEmpty) return this.choose(near, near, source);
    const end = this.last !== this.anchor ? this.last : this.first;
    return this.extendTo(end + step, source);
  }

  clear(source = this.player) {
    if (this.isEmpty) return;
    this.clearSilently();
    this.#tell(source);
  }

  #become(first, last, source) {
    if (first === this.first && last === this.last) return;
    this.first = first;
    this.last = last;
    this.#tell(source);
  }

  #tell(source) {
    this.dispatchEvent(new Event("change"));
    this.#fillForms();
    const { start = null, end = null } = this.seconds ?? {};
    const { first, last } = this;
    const detail = { first, last, start_seconds: start, end_seconds: end };
    source.dispatchEvent(new CustomEvent("barselect", { detail, bubbles: true }));
    announce(this.words);
  }

  // Forms ------------------------------------------------------------------------------

  #listenToForms() {
    document.addEventListener("input", ({ target }) => {
      const form = target.closest?.("form[data-bars]");
      const isBar = ["first_bar", "last_bar"].includes(target.name);
      if (form && isBar && !this.isFilling) this.#read(form);
    });
    const form = [...document.querySelectorAll("form[data-bars]")].find(
      (one) => fieldsOf(one).some((field) => field?.value),
    );
    if (form) this.#read(form);
  }

  #read(form) {
    const [first, last] = fieldsOf(form).map((field) => wholeNumber(field?.value));
    if (first === null && last === null) return this.clear();
    if ((first ?? last) > (last ?? first)) return undefined; // still being typed
    return this.choose(first ?? last, last ?? first);
  }

  #fillForms() {
    this.isFilling = true;
    for (const form of document.querySelectorAll("form[data-bars]")) {
      const [first, last] = fieldsOf(form);
      fill(first, this.first);
      fill(last, this.last);
    }
    this.isFilling = false;
  }
}

const fieldsOf = (form) =>
  ["first_bar", "last_bar"].map((name) => form.querySelector(`input[name="${name}"]`));

const wholeNumber = (text) => (/^\d+$/.test(text?.trim() ?? "") ? Number(text) : null);

function fill(field, number) {
  if (!field || field === document.activeElement) return; // someone types there
  const least = Number(field.min || 0);
  const value = number === null ? "" : String(Math.max(least, number));
  if (field.value === value) return;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
