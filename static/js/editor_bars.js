// Bars that the note editor adds behind the last of a piece.

import { endTickOf } from "./note_editing.js";
import { TICKS_PER_QUARTER } from "./piece.js";

const MORE_BARS = 8;
const MOST_BARS = 256;

/** The tick that no edited note may pass. */
export function limitOf({ notes, data: { bars } }) {
  const last = bars.at(-1);
  if (!last) return Math.max(TICKS_PER_QUARTER * 32, ...notes.map(endTickOf));
  const room = Math.max(0, Math.min(MORE_BARS, MOST_BARS - last.number));
  return last.start_tick + last.duration_ticks * (1 + room);
}

/** `bars`, and as many like the last as to have one free behind the tick `end`. */
export function barsUntil(bars, end, limit) {
  const all = [...bars];
  for (let last = all.at(-1); last; last = all.at(-1)) {
    const start_tick = last.start_tick + last.duration_ticks;
    if (start_tick >= limit || last.start_tick >= end) break;
    all.push({ ...last, start_tick, number: last.number + 1, start_seconds: null });
  }
  return all;
}
