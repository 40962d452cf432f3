// The bars of an engraved score: where they lie, and a tint behind those selected.

const SVG = "http://www.w3.org/2000/svg";
const ROOM = 0.45; // of a staff's height, above and below a bar

export class BarTints {
  constructor(paper) {
    this.paper = paper;
    this.measures = [];
  }

  /** Finds the bars again: the score was engraved anew. */
  learn() {
    this.measures = [...this.paper.querySelectorAll("g.measure")];
  }

  /** The number in the score, from 0, of the bar at a place in the window; or -1. */
  placeAt({ clientX, clientY }) {
    return this.measures.findIndex((measure) => {
      const box = boxOf(measure);
      if (!box) return false;
      const { left, right, top, bottom, room } = box;
      const isAcross = left <= clientX && clientX <= right;
      return isAcross && top - room <= clientY && clientY <= bottom + room;
    });
  }

  show(selection) {
    this.measures.forEach((measure, place) => {
      const isSelected = selection.has(selection.bars[place]?.number ?? -1);
      const old = measure.querySelector(":scope > .bar-tint");
      if (isSelected && !old) this.#tint(measure);
      if (!isSelected) old?.remove();
    });
  }

  #tint(measure) {
    const lines = staves(measure).map((line) => line.getBBox());
    if (!lines.length) return;
    const [first, second] = lines;
    const bottom = Math.max(...lines.map((line) => line.y + line.height));
    const room = (second.y - first.y) * ROOM;
    const rect = document.createElementNS(SVG, "rect");
    rect.setAttribute("class", "bar-tint");
    rect.setAttribute("x", first.x);
    rect.setAttribute("y", first.y - room);
    rect.setAttribute("width", first.width);
    rect.setAttribute("height", bottom - first.y + 2 * room);
    measure.prepend(rect);
  }
}

// Of each staff its top and bottom line: notes, words and slurs reach further.
function staves(measure) {
  return [...measure.querySelectorAll(":scope > .staff")].flatMap((staff) => {
    const lines = [...staff.querySelectorAll(":scope > path")];
    return lines.length ? [lines[0], lines.at(-1)] : [];
  });
}

function boxOf(measure) {
  const boxes = staves(measure).map((line) => line.getBoundingClientRect());
  if (!boxes.length) return null;
  return {
    left: boxes[0].left,
    right: boxes[0].right,
    top: Math.min(...boxes.map((box) => box.top)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
    room: (boxes[1].top - boxes[0].top) * ROOM,
  };
}
