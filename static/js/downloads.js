// <download-list> round the files of a piece: what is offered follows for whom scores are
// written, chosen here or in the player, and without loading the page anew.

import { el } from "./dom.js";
import { fetchText } from "./fetching.js";

class DownloadList extends HTMLElement {
  connectedCallback() {
    if (this.menu) return;
    this.menu = this.querySelector("select[name=for]");
    if (!this.menu) return;
    this.querySelector(".written-for button").hidden = true;
    this.status = el("p", { class: "rendering-status", role: "status" });
    this.append(this.status);
    this.menu.addEventListener("change", () => this.#show());
    // The player tells what it set, and when the server knows a new sound.
    document.addEventListener("writtenfor", ({ detail }) => {
      if (this.menu.value === detail.reader) return;
      this.menu.value = detail.reader;
      this.#show();
    });
    document.addEventListener("soundkept", () => this.#show());
  }

  async #show() {
    const asked = this.menu.value;
    this.status.textContent = "";
    try {
      const address = new URL(location.href);
      address.searchParams.set("for", asked);
      const page = await fetchText(address, "The files");
      if (asked !== this.menu.value) return; // another choice came after it
      const found = new DOMParser().parseFromString(page, "text/html");
      const list = found.querySelector("download-list .take-home");
      this.querySelector(".take-home").replaceWith(document.importNode(list, true));
    } catch (error) {
      this.status.textContent = error.message;
    }
  }
}

customElements.define("download-list", DownloadList);
