// <melody-drop data-most-bytes> round the form that brings one file.
//
// The file may be dropped anywhere on the page. Without scripts the form works by itself.

import { el } from "./dom.js";
import { takeDrops } from "./dropping.js";

class MelodyDrop extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (this.status) return;
    this.input = this.form.elements.file;
    this.status = el("p", { class: "drop-status", role: "status" });
    this.append(el("p", { class: "drop-hint" }, "Or drop it on this page."), this.status);
    this.form.addEventListener("submit", (event) => {
      const refusal = this.#refusalOf(this.input.files);
      if (refusal) event.preventDefault();
      this.#say(refusal || `Reading ${this.input.files[0].name}…`);
    });
    takeDrops(this, ({ files }) => this.#take(files));
  }

  #take(files) {
    const refusal = this.#refusalOf(files);
    if (refusal) {
      this.#say(refusal);
      return;
    }
    this.input.files = files;
    this.form.requestSubmit();
  }

  #refusalOf(files) {
    if (files.length === 0) return "Choose a file first.";
    if (files.length > 1) return `These are ${files.length} files. Bring one at a time.`;
    const most = Number(this.dataset.mostBytes);
    if (files[0].size <= most) return "";
    return `${files[0].name} is too big. Bring at most ${most / 2 ** 20} MB.`;
  }

  #say(sentence) {
    this.status.textContent = sentence;
  }
}

customElements.define("melody-drop", MelodyDrop);
