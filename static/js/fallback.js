// What a player shows when the synthesizer does not play: the reason, and the server's own
// recording as soon as it is made.

import { el } from "./dom.js";
import { fetchOk } from "./fetching.js";
import { awaitRendering, requestRendering } from "./renderings.js";

export class Fallback {
  /** `renderings` is the address that makes recordings; `onagain` tries the synthesizer. */
  constructor(renderings, onagain) {
    this.renderings = renderings;
    this.sentence = el("p");
    this.again = el(
      "button",
      { type: "button", class: "quiet", onclick: onagain },
      "Try again",
    );
    this.element = el("div", { class: "player-fallback", hidden: true });
  }

  hide() {
    this.element.hidden = true;
  }

  // Music that people brought is not recorded: they have its file.
  #giveUp(why) {
    this.sentence.textContent = `${why} Play the file with a program of your own instead.`;
    return null;
  }

  /** Says why, asks for a recording and gives its `<audio>`; null when there is none. */
  async show(why) {
    this.element.replaceChildren(this.sentence, this.again);
    this.element.hidden = false;
    if (!this.renderings) return this.#giveUp(why);
    this.sentence.textContent = `${why} The server is making a recording for you instead…`;
    try {
      const audio = el("audio", { controls: true, src: await this.#record() });
      this.sentence.textContent = `${why} Here is the server's recording instead.`;
      this.element.append(audio);
      return audio;
    } catch (error) {
      this.sentence.textContent =
        `${why} The server's recording did not come either: ${error.message} ` +
        "You can still download the piece and play it with a program of your own.";
      return null;
    }
  }

  // As a whole, since the server sends no pieces of files and one wants to seek in it.
  async #record() {
    const playsOgg = new Audio().canPlayType("audio/ogg; codecs=vorbis");
    const asked = await requestRendering(this.renderings, {
      format: playsOgg ? "ogg" : "mp3",
    });
    const response = await fetchOk(await awaitRendering(asked), "The recording");
    return URL.createObjectURL(await response.blob());
  }
}
