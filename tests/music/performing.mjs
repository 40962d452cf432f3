// What static/js/performance_of.js makes of the pieces and desks given as JSON.

import { readFile } from "node:fs/promises";
import {
  audible,
  beatsOf,
  countIn,
  gainOf,
  performanceOf,
  usualPan,
} from "../../static/js/performance_of.js";

const cases = JSON.parse(await readFile(process.argv[2], "utf8"));
const answers = cases.map(({ piece, desk }) => ({
  notes: performanceOf(piece, desk),
  gains: desk.parts.map(gainOf),
  audible: audible(desk.parts),
  pans: piece.parts.map((part, index) =>
    usualPan(index, piece.parts.length, part.is_drum),
  ),
  beats: beatsOf(piece),
  countIn: countIn(piece, desk.from),
}));
process.stdout.write(JSON.stringify(answers));
