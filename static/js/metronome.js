// A metronome on the sound's own clock, a little ahead of time.

const AHEAD_SECONDS = 0.25;
const LOOK_EVERY_MS = 60;
const CLICK_SECONDS = 0.05;
const PITCHES = { bar: 1760, beat: 1175 }; // hertz

export class Metronome {
  /** `sound` may be null: then only `onbeat` is told. */
  constructor(sound, onbeat = () => {}) {
    this.sound = sound;
    this.onbeat = onbeat;
  }

  /**
   * Clicks on every beat from `startMs` on, by the page's clock. `beats` make a bar, and
   * each lasts `beatSeconds`.
   */
  start({ startMs, beats, beatSeconds, isHeard = () => true }) {
    this.stop();
    let next = 0;
    const look = () => {
      const now = performance.now();
      for (;;) {
        const atMs = startMs + next * beatSeconds * 1000;
        if (atMs > now + AHEAD_SECONDS * 1000) return;
        const isBar = next % beats === 0;
        if (isHeard() && atMs > now - 100) this.#click(atMs, isBar);
        const told = { number: next, inBar: (next % beats) + 1, isBar };
        this.waiting.add(
          setTimeout(() => this.onbeat(told), Math.max(0, atMs - now)),
        );
        next += 1;
      }
    };
    this.waiting = new Set();
    this.timer = setInterval(look, LOOK_EVERY_MS);
    look();
  }

  stop() {
    clearInterval(this.timer);
    for (const beat of this.waiting ?? []) clearTimeout(beat);
    for (const click of this.clicks ?? []) click.stop();
    this.clicks = new Set();
  }

  #click(atMs, isBar) {
    if (!this.sound) return;
    const { context, volume } = this.sound;
    const at = Math.max(context.currentTime, this.sound.contextTimeAt(atMs));
    const tone = new OscillatorNode(context, {
      frequency: isBar ? PITCHES.bar : PITCHES.beat,
    });
    const fade = new GainNode(context, { gain: 0 });
    fade.gain.setValueAtTime(isBar ? 0.5 : 0.3, at);
    fade.gain.exponentialRampToValueAtTime(0.001, at + CLICK_SECONDS);
    tone.connect(fade).connect(volume);
    tone.start(at);
    tone.stop(at + CLICK_SECONDS);
    this.clicks.add(tone);
    tone.onended = () => this.clicks.delete(tone);
  }
}
