// A form for a new piece offers what the chosen model knows: its metres, modes and keys.

import { el } from "./dom.js";

function offer(select, values) {
  if (!select) return;
  const before = select.value;
  const [open] = select.options; // "The model's choice"
  const inPrint = (text) =>
    /^[A-G][#b]$/.test(text)
      ? text[0] + (text[1] === "b" ? "♭" : "♯")
      : text[0].toUpperCase() + text.slice(1);
  select.replaceChildren(
    open,
    ...values.map((value) => el("option", { value }, inPrint(value))),
  );
  select.value = values.includes(before) ? before : "";
}

function offerWhatItKnows(form, radio) {
  const knows = JSON.parse(radio.dataset.knows);
  offer(form.elements.metre, knows.metres);
  offer(form.elements.mode, knows.modes);
  offer(form.elements.tonic, knows.tonics);
  for (const [end, name] of ["lowest_pitch", "highest_pitch"].entries()) {
    const input = form.elements[name];
    if (input) {
      input.placeholder = knows.compass?.[end] ?? "The model's choice";
    }
  }
  form.querySelector("[data-says]").textContent = knows.says;
}

for (const fieldset of document.querySelectorAll("[data-models]")) {
  fieldset.addEventListener("change", ({ target }) => {
    if (target.dataset.knows) offerWhatItKnows(target.form, target);
  });
}
