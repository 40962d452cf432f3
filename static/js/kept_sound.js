// Where the desk of a piece is kept: with the piece, for whose it is; for everybody else in
// this browser alone.

import { recordedOf } from "./desk_state.js";
import { csrfToken } from "./renderings.js";

const WAIT_MS = 600; // until a knob has come to rest
const KEPT_HERE = 50; // pieces
const SHELF = "sounds";

export class KeptSound {
  /** `address` takes the desk, and is empty for guests; `name` is the piece's. */
  constructor(address, name, ontrouble) {
    this.address = address;
    this.name = name;
    this.ontrouble = ontrouble;
    window.addEventListener("pagehide", () => this.flush());
  }

  /** What was kept: for guests their own, if they have touched anything. */
  read(told = {}) {
    this.kept = told;
    if (this.address) return told;
    return shelf().find(({ name }) => name === this.name)?.told ?? told;
  }

  keep(told) {
    this.waiting = told;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), WAIT_MS);
  }

  flush() {
    clearTimeout(this.timer);
    const told = this.waiting;
    this.waiting = null;
    if (!told) return;
    if (this.address) this.#send(told);
    else this.#shelve(told);
  }

  async #send(told) {
    try {
      const response = await fetch(this.address, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
        body: JSON.stringify(told),
        keepalive: true, // the page may be on its way out
      });
      if (!response.ok) throw new Error(`error ${response.status}`);
      const isHeard = recordedOf(told) !== recordedOf(this.kept);
      this.kept = told;
      if (isHeard) document.dispatchEvent(new CustomEvent("soundkept"));
    } catch {
      this.ontrouble("What you set here could not be kept, and holds until you leave.");
    }
  }

  #shelve(told) {
    const others = shelf().filter(({ name }) => name !== this.name);
    const all = [{ name: this.name, told }, ...others].slice(0, KEPT_HERE);
    try {
      localStorage.setItem(SHELF, JSON.stringify(all));
    } catch {
      // A browser that keeps nothing: it holds until they leave.
    }
  }
}

function shelf() {
  try {
    const kept = JSON.parse(localStorage.getItem(SHELF));
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
