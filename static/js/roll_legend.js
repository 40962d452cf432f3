// What the colours of a roll say, and which of the two ways they speak.

import { el } from "./dom.js";
import { SURPRISES, VOICES } from "./roll_drawing.js";

const CHANCES = ["likelier than 1 in 2", "1 in 4", "1 in 16", "1 in 64", "rarer"];

/** The key under the roll. `oncolouring` hears "voices" or "surprise". */
export function legend(piece, oncolouring) {
  const voices = el(
    "span",
    { class: "roll-swatches" },
    ...voiceSwatches(piece),
    piece.hasBits ? el("span", {}, "The stronger, the more a note surprised.") : null,
  );
  const surprises = el(
    "span",
    { class: "roll-swatches", hidden: true },
    el("span", {}, "The model held this note"),
    ...Array.from({ length: SURPRISES }, (_, step) =>
      el("span", { class: "roll-voice", "data-surprise": step }, CHANCES[step]),
    ),
  );
  const choose = (colouring) => {
    voices.hidden = colouring !== "voices";
    surprises.hidden = colouring !== "surprise";
    oncolouring(colouring);
  };
  return el(
    "div",
    { class: "roll-key" },
    piece.hasBits ? colourings(piece, choose) : null,
    voices,
    surprises,
  );
}

function voiceSwatches({ parts }) {
  if (parts.length < 2) return [];
  return parts.map((part, voice) =>
    el(
      "span",
      { class: "roll-voice", "data-voice": voice % VOICES },
      part.name || `Part ${voice + 1}`,
    ),
  );
}

function colourings({ parts }, choose) {
  const name = `colouring-${Math.random().toString(36).slice(2)}`;
  const option = (value, label, checked) =>
    el(
      "label",
      {},
      el("input", { type: "radio", name, value, checked, onchange: () => choose(value) }),
      label,
    );
  return el(
    "fieldset",
    { class: "roll-colouring" },
    el("legend", {}, "Colours"),
    option("voices", parts.length > 1 ? "Voices" : "Plain", true),
    option("surprise", "Surprise", false),
  );
}
