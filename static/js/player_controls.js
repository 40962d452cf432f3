// The knobs and buttons of a player. They know how to look; the player knows what to do.

import { clock, el, icon } from "./dom.js";
import { FAMILIES } from "./instruments.js";

const PLAY = "M7 4.5v15l12.5-7.5z";
const PAUSE = "M6.5 5h4v14h-4zM13.5 5h4v14h-4z";
const LOOP = "M7 7h10v3l4-4-4-4v3H5v6h2zm10 10H7v-3l-4 4 4 4v-3h12v-6h-2z";
const QUIET = "M4 9.5v5h3.5L12 19V5L7.5 9.5z";

export function playButton(onclick) {
  const button = el("button", { type: "button", class: "player-play", onclick });
  showPlaying(button, { isPlaying: false });
  return button;
}

export function showPlaying(button, { isPlaying, isOpening = false, title = "" }) {
  const verb = isPlaying ? "Pause" : "Play";
  button.toggleAttribute("data-opening", isOpening);
  if (button.dataset.verb === verb && button.dataset.title === title) return;
  Object.assign(button.dataset, { verb, title });
  button.replaceChildren(icon(isPlaying ? PAUSE : PLAY));
  button.setAttribute("aria-label", title ? `${verb} ${title}` : verb);
}

export function seekBar(oninput) {
  const bar = el("input", {
    type: "range",
    class: "player-seek",
    min: 0,
    max: 1000,
    value: 0,
    step: 1,
    "aria-label": "Place in the piece",
    oninput: () => oninput(bar.value / 1000),
  });
  return bar;
}

export function showPlace(bar, elapsed, total, seconds, wholeSeconds) {
  const fraction = wholeSeconds ? seconds / wholeSeconds : 0;
  bar.value = Math.round(fraction * 1000);
  bar.style.setProperty("--filled", `${fraction * 100}%`);
  bar.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(wholeSeconds)}`);
  elapsed.textContent = clock(seconds);
  total.textContent = clock(wholeSeconds);
}

export function volumeKnob(oninput) {
  const knob = el("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 80,
    "aria-label": "Volume",
    oninput: () => oninput(knob.value / 100),
  });
  return el("label", { class: "player-volume" }, icon(QUIET), knob);
}

export function tempoKnob(qpm, oninput) {
  const shown = el("output", { class: "player-number" });
  const knob = el("input", {
    type: "range",
    min: 30,
    max: 200,
    step: 5,
    value: 100,
    "aria-label": "Tempo, percent",
    oninput: () => {
      show();
      oninput(knob.value / 100);
    },
  });
  const show = () => {
    shown.textContent = `♩ = ${Math.round((qpm * knob.value) / 100)}`;
    knob.setAttribute("aria-valuetext", `${knob.value} percent`);
  };
  show();
  return el("label", { class: "player-tempo" }, el("span", {}, "Tempo"), knob, shown);
}

/** A button that repeats the piece, and, where bars are known, from which to which. */
export function loopControls(bars, onchange) {
  const numbers = bars.map((bar) => bar.number);
  const menu = (name, chosen) =>
    el(
      "select",
      { "aria-label": name, onchange: () => tell() },
      ...numbers.map((n) => el("option", { value: n, selected: n === chosen }, n)),
    );
  const first = menu("Repeat from bar", numbers[0]);
  const last = menu("Repeat to bar", numbers.at(-1));
  const range = el(
    "span",
    { class: "player-bars", hidden: true },
    "bars ",
    first,
    " to ",
    last,
  );
  const button = el("button", {
    type: "button",
    class: "player-loop",
    "aria-pressed": "false",
    onclick: () => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isOn));
      range.hidden = !isOn || numbers.length < 2;
      tell();
    },
  });
  button.append(icon(LOOP), "Repeat");
  const tell = () => {
    const isOn = button.getAttribute("aria-pressed") === "true";
    if (last.selectedIndex < first.selectedIndex)
      last.selectedIndex = first.selectedIndex;
    onchange(isOn, first.selectedIndex, last.selectedIndex);
  };
  return el("span", { class: "player-repeat" }, button, range);
}

/** One row for each part: its instrument, and whether it sounds. */
export function partControls(parts, { oninstrument, onmute }) {
  const menus = [];
  const rows = parts.map((part, index) => {
    const name = part.name || (parts.length > 1 ? `Part ${index + 1}` : "Instrument");
    const menu = part.is_drum
      ? el("span", { class: "player-drums" }, "Drum kit")
      : instrumentMenu(part.program, `Instrument of ${name}`, (program) =>
          oninstrument(index, program),
        );
    if (!part.is_drum) menus.push([index, menu]);
    const sounds = el("input", {
      type: "checkbox",
      role: "switch",
      checked: true,
      "aria-label": `${name} sounds`,
      onchange: () => onmute(index, !sounds.checked),
    });
    return el(
      "div",
      { class: "player-part", "data-voice": index % 8 },
      el("span", { class: "player-part-name" }, name),
      menu,
      parts.length > 1 ? sounds : null,
    );
  });
  if (menus.length > 1) rows.unshift(allParts(menus, oninstrument));
  return el("div", { class: "player-parts" }, ...rows);
}

// One menu that sets all the others.
function allParts(menus, oninstrument) {
  const all = instrumentMenu(null, "Instrument of all parts", (program) => {
    for (const [index, menu] of menus) {
      menu.value = program;
      oninstrument(index, program);
    }
  });
  all.prepend(
    el("option", { value: "", selected: true, disabled: true }, "Choose one for all"),
  );
  const name = el("span", { class: "player-part-name all" }, "All");
  return el("div", { class: "player-part" }, name, all);
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
