// What hands played between Record and Stop: keys that went down and up.

import { quantized } from "./quantizing.js";

/** A take. Times are seconds from its first bar line. */
export class Take {
  constructor({ qpm, metre, grid }) {
    Object.assign(this, { qpm, metre, grid });
    this.hands = [];
    this.held = new Map(); // pitch: what holds it
  }

  get isEmpty() {
    return this.hands.length === 0;
  }

  strike(pitch, velocity, seconds) {
    this.letGo(pitch, seconds); // struck again before it was let go
    const hand = { pitch, velocity, on: seconds, off: null };
    this.hands.push(hand);
    this.held.set(pitch, hand);
  }

  letGo(pitch, seconds) {
    const hand = this.held.get(pitch);
    if (!hand) return;
    hand.off = Math.max(seconds, hand.on);
    this.held.delete(pitch);
  }

  letAllGo(seconds) {
    for (const pitch of [...this.held.keys()]) this.letGo(pitch, seconds);
  }

  undo() {
    const hand = this.hands.pop();
    if (hand && this.held.get(hand.pitch) === hand) this.held.delete(hand.pitch);
  }

  written(now = 0) {
    return quantized(this.hands, { ...this, now });
  }
}
