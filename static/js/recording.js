// The server's recording, in the place of a synthesizer that does not play. What it tells
// and takes are seconds of the score at its own tempo, as everywhere in a player.

export class Recording {
  /** `recordedRate` is the tempo it was recorded at, 1 being the piece's own. */
  constructor(audio, { recordedRate, onplay, onmove, ontrouble }) {
    Object.assign(this, { audio, recordedRate, ontrouble });
    const follow = () => {
      onmove(this.seconds, this.isPlaying);
      if (this.isPlaying) requestAnimationFrame(follow);
    };
    audio.addEventListener("play", () => {
      onplay();
      follow();
    });
    for (const change of ["pause", "seeked", "ended"]) {
      audio.addEventListener(change, follow);
    }
  }

  get seconds() {
    return this.audio.currentTime * this.recordedRate;
  }

  get isPlaying() {
    return !this.audio.paused;
  }

  async play() {
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.ontrouble("The recording does not play.");
    }
  }

  pause() {
    this.audio.pause();
  }

  seek(seconds) {
    this.audio.currentTime = seconds / this.recordedRate;
  }

  setRate(rate) {
    this.audio.playbackRate = rate / this.recordedRate;
  }

  setVolume(gain) {
    this.audio.volume = gain;
  }

  /** Over and over as a whole: bars in it are not known. */
  repeat(isOn) {
    this.audio.loop = isOn;
  }
}
