// A piece as it is played: swung, humanised, transposed. Its notes stay as written.
//
// training/music/performing.py does the same on the server, number for number, and says
// what each rule is for; a test holds the two together. Hence plain arithmetic only.

const TICKS_PER_QUARTER = 480;
const USUAL_TEMPO = { start_tick: 0, start_seconds: 0, qpm: 120 };
const USUAL_LEVEL = 80;
const PAN_SPREAD = 44;
const MOST_LATE_SECONDS = 0.015;
const SHORTEST_SECONDS = 0.005;
const [ARCH, DOWNBEAT, BEAT, OFF_BEAT, CONTOUR, CHANCE] = [10, 5, 2, -2, 3, 3];
const MOST_CONTOUR = 4;

/**
 * The notes of `piece` as {part, start, end, pitch, velocity}, in seconds at its own tempo
 * and in its own order. `piece` is what notes.json tells; `desk` has swing, humanise, take,
 * and `semitones` by which what sounds is moved.
 */
export function performanceOf(piece, desk) {
  const swung = swing(piece, desk.swing ?? 0);
  const clock = clockOf(piece.tempos);
  const touch = touchOf(piece, desk);
  const counts = [];
  const played = piece.notes.map((note) => {
    const { part } = note;
    const index = (counts[part] = (counts[part] ?? -1) + 1);
    let start = clock(swung(note.start_tick));
    const end = clock(swung(note.start_tick + note.duration_ticks));
    start = Math.max(0, start + touch.lateSeconds(part, index, end - start));
    return {
      part,
      start,
      end: Math.max(end, start + SHORTEST_SECONDS),
      pitch: note.pitch + (piece.parts[part]?.is_drum ? 0 : (desk.semitones ?? 0)),
      velocity: touch.velocity(part, index, note),
    };
  });
  letGoInTime(played);
  return played;
}

/** Loudness of a part beside the usual, as a factor of the amplitude. */
export function gainOf({ level = USUAL_LEVEL }) {
  return (level / USUAL_LEVEL) ** 2;
}

/** Where the parts usually stand: side by side, from -100 (left) to 100. */
export function usualPan(index, count, isDrum) {
  if (count === 1 || isDrum) return 0;
  return roundHalfEven(PAN_SPREAD * ((2 * index) / (count - 1) - 1));
}

/** Whether each part sounds: not muted, and solo where any part is. */
export function audible(parts) {
  const isAnySolo = parts.some((part) => part.is_solo);
  return parts.map((part) => !part.is_muted && (!isAnySolo || Boolean(part.is_solo)));
}

/** When the beats fall: {at, isStrong}, in seconds at the piece's own tempo. */
export function beatsOf(piece) {
  const clock = clockOf(piece.tempos);
  return piece.bars.flatMap((bar) =>
    ticksOfBeats(bar).map((tick) => ({
      at: clock(tick),
      isStrong: tick === originOf(bar),
    })),
  );
}

function ticksOfBeats(bar) {
  const { start_tick: start, duration_ticks: length, beat_ticks: beat } = bar;
  const ticks = [];
  const first = start + modulo(originOf(bar) - start, beat);
  for (let tick = first; tick < start + length; tick += beat) ticks.push(tick);
  return ticks;
}

// Beats are counted from here: in a pick-up from its end. Bars that someone has just added
// by hand do not say, and are no pick-ups.
const originOf = (bar) => bar.origin_tick ?? bar.start_tick;

/**
 * The clicks before the music starts at `seconds`: one bar, and the beats of its own bar
 * that came before. {before, isStrong}: seconds until the music, at the piece's own tempo.
 */
export function countIn(piece, seconds) {
  const clock = clockOf(piece.tempos);
  const index = Math.max(
    0,
    piece.bars.findLastIndex((bar) => clock(bar.start_tick) <= seconds + 1e-6),
  );
  const bar = piece.bars[index];
  if (!bar) return [];
  const whole = wholeBarTicks(piece.bars, index);
  const rate = clock(bar.start_tick + 1) - clock(bar.start_tick); // seconds a tick
  // A pick-up stands at the end of its bar.
  const missing = originOf(bar) > bar.start_tick ? whole - bar.duration_ticks : 0;
  const into = missing + Math.max(0, seconds - clock(bar.start_tick)) / rate;
  const clicks = [];
  for (let tick = -whole; tick < into - 1; tick += bar.beat_ticks) {
    clicks.push({ before: (into - tick) * rate, isStrong: modulo(tick, whole) === 0 });
  }
  return clicks;
}

