// <rendering-form> round a form that asks for a file which takes a while. Without scripts
// the form works by itself; with them one stays on the page and may go on listening.

import { el } from "./dom.js";
import { awaitRendering, requestRendering } from "./renderings.js";

class RenderingForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (!this.form) return;
    this.format = this.form.elements.format.value;
    this.name = this.dataset.name || this.format.toUpperCase();
    this.status = el("span", { class: "rendering-status", role: "status" });
    this.append(this.status);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#make();
    });
    // Asked for earlier and not ready when the page was made: look again.
    if (this.dataset.state === "queued" || this.dataset.state === "running")
      this.#make();
  }

  async #make() {
    const button = this.form.querySelector("button");
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    this.status.textContent = `${this.name}: being made…`;
    try {
      const asked = await requestRendering(this.form.action, new FormData(this.form));
      this.#offer(await awaitRendering(asked));
    } catch (error) {
      this.status.textContent = `${this.name}: ${error.message}`;
      button.removeAttribute("aria-busy");
      button.disabled = false;
    }
  }

  #offer(address) {
    if (!this.isConnected) return; // a list that came meanwhile has its own
    const label = this.form.querySelector("button").textContent.trim();
    const link = el("a", { href: address, download: true, class: "download" }, label);
    this.form.replaceWith(link);
    this.status.textContent = `${this.name} is ready.`;
    link.focus();
    link.click();
  }
}

customElements.define("rendering-form", RenderingForm);
