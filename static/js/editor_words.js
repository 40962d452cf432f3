// What the note editor says.

import { MOST_NOTES } from "./note_editing.js";

export const HELP =
  "Click a note or draw a box round several; drag to move, by the end to stretch; " +
  "double-click to add. Keys: Tab goes through the notes and Escape lets go, arrows move, " +
  "[ and ] stretch, N adds, Delete takes away, Ctrl+Z undoes; ? lists them all.";

const NOWHERE = "Select a note first, or there is no room to go further.";

/** Why a verb did nothing. */
export const REFUSED = {
  undo: "There is nothing to undo.",
  redo: "There is nothing to do again.",
  add: `There is no room here, or the piece has ${MOST_NOTES.toLocaleString("en")} notes.`,
  remove: "Select a note first.",
  duplicate: "Select notes first, with room behind them.",
  earlier: NOWHERE,
  later: NOWHERE,
  lower: NOWHERE,
  higher: NOWHERE,
  shorter: NOWHERE,
  longer: NOWHERE,
  transposeAll: "That would leave the range of notes. Choose fewer semitones.",
  transposeSelected: "Select notes first, and stay within the range of notes.",
};

export const counted = (count, what) =>
  `${count} ${what}${Math.abs(count) === 1 ? "" : "s"}`;
