// One row for each part: its instrument, how loudly it sounds, where, and whether.

import { audible, usualPan } from "./performance_of.js";
import { el } from "./dom.js";
import { FAMILIES } from "./instruments.js";
import { USUAL_PART } from "./desk_state.js";

/** The mixer of `parts`; `onset(part, values)` is told of every change. */
export function mixer(parts, onset) {
  const strips = parts.map((part, index) => strip(part, index, parts, onset));
  const rows = strips.map(({ element }) => element);
  const melodic = parts.flatMap((part, index) => (part.is_drum ? [] : [index]));
  if (melodic.length > 1) {
    rows.unshift(allParts((values) => melodic.forEach((part) => onset(part, values))));
  }
  return {
    element: el("div", { class: "mixer" }, ...rows),
    show(desk) {
      const heard = audible(desk.parts);
      strips.forEach(({ show }, index) => show(desk.parts[index], heard[index]));
    },
  };
}

function strip(part, index, parts, onset) {
  const name = part.name || (parts.length > 1 ? `Part ${index + 1}` : "Instrument");
  const set = (values) => onset(index, values);
  const menu = part.is_drum
    ? el("span", { class: "mixer-drums" }, "Drum kit")
    : instrumentMenu(part.program, `Instrument of ${name}`, (program) =>
        set({ program: program === part.program ? null : program }),
      );
  const level = slider(`Level of ${name}`, 0, 100, (value) => set({ level: value }));
  const stands = usualPan(index, parts.length, part.is_drum);
  const pan = slider(`Place of ${name}, left to right`, -100, 100, (value) =>
    set({ pan: value === stands ? null : value }),
  );
  const mute = toggle("M", `Mute ${name}`, (is_muted) => set({ is_muted }));
  const solo = toggle("S", `Solo ${name}`, (is_solo) => set({ is_solo }));
  const element = el(
    "div",
    { class: "mixer-strip", "data-voice": index % 8 },
    el("span", { class: "mixer-name" }, name),
    menu,
    el("label", { class: "mixer-level" }, el("span", {}, "Level"), level),
    el("label", { class: "mixer-pan" }, el("span", {}, "L"), pan, el("span", {}, "R")),
    parts.length > 1 ? el("span", { class: "mixer-switches" }, mute, solo) : null,
  );
  return {
    element,
    show(values = USUAL_PART, isHeard = true) {
      if (!part.is_drum) menu.value = values.program ?? part.program;
      level.value = values.level;
      pan.value = values.pan ?? stands;
      pan.setAttribute("aria-valuetext", placeInWords(Number(pan.value)));
      mute.setAttribute("aria-pressed", String(values.is_muted));
      solo.setAttribute("aria-pressed", String(values.is_solo));
      element.classList.toggle("is-silent", !isHeard);
    },
  };
}

function placeInWords(pan) {
  if (pan === 0) return "in the middle";
  return `${Math.abs(pan)} percent to the ${pan < 0 ? "left" : "right"}`;
}

function slider(label, min, max, oninput) {
  const knob = el("input", {
    type: "range",
    min,
    max,
    "aria-label": label,
    oninput: () => oninput(Number(knob.value)),
  });
  return knob;
}

function toggle(letter, label, onpress) {
  const button = el(
    "button",
    {
      type: "button",
      class: "player-toggle",
      "aria-pressed": "false",
      "aria-label": label,
      title: label,
      onclick: () => onpress(button.getAttribute("aria-pressed") !== "true"),
    },
    letter,
  );
  return button;
}

// One menu that sets all the others.
function allParts(onset) {
  const all = instrumentMenu(null, "Instrument of all parts", (program) =>
    onset({ program }),
  );
  all.prepend(
    el("option", { value: "", selected: true, disabled: true }, "Choose one for all"),
  );
  const name = el("span", { class: "mixer-name all" }, "All");
  return el("div", { class: "mixer-strip" }, name, all);
}

function instrumentMenu(program, label, onchange) {
  const menu = el("select", {
    "aria-label": label,
    onchange: () => onchange(Number(menu.value)),
  });
  FAMILIES.forEach(([family, names], group) => {
    const options = names.map((name, place) => {
      const number = group * 8 + place;
      return el("option", { value: number, selected: number === program }, name);
    });
    menu.append(el("optgroup", { label: family }, ...options));
  });
  return menu;
}