function wholeBarTicks(bars, index) {
  const isPickup = originOf(bars[index]) > bars[index].start_tick;
  return (isPickup && bars[index + 1] ? bars[index + 1] : bars[index]).duration_ticks;
}

function clockOf(tempos) {
  const steps = tempos?.length ? tempos : [USUAL_TEMPO];
  return (tick) => {
    const step = steps.findLast((one) => one.start_tick <= tick) ?? steps[0];
    const { start_tick: start, start_seconds: seconds, qpm } = step;
    return seconds + (tick - start) * (60 / (qpm * TICKS_PER_QUARTER));
  };
}

function swing({ bars }, percent) {
  if (!percent) return (tick) => tick;
  const starts = bars.map((bar) => bar.start_tick);
  return (tick) => {
    const bar = bars[lastAtMost(starts, tick)];
    const pair = bar?.pair_ticks;
    if (!pair) return tick;
    const into = modulo(tick - originOf(bar), pair);
    if (into % (pair / 6) === 0 && into % (pair / 4) !== 0) return tick; // a triplet's
    const half = pair / 2;
    const long = half * (1 + percent / 300);
    if (into <= half) return tick - into + (into * long) / half;
    return tick - into + long + ((into - half) * (pair - long)) / half;
  };
}

function touchOf(piece, { humanise = 0, take = 0 }) {
  if (!humanise) {
    return { lateSeconds: () => 0, velocity: (_part, _index, note) => note.velocity };
  }
  const amount = humanise / 100;
  const starts = piece.bars.map((bar) => bar.start_tick);
  const middles = middlesOf(piece);
  return {
    lateSeconds(part, index, seconds) {
      const most = Math.min(MOST_LATE_SECONDS, seconds / 4);
      return amount * most * chance(take, part, index, 1);
    },
    velocity(part, index, note) {
      const contour = ((note.pitch - middles[part]) / 12) * CONTOUR;
      const louder =
        arch(piece, note.start_tick) +
        weight(piece.bars[lastAtMost(starts, note.start_tick)], note.start_tick) +
        Math.min(Math.max(contour, -MOST_CONTOUR), MOST_CONTOUR) +
        CHANCE * chance(take, part, index, 2);
      const velocity = Math.floor(note.velocity + amount * louder + 0.5);
      return Math.min(Math.max(velocity, 1), 127);
    },
  };
}

function middlesOf({ notes, parts }) {
  const sums = parts.map(() => [0, 0]);
  for (const { part, pitch } of notes) {
    sums[part][0] += pitch;
    sums[part][1] += 1;
  }
  return sums.map(([sum, count]) => sum / Math.max(1, count));
}

function arch({ phrases, notes }, tick) {
  const place = lastAtMost(phrases, tick);
  const start = phrases[place];
  const end = phrases[place + 1] ?? lastTick(notes);
  if (end <= start) return 0;
  const at = (tick - start) / (end - start);
  return ARCH * (4 * at * (1 - at) - 0.5);
}

const ends = new WeakMap(); // of the notes of a piece

function lastTick(notes) {
  if (!ends.has(notes)) {
    const most = (end, note) => Math.max(end, note.start_tick + note.duration_ticks);
    ends.set(notes, notes.reduce(most, 0));
  }
  return ends.get(notes);
}

function weight(bar, tick) {
  if (!bar) return 0;
  if (tick === originOf(bar)) return DOWNBEAT;
  return modulo(tick - originOf(bar), bar.beat_ticks) === 0 ? BEAT : OFF_BEAT;
}

function letGoInTime(played) {
  const struck = new Map();
  for (const note of [...played].reverse()) {
    const key = note.part * 128 + note.pitch;
    const again = struck.get(key);
    if (again !== undefined && note.start < again && again < note.end) note.end = again;
    struck.set(key, note.start);
  }
}

/** Between -1 and 1, and always the same for the same four numbers. */
export function chance(take, part, index, salt) {
  let value = mixed(take + 0x9e3779b9);
  for (const number of [part, index, salt]) value = mixed(value + number);
  return value / 2 ** 31 - 1;
}

function mixed(value) {
  value >>>= 0;
  value ^= value >>> 16;
  value = Math.imul(value, 0x7feb352d);
  value ^= value >>> 15;
  value = Math.imul(value, 0x846ca68b);
  return (value ^ (value >>> 16)) >>> 0;
}

const modulo = (a, b) => ((a % b) + b) % b;

/** The index of the last of `sorted` that is at most `value`; -1 if there is none. */
function lastAtMost(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function roundHalfEven(value) {
  const whole = Math.floor(value);
  const rest = value - whole;
  if (rest !== 0.5) return Math.round(value);
  return whole % 2 === 0 ? whole : whole + 1;
}
