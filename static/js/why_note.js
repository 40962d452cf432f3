// <why-note player="id" data-url>
//
// What the model thought where the chosen note begins. The server writes it; here it gets
// buttons that sound: each note by itself, or in place, with the beats around it.

import { announce } from "./announcing.js";
import { el, sendOnce } from "./dom.js";
import { fetchText } from "./fetching.js";
import { playerOf } from "./following.js";

const BEATS_AROUND = 2;

class WhyNote extends HTMLElement {
  connectedCallback() {
    if (this.body) return;
    this.player = playerOf(this);
    this.roll = document.querySelector(
      `piano-roll[player="${this.getAttribute("player")}"]`,
    );
    this.body = el("div", { class: "why-body", "aria-live": "off" });
    this.append(
      el(
        "div",
        { class: "why-head" },
        el("h2", {}, "Why this note?"),
        el(
          "div",
          { class: "roll-tools" },
          this.#button("Note before", () => this.roll.walk(-1)),
          this.#button("Note after", () => this.roll.walk(1)),
          this.#button("Close", () => this.#close()),
        ),
      ),
      this.body,
    );
    this.hidden = true;
    this.roll?.addEventListener("notechosen", ({ detail }) => this.#ask(detail.note));
    this.addEventListener("click", (event) => this.#follow(event));
    this.addEventListener("submit", sendOnce);
  }

  #button(words, onclick) {
    return el("button", { type: "button", class: "quiet", onclick }, words);
  }

  #close() {
    this.hidden = true;
    this.asking?.abort();
    this.roll?.scroller.focus();
  }

  #ask(note) {
    this.note = note;
    const { part, index } = note;
    const asked = new URLSearchParams({ part, note: index });
    if (this.judge) asked.set("with", this.judge);
    return this.#load(asked);
  }

  async #load(asked) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.hidden = false;
    // What stands there stays until the answer comes: nothing jumps.
    this.body.setAttribute("aria-busy", "true");
    asked.set("as", "part");
    try {
      const { signal } = asking;
      const address = `${this.dataset.url}?${asked}`;
      const text = await fetchText(address, "The answer", { signal });
      if (asking !== this.asking) return;
      const page = new DOMParser().parseFromString(text, "text/html");
      this.body.replaceChildren(...page.body.childNodes);
      this.#addSound();
      announce(this.body.querySelector(".why")?.innerText.split("\n\n", 2).join(" "));
    } catch (error) {
      if (asking !== this.asking || asking.signal.aborted) return;
      this.body.replaceChildren(
        el("p", {}, `${error.message} Choose the note again in a moment.`),
      );
    } finally {
      if (asking === this.asking) this.body.removeAttribute("aria-busy");
    }
  }

  // Another model is asked in place, and from then on.
  #follow(event) {
    const link = event.target.closest("a[data-why]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const asked = new URL(link.href).searchParams;
    this.judge = asked.get("with");
    this.#load(asked);
  }

  // Sound ------------------------------------------------------------------------------

  #addSound() {
    for (const line of this.body.querySelectorAll("li[data-pitch]")) {
      const { pitch, ticks, name } = line.dataset;
      const other = { pitch: Number(pitch), duration_ticks: Number(ticks) };
      const hear = this.#button("Hear it", () => this.#hear(other));
      const inPlace = this.#button("In place", () => this.#hearInPlace(other));
      for (const button of [hear, inPlace]) {
        button.append(el("span", { class: "visually-hidden" }, `: ${name}`));
      }
      line.querySelector(".why-acts").prepend(hear, inPlace);
    }
  }

  #seconds(start, end) {
    return this.roll.piece.secondsAt(end) - this.roll.piece.secondsAt(start);
  }

  #hear({ pitch, duration_ticks }) {
    const { part, start_tick: start, velocity } = this.note;
    const seconds = this.#seconds(start, start + duration_ticks);
    this.player?.audition(part, pitch, Math.min(2, seconds), velocity);
  }

  // Two beats before and after, the note replaced, as the whole piece would sound there.
  #hearInPlace(other) {
    const { note, player } = this;
    const { piece } = this.roll;
    const around = BEATS_AROUND * (piece.barAt(note.start_tick)?.beat_ticks ?? 480);
    const from = Math.max(0, note.start_tick - around);
    const to = note.start_tick + other.duration_ticks + around;
    const rate = player?.rate ?? 1;
    const told = piece.notes
      .map((one) => (isSame(one, note) ? { ...one, ...other } : one))
      .filter(({ start_tick: start }) => from <= start && start < to)
      .map(({ part, pitch, velocity, start_tick: start, duration_ticks: length }) => ({
        ...{ part, pitch, velocity },
        start: this.#seconds(from, start) / rate,
        duration: this.#seconds(start, start + length) / rate,
      }));
    player?.pause();
    player?.auditionNotes(told);
  }
}

const isSame = (a, b) => a.part === b.part && a.index === b.index;

customElements.define("why-note", WhyNote);
