// What is set on the desk of a piece: the same names and bounds as in
// training/music/desk.py, which keeps it. Here every value is there; told, only those that
// are not as usual.

export const USUAL = {
  tempo: 100,
  swing: 0,
  humanise: 0,
  take: 0,
  written_for: "concert",
  sounds_written: false,
  count_in: false,
  metronome: false,
};
export const USUAL_PART = {
  program: null,
  level: 80,
  pan: null,
  is_muted: false,
  is_solo: false,
};
export const TEMPO = { least: 30, most: 200 };

/** The whole desk of a piece with so many parts, from what was told of it. */
export function wholeDesk(told = {}, count = 1) {
  const parts = Array.from({ length: count }, (_, index) => ({
    ...USUAL_PART,
    ...told.parts?.[index],
  }));
  return { ...USUAL, ...told, parts };
}

/** What of `desk` is not as usual; `{}` when nobody has touched it. */
export function toldOf({ parts, ...values }) {
  const told = unusual(values, USUAL);
  const rows = parts.map((part) => unusual(part, USUAL_PART));
  while (rows.length && !Object.keys(rows.at(-1)).length) rows.pop();
  return rows.length ? { ...told, parts: rows } : told;
}

/** The part of `told` that recordings hold, for comparing. */
export function recordedOf({ count_in, metronome, written_for, ...told }) {
  return JSON.stringify(told.sounds_written ? { ...told, written_for } : told);
}

function unusual(values, usual) {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => value !== usual[name]),
  );
}
