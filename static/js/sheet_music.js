// <sheet-music data-timemap data-page player="id">
//
// The engraved score, put into the page so that it takes the page's colours; the notes
// that sound are marked, and a click on a note leads there. A click on the empty part of a
// bar selects it; with Shift, any click selects bars up to there. `data-page` is the address
// of page 1. The server engraves for the width there is: a telephone gets shorter systems.

import { el, wantsLessMotion } from "./dom.js";
import { fetchText } from "./fetching.js";
import { coveredBy, follow, playerOf } from "./following.js";
import { selectionOf } from "./selection.js";
import { BarTints } from "./sheet_bars.js";

const HANDS_OFF_SECONDS = 4; // after someone scrolls, we do not scroll for a while
const REACH = { touch: 24, mouse: 6 }; // pixels from a note that still mean it
const WIDTHS = [400, 700, 1000]; // the server engraves for these

class SheetMusic extends HTMLElement {
  connectedCallback() {
    if (this.moments) return;
    this.moments = [];
    this.marked = new Set();
    this.handsOffUntil = 0;
    this.paper = el("div", { class: "sheet-pages" });
    this.status = el("p", { class: "sheet-status", role: "status" }, "Engraving…");
    this.append(this.status, this.paper);
    this.player = playerOf(this);
    follow(this.player, (place) => this.#mark(place));
    this.reader = "concert";
    this.player?.addEventListener("writtenfor", ({ detail }) => this.#readBy(detail));
    this.selection = this.player ? selectionOf(this.player) : null;
    this.tints = new BarTints(this.paper);
    this.selection?.addEventListener("change", () => this.tints.show(this.selection));
    this.addEventListener("pointerdown", ({ pointerType }) => {
      this.reach = REACH[pointerType] ?? REACH.mouse;
    });
    this.addEventListener("click", (event) => this.#lead(event));
    this.addEventListener("mousedown", (event) => {
      if (event.shiftKey) event.preventDefault(); // no text is being marked
    });
    for (const move of ["wheel", "touchmove"]) {
      window.addEventListener(move, () => this.#handsOff(), { passive: true });
    }
    new ResizeObserver(() => this.#fit()).observe(this);
  }

  // Engraves anew for a player whose instrument sounds other notes than it reads.
  #readBy({ reader }) {
    if (reader === this.reader) return;
    this.reader = reader;
    this.room = null;
    this.#fit();
  }

  // Engraves anew when the room changes from one of the server's widths to another.
  #fit() {
    const room = WIDTHS.findLast((width) => width <= this.clientWidth) ?? WIDTHS[0];
    if (!this.clientWidth || room === this.room) return;
    this.room = room;
    this.#engrave(room).catch((error) => {
      if (this.room !== room) return;
      this.room = null;
      this.status.textContent = `${error.message} Reload the page to try again.`;
    });
  }

  async #engrave(width) {
    const { reader } = this;
    const answer = await fetchText(this.#asked(this.dataset.timemap, width), "The score");
    const { timemap, pages } = JSON.parse(answer);
    const drawn = await Promise.all(
      Array.from({ length: pages }, (_, index) => this.#page(index + 1, pages, width)),
    );
    // The window or the reader changed meanwhile.
    if (this.room !== width || this.reader !== reader) return;
    this.paper.replaceChildren(...drawn);
    this.status.textContent = "";
    this.#learnMoments(timemap);
    this.tints.learn();
    if (this.selection) this.tints.show(this.selection);
  }

  async #page(number, pages, width) {
    const address = this.dataset.page.replace(/1\.svg$/, `${number}.svg`);
    const text = await fetchText(this.#asked(address, width), "The score");
    return parsePage(text, `Score, page ${number} of ${pages}`);
  }

  #asked(address, width) {
    const reader = this.reader === "concert" ? "" : `&for=${this.reader}`;
    return `${address}?width=${width}${reader}`;
  }

  // A moment of the time map lists all that sounds from then to the next moment.
  #learnMoments(timemap) {
    const notes = new Map(
      [...this.paper.querySelectorAll("[id]")].map((element) => [element.id, element]),
    );
    this.moments = timemap.map((moment) => ({
      start: moment.start_seconds,
      notes: moment.note_ids.map((id) => notes.get(id)).filter(Boolean),
    }));
    for (const { start, notes: sounding } of this.moments) {
      for (const note of sounding) note.dataset.start ??= start;
    }
  }

  #mark({ seconds, isPlaying }) {
    const moment = this.moments.findLast(({ start }) => start <= seconds + 0.01);
    const now = new Set(isPlaying ? moment?.notes : []);
    const fresh = [...now].filter((note) => !this.marked.has(note));
    for (const note of this.marked)
      if (!now.has(note)) note.classList.remove("is-sounding");
    for (const note of fresh) note.classList.add("is-sounding");
    this.marked = now;
    if (fresh.length) this.#turnTo(fresh[0]);
  }

  // Keeps the system that sounds in view, if the reader looks at the score at all.
  #turnTo(note) {
    if (performance.now() < this.handsOffUntil) return;
    const sheet = this.getBoundingClientRect();
    const isRead = sheet.top < window.innerHeight * 0.6 && sheet.bottom > 0;
    if (!isRead) return;
    const system = (note.closest(".system") ?? note).getBoundingClientRect();
    const ceiling = coveredBy(this.player);
    if (system.top >= ceiling && system.bottom <= window.innerHeight) return;
    window.scrollBy({
      top: system.top - ceiling - 24,
      behavior: wantsLessMotion() ? "auto" : "smooth",
    });
  }

  #handsOff() {
    this.handsOffUntil = performance.now() + HANDS_OFF_SECONDS * 1000;
  }

  #lead(event) {
    const note = event.shiftKey ? null : this.#noteNear(event);
    const place = note ? -1 : this.tints.placeAt(event);
    const bar = this.selection?.bars[place];
    if (note) this.player?.seek(Number(note.dataset.start));
    else if (bar && event.shiftKey) this.selection.extendTo(bar.number, this);
    else if (bar && this.#isOnly(bar)) this.selection.clear(this);
    else if (bar) this.selection.choose(bar.number, bar.number, this);
  }

  #isOnly({ number }) {
    return this.selection.first === number && this.selection.last === number;
  }

  // Notes are small and fingers are not: the nearest one within reach is meant.
  #noteNear({ clientX, clientY }) {
    let nearest = null;
    let least = this.reach ?? REACH.mouse;
    for (const note of this.paper.querySelectorAll("[data-start]")) {
      const { left, right, top, bottom } = note.getBoundingClientRect();
      const across = Math.max(left - clientX, 0, clientX - right);
      const down = Math.max(top - clientY, 0, clientY - bottom);
      const away = Math.hypot(across, down);
      if (away < least) [nearest, least] = [note, away];
    }
    return nearest;
  }
}

function parsePage(text, title) {
  const page = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (page.localName !== "svg") throw new Error("not a page of music");
  for (const style of page.querySelectorAll("style, script")) style.remove();
  for (const inner of page.querySelectorAll("svg"))
    inner.setAttribute("aria-hidden", "true");
  page.setAttribute("role", "img");
  page.setAttribute("aria-label", title);
  return el("div", { class: "sheet-page" }, document.importNode(page, true));
}

customElements.define("sheet-music", SheetMusic);
