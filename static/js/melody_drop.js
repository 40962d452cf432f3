// <melody-drop data-most-bytes> round the form that brings one file.
//
// The file may be dropped anywhere on the page. Without scripts the form works by itself.

import { el } from "./dom.js";

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
    this.#listen();
  }

  #listen() {
    let depth = 0;
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    const mark = (isOver) => this.classList.toggle("is-over", isOver);
    document.addEventListener("dragenter", (event) => {
      if (holdsFiles(event)) mark(++depth > 0);
    });
    document.addEventListener("dragleave", (event) => {
      if (holdsFiles(event)) mark(--depth > 0);
    });
    // A drop that misses the form must not replace the page with the file.
    document.addEventListener("dragover", (event) => {
      if (holdsFiles(event)) event.preventDefault();
    });
    document.addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      depth = 0;
      mark(false);
      const refusal = this.#refusalOf(event.dataTransfer.files);
      if (refusal) {
        this.#say(refusal);
        return;
      }
      this.input.files = event.dataTransfer.files;
      this.form.requestSubmit();
    });
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
