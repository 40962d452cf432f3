// <score-player data-notes data-worklet data-sounds data-renderings data-title [compact]>
//
// Plays a piece with real instruments. If the synthesizer cannot start it says why and
// offers the server's own recording. It tells whoever listens where the music is: the
// "scoretime" event has {seconds, isPlaying}, seconds of the score at its own tempo.

import { el, within } from "./dom.js";
import { Fallback } from "./fallback.js";
import { fetchPiece } from "./piece.js";
import * as controls from "./player_controls.js";
import { bankName, openSound, prefetchSound } from "./sound.js";

const SECONDS_TO_MOVE = 4; // sound that has not moved by then is not coming
const SECONDS_OF_SILENCE = 3; // notes that sound, and nothing heard
const INAUDIBLE = 1e-4;

let playing = null; // one player sounds at a time

class ScorePlayer extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.addresses = { worklet: this.dataset.worklet, sounds: this.dataset.sounds };
    this.isCompact = this.hasAttribute("compact");
    this.state = "idle"; // opening, playing, paused, failed
    this.seconds = 0;
    this.rate = 1;
    this.loudness = 0.8;
    this.#build();
    if (this.isCompact) {
      const prepare = () => this.#prepare();
      this.addEventListener("pointerenter", prepare, { once: true });
      this.addEventListener("focusin", prepare, { once: true });
    } else {
      this.#prepare();
    }
  }

  /** For measuring what is heard. Null until the sound is open. */
  get analyser() {
    return this.sound?.analyser ?? null;
  }

  get isPlaying() {
    return this.state === "playing";
  }

  #build() {
    this.button = controls.playButton(() => this.toggle());
    this.bar = controls.seekBar((fraction) => this.#seekTo(fraction));
    this.elapsed = el("span", { class: "player-time" }, "0:00");
    this.total = el("span", { class: "player-time" }, "");
    this.status = el("p", { class: "player-status", role: "status" });
    this.fallback = new Fallback(this.dataset.renderings, () => this.#tryAgain());
    this.desk = el("div", { class: "player-desk" });
    const main = el(
      "div",
      { class: "player-main" },
      this.button,
      this.elapsed,
      this.bar,
      this.total,
    );
    if (!this.isCompact) main.append(controls.volumeKnob((gain) => this.#louder(gain)));
    this.replaceChildren(main, this.desk, this.status, this.fallback.element);
    this.#show();
  }

  // The piece, and the files a click will need, before the click.
  #prepare() {
    this.ready ??= fetchPiece(this.dataset.notes).then((piece) => {
      if (!this.piece) this.#take(piece);
      return piece;
    });
    this.ready.catch((error) => {
      this.ready = null; // the click asks again
      this.#say(error.message);
    });
    return this.ready;
  }

  #take(piece) {
    this.piece = piece;
    const parts = piece.parts.length ? piece.parts : [{ program: 0, is_drum: false }];
    this.channels = parts.map((part) => ({
      program: part.program,
      isDrum: part.is_drum,
      isMuted: false,
    }));
    prefetchSound(this.addresses, new Set(this.channels.map(bankName)));
    if (!this.isCompact) this.#buildDesk(parts);
    this.#show();
  }

  #buildDesk(parts) {
    const instruments = el(
      "details",
      { class: "player-instruments" },
      el("summary", {}, parts.length > 1 ? "Instruments" : "Instrument"),
      controls.partControls(parts, {
        oninstrument: (part, program) => this.setInstrument(part, program),
        onmute: (part, isMuted) => this.#mute(part, isMuted),
      }),
    );
    this.desk.replaceChildren(
      controls.tempoKnob(this.piece.qpm, (rate) => this.setRate(rate)),
      controls.loopControls(this.piece.bars, (...choice) => this.#repeat(...choice)),
      instruments,
    );
  }

  // What people do ---------------------------------------------------------------------

  toggle() {
    if (this.state === "opening") return undefined;
    const isSounding = this.recording ? !this.recording.paused : this.isPlaying;
    return isSounding ? this.pause() : this.play();
  }

  async play() {
    if (this.recording) return this.recording.play();
    if (playing && playing !== this) playing.pause();
    playing = this;
    this.#setState("opening");
    try {
      await this.#open();
      if (playing !== this) return this.#setState("paused"); // another was quicker
      this.sound.tell("play");
      this.#setState("playing");
      this.#watch();
    } catch (error) {
      this.#fail(error.message);
    }
    return undefined;
  }

  pause() {
    this.recording?.pause();
    if (this.isPlaying) this.sound?.tell("pause");
    if (this.state !== "failed") this.#setState("paused");
  }

  seek(seconds) {
    const { duration } = this.piece ?? { duration: 0 };
    this.seconds = Math.min(Math.max(0, seconds), duration);
    if (this.recording) this.recording.currentTime = this.seconds;
    else if (this.#holdsSound) this.sound.tell("seek", { position: this.seconds });
    this.#show();
  }

  setRate(rate) {
    this.rate = rate;
    if (this.recording) this.recording.playbackRate = rate;
    else if (this.#holdsSound) this.sound.tell("tempo", { rate });
    this.#show();
  }

  async setInstrument(part, program) {
    this.channels[part].program = program;
    if (!this.sound) return;
    try {
      await this.sound.loadBanks([bankName(this.channels[part])]);
      if (this.#holdsSound) {
        this.sound.tell("instrument", { channel: part, program });
        if (!this.isPlaying) this.sound.tell("warm");
      }
      this.#say("");
    } catch (error) {
      this.#say(`${error.message} The music goes on with the instrument before.`);
    }
  }

  /** Sounds one note now, as its part sounds. Music that plays goes on. */
  audition(part, pitch, seconds = 0.5, velocity = 80) {
    return this.auditionNotes([{ part, pitch, velocity, start: 0, duration: seconds }]);
  }

  /** Sounds `notes` now: {part, pitch, velocity, start, duration}, in seconds. */
  async auditionNotes(notes) {
    if (playing && playing !== this) playing.pause();
    try {
      await this.#open();
      const told = notes.map(({ part, ...note }) => ({ ...note, channel: part }));
      this.sound.tell("audition", { notes: told });
    } catch (error) {
      this.#say(error.message);
    }
  }

  /** Plays `piece` from now on, where the music is: notes that are being edited. */
  async takeNotes(piece) {
    await this.#prepare();
    this.piece = piece;
    this.seconds = Math.min(this.seconds, piece.duration);
    this.#show();
    if (!this.#holdsSound) return;
    await this.#putOnStand();
    if (this.isPlaying) this.sound.tell("play");
  }

  #mute(part, isMuted) {
    this.channels[part].isMuted = isMuted;
    if (this.#holdsSound) this.sound.tell("mute", { channel: part, isMuted });
  }

  #louder(gain) {
    this.loudness = gain;
    if (this.recording) this.recording.volume = gain;
    if (this.#holdsSound) this.#setVolume();
    this.#say(gain === 0 ? "The volume is at zero." : "");
  }

  #setVolume() {
    // The ear hears loudness about as the square of the knob.
    const { volume, context } = this.sound;
    volume.gain.setTargetAtTime((this.loudness / 0.8) ** 2, context.currentTime, 0.01);
  }

  #repeat(isOn, first, last) {
    const { bars, duration } = this.piece;
    this.loop = null;
    if (isOn) {
      const start = bars[first]?.start_seconds ?? 0;
      const end = Math.min(bars[last]?.end_seconds ?? duration, duration);
      this.loop = { start, end };
      if (this.seconds < start || this.seconds >= end) this.seek(start);
    }
    if (this.recording) this.recording.loop = isOn;
    if (this.#holdsSound) this.sound.tell("repeat", { loop: this.loop });
  }

  #seekTo(fraction) {
    if (this.piece) this.seek(fraction * this.piece.duration);
  }

  // The synthesizer --------------------------------------------------------------------

  get #holdsSound() {
    return this.sound?.holder === this;
  }

  async #open() {
    const slow = setTimeout(() => this.#say("Fetching the instruments…"), 400);
    try {
      const [, sound] = await Promise.all([this.#prepare(), openSound(this.addresses)]);
      this.sound = sound;
      this.#listen();
      await within(5, sound.context.resume(), "The browser is holding its sound back.");
      if (!this.#holdsSound) await this.#putOnStand();
      this.#say("");
    } finally {
      clearTimeout(slow);
    }
  }

  #listen() {
    if (this.listens) return;
    this.listens = true;
    this.sound.addEventListener("place", ({ detail }) => {
      if (!this.#holdsSound) return;
      if (detail.isEnd) this.#ended();
      else if (!detail.isPlaying && !this.isPlaying) this.seconds = detail.position;
    });
    this.sound.addEventListener("fault", ({ detail }) => {
      if (this.#holdsSound) this.#fail(detail);
    });
  }

  async #putOnStand() {
    const { sound, piece } = this;
    await sound.loadBanks(this.channels.map(bankName));
    sound.holder = this;
    await sound.ask("load", {
      notes: piece.notes.map((note) => ({
        channel: note.part,
        pitch: note.pitch,
        velocity: note.velocity,
        start: note.start_seconds,
        duration: note.duration_seconds,
      })),
      channels: this.channels,
      duration: piece.duration,
      position: this.seconds,
    });
    await sound.ask("warm");
    sound.tell("tempo", { rate: this.rate });
    sound.tell("repeat", { loop: this.loop ?? null });
    this.#setVolume();
  }

  #ended() {
    this.seconds = 0;
    this.sound.tell("seek", { position: 0 });
    this.#setState("paused");
  }

  // Once a frame while the music plays: where are we, and is anything to be heard?
  #watch() {
    const started = performance.now();
    const from = this.sound.position;
    let heardAt = started;
    let lookedAt = started;
    let hasMoved = false;
    const look = () => {
      if (!this.isPlaying || !this.#holdsSound) return;
      const now = performance.now();
      if (now - lookedAt > 1000) heardAt = now; // the page was out of sight
      lookedAt = now;
      if (this.sound.position !== from) hasMoved = true;
      if (!this.#notesSound() || this.sound.level > INAUDIBLE || this.loudness === 0) {
        heardAt = now;
      }
      if (this.sound.context.state !== "running") {
        this.pause();
        this.#say("The device took its sound away. Press Play to go on.");
      } else if (!hasMoved && now - started > SECONDS_TO_MOVE * 1000) {
        this.#fail("This device lets no sound out.");
      } else if (now - heardAt > SECONDS_OF_SILENCE * 1000) {
        this.#fail("The synthesizer plays, but nothing is to be heard.");
      } else {
        this.seconds = Math.min(this.sound.position, this.piece.duration);
        this.#show();
        requestAnimationFrame(look);
      }
    };
    requestAnimationFrame(look);
  }

  #notesSound() {
    return this.piece.notes.some(
      ({ part, start_seconds: start, duration_seconds: duration }) =>
        !this.channels[part]?.isMuted &&
        start <= this.seconds &&
        this.seconds < start + duration,
    );
  }

  // Without the synthesizer --------------------------------------------------------------

  async #fail(why) {
    if (this.state === "failed") return;
    if (this.#holdsSound) this.sound.tell("pause");
    this.#setState("failed");
    this.#say("");
    const audio = await this.fallback.show(why);
    if (audio && this.state === "failed") this.#takeOver(audio);
  }

  #takeOver(audio) {
    audio.volume = this.loudness;
    audio.playbackRate = this.rate;
    audio.currentTime = this.seconds;
    const follow = () => {
      this.seconds = audio.currentTime;
      this.#show(!audio.paused);
      if (!audio.paused) requestAnimationFrame(follow);
    };
    audio.addEventListener("play", () => {
      if (playing && playing !== this) playing.pause();
      playing = this;
      follow();
    });
    for (const change of ["pause", "seeked", "ended"]) {
      audio.addEventListener(change, follow);
    }
    this.recording = audio;
  }

  #tryAgain() {
    this.recording?.pause();
    this.recording = null;
    this.fallback.hide();
    this.#setState("paused");
    this.play();
  }

  // What is seen -------------------------------------------------------------------------

  #setState(state) {
    this.state = state;
    this.dataset.state = state;
    this.#show();
  }

  #say(sentence) {
    this.status.textContent = sentence;
  }

  #show(isPlaying = this.isPlaying) {
    const duration = this.piece?.duration ?? Number(this.dataset.seconds ?? 0);
    controls.showPlaying(this.button, {
      isPlaying,
      isOpening: this.state === "opening",
      title: this.dataset.title,
    });
    controls.showPlace(
      this.bar,
      this.elapsed,
      this.total,
      this.seconds / this.rate,
      duration / this.rate,
    );
    const detail = { seconds: this.seconds, duration, isPlaying };
    this.dispatchEvent(new CustomEvent("scoretime", { detail, bubbles: true }));
  }
}

window.addEventListener("pagehide", () => playing?.pause());

customElements.define("score-player", ScorePlayer);
