// The knobs and buttons of a player. They know how to look; the player knows what to do.

import { TEMPO } from "./desk_state.js";
import { clock, el, icon } from "./dom.js";

const PLAY = "M7 4.5v15l12.5-7.5z";
const PAUSE = "M6.5 5h4v14h-4zM13.5 5h4v14h-4z";
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

/** A slider and a number, in percent; shown beside them is what that is in beats. */
export function tempoKnob(qpm, onpercent) {
  const shown = el("output", { class: "player-number" });
  const bounds = { min: TEMPO.least, max: TEMPO.most };
  const slider = el("input", {
    type: "range",
    ...bounds,
    step: 5,
    "aria-label": "Tempo, percent",
    oninput: () => onpercent(Number(slider.value)),
  });
  const number = el("input", {
    type: "number",
    inputmode: "numeric",
    class: "player-percent",
    "aria-label": "Tempo in percent, as a number",
    ...bounds,
    step: 1,
    onchange: () => {
      const asked = Math.round(number.valueAsNumber) || 100;
      onpercent(Math.min(Math.max(asked, TEMPO.least), TEMPO.most));
    },
  });
  return {
    element: el(
      "div",
      { class: "player-tempo" },
      el("span", { "aria-hidden": "true" }, "Tempo"),
      slider,
      el("span", { class: "player-percents" }, number, " %"),
      shown,
    ),
    show(percent) {
      slider.value = percent;
      slider.setAttribute("aria-valuetext", `${percent} percent`);
      number.value = percent;
      shown.textContent = `♩ = ${Math.round((qpm * percent) / 100)}`;
    },
  };
}
