// What the synthesizer is told of a piece, as its desk is set.

import { audible, gainOf, performanceOf, usualPan } from "./performance_of.js";

/** What performance_of.js needs of `piece`, edited by hand or not. */
export function playableOf(piece, parts) {
  const { notes, bars, qpm, duration, data } = piece;
  const { tempos, phrases = [0] } = data ?? {};
  return { notes, bars, qpm, duration, tempos, phrases, parts, written: data?.written };
}

/** {program, isDrum, gain, pan} of every part. */
export function channelsOf(parts, desk) {
  const heard = audible(desk.parts);
  return parts.map((part, index) => {
    const strip = desk.parts[index] ?? {};
    const stands = usualPan(index, parts.length, part.is_drum);
    return {
      program: part.is_drum ? part.program : (strip.program ?? part.program),
      isDrum: part.is_drum,
      gain: (heard[index] ?? true) ? gainOf(strip) : 0,
      pan: strip.pan ?? stands,
    };
  });
}

/** The notes as they sound: {part, pitch, velocity, start, end}. */
export function notesOf(playable, desk) {
  return performanceOf(playable, { ...desk, semitones: semitonesOf(playable, desk) });
}

function semitonesOf({ written }, { sounds_written, written_for }) {
  return sounds_written ? (written?.[written_for] ?? 0) : 0;
}

const SHAPES = ["swing", "humanise", "take", "sounds_written", "written_for"];

/** Whether the notes sound otherwise on one desk than on the other. */
export const differ = (one, other) => SHAPES.some((name) => one[name] !== other[name]);
