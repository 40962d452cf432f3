// Selecting bars on the roll: along the bar numbers always, anywhere in "select" mode.
//
// A mouse or a pen drags. A finger scrolls, so it taps instead: one bar, then the bar up to
// which the selection should reach.

/** Reads pointers on the roll as selections of bars. Only asked, never listening. */
export class BarPointer {
  constructor(roll, drawing, selection) {
    Object.assign(this, { roll, drawing, selection });
    this.isSelecting = false; // the mode
    this.isDragging = false;
  }

  /** Whether a pointer at `point` is about bars. */
  wants(point) {
    return this.isSelecting || this.drawing.isOnRuler(point);
  }

  down(point, event) {
    if (event.pointerType === "touch") return; // see `tap`
    const { number } = this.drawing.barAt(point) ?? {};
    if (number === undefined) return;
    const { first, last } = this.selection;
    this.isDragging = true;
    this.hasMoved = false;
    this.wasAlone = first === number && last === number && !event.shiftKey;
    if (event.shiftKey) this.selection.extendTo(number, this.roll);
    else this.selection.choose(number, number, this.roll);
  }

  move(point) {
    if (!this.isDragging) return;
    const { number } = this.drawing.barAt(point);
    if (number !== this.selection.anchor) this.hasMoved = true;
    this.selection.extendTo(number, this.roll);
    this.#turnAtEdges(point.x);
  }

  // A click on the one bar that is selected lets it go.
  up() {
    if (this.isDragging && this.wasAlone && !this.hasMoved) {
      this.selection.clear(this.roll);
    }
    this.isDragging = false;
  }

  tap(point) {
    const { number } = this.drawing.barAt(point) ?? {};
    if (number === undefined) return;
    const { first, last } = this.selection;
    if (first !== null && first === last && number !== first) {
      this.selection.extendTo(number, this.roll);
    } else if (first === number && last === number) {
      this.selection.clear(this.roll);
    } else {
      this.selection.choose(number, number, this.roll);
    }
  }

  #turnAtEdges(x) {
    const { scroller, width } = this.drawing;
    if (x > width - 24) scroller.scrollLeft += 24;
    if (x < 24) scroller.scrollLeft -= 24;
  }
}
