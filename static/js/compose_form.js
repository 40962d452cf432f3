// The form for a new piece: the button shows that it is being written, and pitches are
// named.

import { el, sendOnce } from "./dom.js";
import { pitchName } from "./piece.js";

for (const form of document.querySelectorAll("form[data-composes]")) {
  // What is wrong must not hide in a fold.
  const unfold = ({ target }) => target.closest("details")?.setAttribute("open", "");
  form.addEventListener("invalid", unfold, { capture: true });
  // A form may have many buttons; some stand elsewhere on the page.
  form.addEventListener("submit", sendOnce);
}

// A pitch is asked for as a number; musicians know it by name.
for (const input of document.querySelectorAll("input[data-names-note]")) {
  const label = document.querySelector(`label[for="${input.id}"]`);
  const shown = el("span", { class: "note-name" });
  label.append(" ", shown);
  const show = () => {
    const isPitch = input.value !== "" && input.validity.valid;
    shown.textContent = isPitch ? pitchName(Number(input.value)) : "";
  };
  input.addEventListener("input", show);
  show();
}
