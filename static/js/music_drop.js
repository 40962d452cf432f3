// <music-drop data-most-bytes data-most-files> round the form that brings files.
//
// Files and folders may be dropped anywhere on the page, and a bar shows how much has
// arrived. Without scripts the form works by itself.

import { el } from "./dom.js";
import { takeDrops } from "./dropping.js";

const MUSIC = /\.(midi?|musicxml|xml|mxl|abc|krn|zip)$/i;

class MusicDrop extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (!this.form || this.status) return;
    this.input = this.form.elements.files;
    this.button = this.form.querySelector("button[type=submit]");
    this.status = el("p", { class: "drop-status", role: "status" });
    this.bar = el("progress", { max: 1, hidden: true, "aria-label": "Sent" });
    this.append(this.status, this.bar);
    this.form.append(el("p", { class: "drop-hint" }, "Or drop files or a folder here."));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send([...this.input.files]);
    });
    takeDrops(this, async (transfer) => {
      const { files, others } = await dropped(transfer);
      this.#send(files, others);
    });
  }

  #send(files, others = 0) {
    if (this.request) return;
    const refusal = this.#refusalOf(files, others);
    if (refusal) {
      this.#say(refusal);
      return;
    }
    const body = new FormData();
    const token = this.form.elements.csrfmiddlewaretoken;
    body.set(token.name, token.value);
    for (const file of files) body.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) this.bar.value = event.loaded / event.total;
    });
    request.addEventListener("load", () => this.#answered(request));
    request.addEventListener("error", () =>
      this.#ended("The server does not answer. Try again in a moment."),
    );
    request.open("POST", this.form.action);
    request.setRequestHeader("Accept", "application/json");
    request.send(body);
    this.request = request;
    this.button.setAttribute("aria-busy", "true");
    this.bar.hidden = false;
    this.#say(`Sending ${counted(files.length)}…`);
  }

  #refusalOf(files, others) {
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    const mostBytes = Number(this.dataset.mostBytes);
    const mostFiles = Number(this.dataset.mostFiles);
    if (files.length === 0) {
      return others
        ? "There is no music in that. Drop MIDI, MusicXML, ABC, kern or a .zip."
        : "Choose one or more files first.";
    }
    if (files.length > mostFiles) {
      return `These are ${files.length} files. Send at most ${mostFiles} at a time.`;
    }
    if (bytes > mostBytes) {
      const [has, most] = [bytes, mostBytes].map((n) => Math.ceil(n / 2 ** 20));
      return `These are ${has} MB. Send at most ${most} MB at a time.`;
    }
    return "";
  }

  #answered(request) {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // A page that says no: what it says cannot be shown here.
    }
    // Who is not logged in any more is led to where one logs in.
    const isElsewhere = request.responseURL && request.responseURL !== this.form.action;
    if (answer.url || isElsewhere) {
      location.assign(answer.url ?? request.responseURL);
      return;
    }
    this.#ended(answer.error ?? `The server refused this (error ${request.status}).`);
  }

  #ended(sentence) {
    this.request = null;
    this.bar.hidden = true;
    this.button.removeAttribute("aria-busy");
    this.#say(sentence);
  }

  #say(sentence) {
    this.status.textContent = sentence;
  }
}

const counted = (count) => (count === 1 ? "one file" : `${count} files`);

/** The music in what was dropped, folders and all; `others` were no music. */
async function dropped(transfer) {
  // Asked for at once: the transfer is empty after the first pause.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  const loose = [...transfer.files];
  const all = entries.some(Boolean)
    ? (await Promise.all(entries.filter(Boolean).map(filesIn))).flat()
    : loose;
  const files = all.filter((file) => MUSIC.test(file.name) && file.name[0] !== ".");
  return { files, others: all.length - files.length };
}

async function filesIn(entry) {
  if (entry.isFile) {
    return [await new Promise((done, fail) => entry.file(done, fail))];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A folder is told in portions, until there is an empty one.
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return found;
    for (const inner of some) found.push(...(await filesIn(inner)));
  }
}

customElements.define("music-drop", MusicDrop);

// The page may come back from the browser's memory, in the middle of sending.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
