// From what hands did to written notes: nothing here knows a page.
//
// Times of hands are seconds from the first bar line; those before it are negative. Times
// of notes are ticks, 480 to a quarter, from the beginning of the piece.

export const TICKS_PER_QUARTER = 480;
const LEAST_VELOCITY = 1;
const MOST_VELOCITY = 127;

/** The ticks of a bar of `metre`, a pair like [6, 8]. */
export function barTicks([numerator, denominator]) {
  return (numerator * 4 * TICKS_PER_QUARTER) / denominator;
}

/** The ticks of a felt beat: a dotted quarter in 6/8, a half in 2/2. */
export function beatTicks([numerator, denominator]) {
  const unit = (4 * TICKS_PER_QUARTER) / denominator;
  const isCompound = numerator % 3 === 0 && numerator > 3 && denominator >= 8;
  return isCompound ? 3 * unit : unit;
}

export const ticksOf = (seconds, qpm) => (seconds * qpm * TICKS_PER_QUARTER) / 60;
export const secondsOf = (ticks, qpm) => (ticks * 60) / (qpm * TICKS_PER_QUARTER);

/** `ticks` on the grid; what lies in the middle goes up, also before the first bar. */
export const snapped = (ticks, grid) => Math.floor(ticks / grid + 0.5) * grid || 0;

/**
 * One voice of written notes.
 *
 * `hands` are {pitch, velocity, on, off} in the order in which keys went down; `off` is
 * null while a key is held, and `now` the moment for which its note is written. `grid`
 * is the length of the shortest note in ticks.
 *
 * A note ends where the next begins. Of notes that fall together the last one stays;
 * `dropped` counts the others. Notes before the first bar line make a pick-up.
 */
export function quantized(hands, { qpm, metre, grid, now = 0 }) {
  const notes = [];
  let dropped = 0;
  for (const { pitch, velocity, on, off } of hands) {
    const start = snapped(ticksOf(on, qpm), grid);
    const until = snapped(ticksOf(off ?? Math.max(now, on), qpm), grid);
    const before = notes.at(-1);
    if (before && before.start >= start) {
      notes.pop();
      dropped += 1;
    } else if (before) {
      before.end = Math.min(before.end, start);
    }
    notes.push({ start, end: Math.max(until, start + grid), pitch, velocity });
  }
  const bar = barTicks(metre);
  const shift = Math.max(0, -(notes[0]?.start ?? 0));
  return {
    notes: notes.map(({ start, end, pitch, velocity }) => ({
      start_tick: start + shift,
      pitch,
      duration_ticks: end - start,
      velocity: Math.min(Math.max(Math.round(velocity), LEAST_VELOCITY), MOST_VELOCITY),
    })),
    pickup_ticks: shift % bar,
    dropped,
  };
}

/** How many bars `notes` fill, the pick-up not counted. */
export function barsOf({ notes, pickup_ticks: pickup }, metre) {
  const end = Math.max(0, ...notes.map((n) => n.start_tick + n.duration_ticks));
  return Math.max(0, Math.ceil((end - pickup) / barTicks(metre)));
}

/** As the server takes them: a note is start, pitch, duration and velocity. */
export function asSent({ notes, pickup_ticks }, { qpm, metre }) {
  return {
    qpm,
    metre,
    pickup_ticks,
    notes: notes.map((n) => [n.start_tick, n.pitch, n.duration_ticks, n.velocity]),
  };
}
