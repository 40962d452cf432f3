// <piano-keys>: a piano to touch, to click on, and to reach with the keyboard.
//
// It only says what hands do, by the events "strike" and "letgo" with {pitch, velocity,
// time}; somebody else makes it sound. As many octaves as there is room for.

import { el } from "./dom.js";
import { pitchName } from "./piece.js";

const IS_BLACK = [0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0];
const WHITES_AN_OCTAVE = 7;
const WIDTH_OF_WHITE = 34; // pixels at least, where there is room for more octaves
const LEAST_OCTAVES = 2;
const MOST_OCTAVES = 4;
const VELOCITY = 80;
const LOWEST = 24;
const HIGHEST = 108;

class PianoKeys extends HTMLElement {
  connectedCallback() {
    if (this.keys) return;
    this.keys = new Map();
    this.letters = [];
    this.sounding = new Map(); // what a pointer or the keyboard holds down: its pitch
    this.base = 60;
    this.classList.add("piano");
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "Piano");
    this.setAttribute("aria-description", "Arrow keys move, Enter and Space play.");
    new ResizeObserver(() => this.#fit()).observe(this);
    this.#fit();
    this.addEventListener("pointerdown", (event) => this.#pointed(event));
    this.addEventListener("pointermove", (event) => this.#moved(event));
    for (const kind of ["pointerup", "pointercancel"]) {
      window.addEventListener(kind, (event) => this.#letGo(event.pointerId, event));
    }
    this.addEventListener("keydown", (event) => this.#keyDown(event));
    this.addEventListener("keyup", (event) => this.#keyUp(event));
    this.addEventListener("focusout", (event) => this.#letGo("key", event));
    this.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** Shows the octave from `base`, on whose keys `letters` are written. */
  show(base, letters = this.letters) {
    this.base = base;
    this.letters = letters;
    this.#draw();
  }

  /** Whether the key of `pitch` looks pressed. */
  light(pitch, isDown) {
    this.keys.get(pitch)?.classList.toggle("is-down", isDown);
  }

  get lowest() {
    const below = this.octaves > LEAST_OCTAVES ? 12 : 0;
    return Math.min(Math.max(LOWEST, this.base - below), HIGHEST - 12 * this.octaves);
  }

  #fit() {
    const room = Math.floor(this.clientWidth / (WHITES_AN_OCTAVE * WIDTH_OF_WHITE));
    const octaves = Math.min(Math.max(LEAST_OCTAVES, room), MOST_OCTAVES);
    if (octaves === this.octaves) return;
    this.octaves = octaves;
    this.#draw();
  }

  #draw() {
    const hadFocus = this.contains(document.activeElement);
    this.keys.clear();
    const whites = WHITES_AN_OCTAVE * this.octaves;
    let white = 0;
    for (let pitch = this.lowest; pitch < this.lowest + 12 * this.octaves; pitch += 1) {
      const isBlack = Boolean(IS_BLACK[pitch % 12]);
      const key = el("button", {
        type: "button",
        class: `key ${isBlack ? "black" : "white"}`,
        tabindex: -1,
        "aria-label": pitchName(pitch),
        "data-pitch": pitch,
        "data-letter": this.letters[pitch - this.base],
        "data-name": pitch % 12 === 0 ? pitchName(pitch) : null,
      });
      key.style.setProperty("--at", isBlack ? white : white++);
      this.keys.set(pitch, key);
    }
    this.style.setProperty("--whites", whites);
    this.replaceChildren(...this.keys.values());
    const reached = this.keys.has(this.reached) ? this.reached : this.base;
    this.#reach(reached, hadFocus);
  }

  // One key of all is in the order of Tab; the arrows go on from it.
  #reach(pitch, takesFocus) {
    this.keys.get(this.reached)?.setAttribute("tabindex", "-1");
    this.reached = pitch;
    const key = this.keys.get(pitch);
    key?.setAttribute("tabindex", "0");
    if (takesFocus) key?.focus();
  }

  #strike(holder, pitch, event) {
    this.#letGo(holder, event);
    this.sounding.set(holder, pitch);
    this.#say("strike", pitch, event);
  }

  #letGo(holder, event) {
    if (!this.sounding.has(holder)) return;
    const pitch = this.sounding.get(holder);
    this.sounding.delete(holder);
    this.#say("letgo", pitch, event);
  }

  #say(kind, pitch, { timeStamp }) {
    const detail = { pitch, velocity: VELOCITY, time: timeStamp };
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  #pitchAt(event) {
    const at = document.elementFromPoint(event.clientX, event.clientY);
    const key = at?.closest?.("piano-keys .key");
    return key && this.contains(key) ? Number(key.dataset.pitch) : null;
  }

  #pointed(event) {
    if (event.button !== 0) return;
    const pitch = this.#pitchAt(event);
    if (pitch === null) return;
    // A finger may slide to the next key.
    event.target.releasePointerCapture?.(event.pointerId);
    this.#strike(event.pointerId, pitch, event);
    this.#reach(pitch, false);
  }

  #moved(event) {
    if (!this.sounding.has(event.pointerId)) return;
    const pitch = this.#pitchAt(event);
    if (pitch === this.sounding.get(event.pointerId)) return;
    if (pitch === null) this.#letGo(event.pointerId, event);
    else this.#strike(event.pointerId, pitch, event);
  }

  #keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.lowest + 12 * this.octaves - 1;
    const goals = {
      ArrowRight: Math.min(this.reached + 1, last),
      ArrowLeft: Math.max(this.reached - 1, this.lowest),
      Home: this.lowest,
      End: last,
    };
    if (event.key in goals) {
      event.preventDefault();
      this.#letGo("key", event);
      this.#reach(goals[event.key], true);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (!event.repeat) this.#strike("key", this.reached, event);
    }
  }

  #keyUp(event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.#letGo("key", event);
  }
}

customElements.define("piano-keys", PianoKeys);
