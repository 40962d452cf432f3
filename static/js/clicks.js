// The metronome's clicks, made of a few milliseconds of sine: nothing to fetch.

const SECONDS = 0.05;
const [STRONG_HERTZ, WEAK_HERTZ] = [1760, 1175];
const [STRONG_GAIN, WEAK_GAIN] = [0.32, 0.2];

export class Clicks {
  constructor(sampleRate) {
    this.length = Math.round(SECONDS * sampleRate);
    this.strong = burst(STRONG_HERTZ, STRONG_GAIN, this.length, sampleRate);
    this.weak = burst(WEAK_HERTZ, WEAK_GAIN, this.length, sampleRate);
    this.stop();
  }

  stop() {
    this.sound = null;
    this.place = 0;
  }

  strike(isStrong) {
    this.sound = isStrong ? this.strong : this.weak;
    this.place = 0;
  }

  /** Adds what sounds to `frames` frames of both channels. */
  mix(left, right, from, frames) {
    if (!this.sound) return;
    const count = Math.min(frames, this.length - this.place);
    for (let i = 0; i < count; i += 1) {
      const sample = this.sound[this.place + i];
      left[from + i] += sample;
      if (right !== left) right[from + i] += sample;
    }
    this.place += count;
    if (this.place >= this.length) this.stop();
  }
}

function burst(hertz, gain, length, sampleRate) {
  const turn = (2 * Math.PI * hertz) / sampleRate;
  return Float32Array.from(
    { length },
    (_, i) => gain * Math.sin(turn * i) * Math.exp((-7 * i) / length),
  );
}
