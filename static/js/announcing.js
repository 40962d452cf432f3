// One place in which the page says what happened, for those who do not see it.

import { el } from "./dom.js";

let place = null;

/** Has a screen reader say `sentence` when it has a moment. */
export function announce(sentence) {
  if (!place) {
    place = el("p", { class: "visually-hidden", role: "status", id: "announcer" });
    document.body.append(place);
  }
  place.textContent = sentence;
}
