// <score-player data-notes data-worklet data-sounds data-renderings data-title
//   [data-sound] [data-main] [compact]>
//
// Plays a piece with real instruments, as its desk is set. If the synthesizer cannot start
// it says why and offers the server's own recording. It tells whoever listens where the
// music is: the "scoretime" event has {seconds, isPlaying}, seconds of the score at its own
// tempo; and for whom the score is to be written: "writtenfor" has {reader, semitones}.

import { Desk } from "./desk.js";
import { TEMPO, toldOf, wholeDesk } from "./desk_state.js";
import { el, within } from "./dom.js";
import { Fallback } from "./fallback.js";
import { KeptSound } from "./kept_sound.js";
import { countIn } from "./performance_of.js";
import { playableOf } from "./performer.js";
import { fetchPiece, readTransposed } from "./piece.js";
import * as controls from "./player_controls.js";
import { Recording } from "./recording.js";
import { bankName, openSound, prefetchSound } from "./sound.js";
import { Stand } from "./stand.js";
import { watch } from "./watching.js";

let playing = null; // one player sounds at a time

class ScorePlayer extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.addresses = { worklet: this.dataset.worklet, sounds: this.dataset.sounds };
    this.isCompact = this.hasAttribute("compact");
    this.state = "idle"; // opening, playing, paused, failed
    this.seconds = 0;
    this.loudness = 0.8;
    this.setting = wholeDesk();
    this.parts = [];
    this.stand = new Stand(this, (why) => this.#say(why));
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

  /** How fast it plays, 1 being the piece's own tempo. */
  get rate() {
    return this.setting.tempo / 100;
  }

  get loop() {
    return this.desk?.loop.loop ?? null;
  }

  #build() {
    this.button = controls.playButton(() => this.toggle());
    this.bar = controls.seekBar((fraction) => this.#seekTo(fraction));
    this.elapsed = el("span", { class: "player-time" }, "0:00");
    this.total = el("span", { class: "player-time" }, "");
    this.status = el("p", { class: "player-status", role: "status" });
    this.fallback = new Fallback(this.dataset.renderings, () => this.#tryAgain());
    const main = el(
      "div",
      { class: "player-main" },
      this.button,
      this.elapsed,
      this.bar,
      this.total,
    );
    if (!this.isCompact) main.append(controls.volumeKnob((gain) => this.#louder(gain)));
    this.replaceChildren(main, this.status, this.fallback.element);
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
    this.parts = piece.parts.length ? piece.parts : [{ program: 0, is_drum: false }];
    const told = piece.data.sound ?? {};
    this.recordedRate = (told.tempo ?? 100) / 100;
    if (this.isCompact) {
      this.setting = wholeDesk(told, this.parts.length);
    } else {
      this.kept = new KeptSound(this.dataset.sound, this.dataset.notes, (why) =>
        this.#say(why),
      );
      this.setting = wholeDesk(this.kept.read(told), this.parts.length);
      this.#buildDesk();
    }
    prefetchSound(this.addresses, new Set(this.stand.channels.map(bankName)));
    this.#show();
  }

  #buildDesk() {
    this.desk = new Desk(this, playableOf(this.piece, this.parts));
    this.desk.show(this.setting);
    this.status.before(this.desk.element);
    this.addEventListener("barselect", (event) => this.#chosen(event));
    for (const drawing of document.querySelectorAll(`[player="${this.id}"]`)) {
      drawing.addEventListener("barselect", (event) => this.#chosen(event));
    }
    if (this.setting.written_for !== "concert") this.#tellReader();
  }

  // The desk ---------------------------------------------------------------------------

  /** Sets knobs: swing, tempo, metronome and the others of desk_state.js. */
  set(values) {
    this.setAll({ ...this.setting, ...values });
  }

  setPart(index, values) {
    const parts = this.setting.parts.map((part, place) =>
      place === index ? { ...part, ...values } : part,
    );
    this.setAll({ ...this.setting, parts });
  }

  setAll(desk, { isKept = true } = {}) {
    const before = this.setting;
    this.setting = desk;
    this.recording?.setRate(this.rate);
    this.stand.change(before, desk);
    if (desk.written_for !== before.written_for) this.#tellReader();
    this.desk?.show(desk);
    if (isKept) this.kept?.keep(toldOf(desk));
    this.#show();
  }

  flip(knob) {
    this.set({ [knob]: !this.setting[knob] });
    const name = { metronome: "Metronome", count_in: "Count-in" }[knob];
    this.#say(`${name} ${this.setting[knob] ? "on" : "off"}.`);
  }

  hurry(percent) {
    const tempo = this.setting.tempo + percent;
    this.set({ tempo: Math.min(Math.max(tempo, TEMPO.least), TEMPO.most) });
  }

  loopEnd(which) {
    if (which === "A") this.desk?.loop.setStart(this.seconds);
    else this.desk?.loop.setEnd(this.seconds);
  }

  /** Repeats {start, end}; null ends it. */
  repeat(loop) {
    const { seconds } = this;
    if (loop && (seconds < loop.start || seconds >= loop.end)) this.seek(loop.start);
    this.recording?.repeat(Boolean(loop));
    if (!loop) this.grow(null);
    this.stand.tell("repeat", { loop });
  }

  /** Starts at `from` percent and grows by `step` each round up to `to`; null ends it. */
  grow(growth) {
    this.growth = growth;
    if (!growth) this.desk?.practice.stop();
    else {
      if (!this.loop) this.desk.loop.toggle(true);
      this.setAll({ ...this.setting, tempo: growth.from }, { isKept: false });
    }
    this.stand.tellGrowth(growth);
  }

  // Bars that someone selects are what the loop repeats, at once if it is on.
  #chosen({ detail }) {
    if (!this.desk || detail.start_seconds === null) return;
    const { loop } = this.desk;
    loop.setRange(detail.start_seconds, detail.end_seconds, loop.isOn);
  }

  #tellReader() {
    const reader = this.setting.written_for;
    const semitones = this.piece.data.written?.[reader] ?? 0;
    readTransposed(semitones);
    const detail = { reader, semitones };
    this.dispatchEvent(new CustomEvent("writtenfor", { detail, bubbles: true }));
  }

  // What people do ---------------------------------------------------------------------

  toggle() {
    if (this.state === "opening") return undefined;
    const isSounding = this.recording ? this.recording.isPlaying : this.isPlaying;
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
      this.stand.tell("play", { lead: this.#lead() });
      this.#setState("playing");
      this.#watch();
    } catch (error) {
      this.#fail(error.message);
    }
    return undefined;
  }

  pause() {
    this.recording?.pause();
    if (this.isPlaying) this.stand.tell("pause");
    if (this.state !== "failed") this.#setState("paused");
  }

  seek(seconds) {
    const { duration } = this.piece ?? { duration: 0 };
    this.seconds = Math.min(Math.max(0, seconds), duration);
    if (this.recording) this.recording.seek(this.seconds);
    else this.stand.tell("seek", { position: this.seconds });
    this.#show();
  }

  /** A bar on (1) or back (-1); a second where no bars are known. */
  step(direction) {
    if (this.piece) this.seek(this.piece.barFrom(this.seconds, direction));
  }

  #lead() {
    if (this.isCompact || !this.setting.count_in) return [];
    return countIn(playableOf(this.piece, this.parts), this.seconds);
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
      this.stand.tell("audition", { notes: told });
    } catch (error) {
      this.#say(error.message);
    }
  }

  /** Plays `piece` from now on, where the music is: notes that are being edited. */
  async takeNotes(piece) {
    await this.#prepare().catch(() => {}); // it has said why
    this.piece = piece;
    this.seconds = Math.min(this.seconds, piece.duration);
    this.#show();
    if (!this.stand.isHeld) return;
    try {
      await this.stand.put();
      if (this.isPlaying) this.stand.tell("play");
    } catch (error) {
      this.#fail(error.message);
    }
  }

  #louder(gain) {
    this.loudness = gain;
    this.recording?.setVolume(gain);
    this.stand.setVolume();
    this.#say(gain === 0 ? "The volume is at zero." : "");
  }

  #seekTo(fraction) {
    if (this.piece) this.seek(fraction * this.piece.duration);
  }

  // The synthesizer --------------------------------------------------------------------

  async #open() {
    const slow = setTimeout(() => this.#say("Fetching the instruments…"), 400);
    try {
      const [, sound] = await Promise.all([this.#prepare(), openSound(this.addresses)]);
      if (!this.sound) this.#listen(sound);
      this.sound = sound;
      await within(5, sound.context.resume(), "The browser is holding its sound back.");
      await this.stand.take(sound);
      this.#say("");
    } finally {
      clearTimeout(slow);
    }
  }

  #listen(sound) {
    sound.addEventListener("place", ({ detail }) => {
      if (!this.stand.isHeld) return;
      if (detail.isEnd) this.#ended();
      else if (!detail.isPlaying && !this.isPlaying) this.seconds = detail.position;
      else if (this.growth) this.#grown(Math.round(detail.rate * 100));
    });
    sound.addEventListener("fault", ({ detail }) => {
      if (this.stand.isHeld) this.#fail(detail);
    });
  }

  // The loop has come round, and goes faster.
  #grown(tempo) {
    if (tempo === this.setting.tempo) return;
    this.setting = { ...this.setting, tempo };
    this.desk.show(this.setting);
  }

  #watch() {
    watch(this.sound, {
      goesOn: () => this.isPlaying && this.stand.isHeld,
      expectsSound: () => this.loudness > 0 && this.stand.soundsAt(this.seconds),
      onmove: () => {
        this.seconds = Math.min(this.sound.position, this.piece.duration);
        this.#show();
      },
      onlost: (why) => {
        this.pause();
        this.#say(why);
      },
      onsilence: (why) => this.#fail(why),
    });
  }

  #ended() {
    this.seconds = 0;
    this.stand.tell("seek", { position: 0 });
    this.#setState("paused");
  }

  // Without the synthesizer --------------------------------------------------------------

  async #fail(why) {
    if (this.state === "failed") return;
    this.stand.tell("pause");
    this.#setState("failed");
    this.#say("");
    const audio = await this.fallback.show(why);
    if (audio && this.state === "failed") this.#takeOver(audio);
  }

  #takeOver(audio) {
    const recording = new Recording(audio, {
      recordedRate: this.recordedRate,
      onplay: () => {
        if (playing && playing !== this) playing.pause();
        playing = this;
      },
      onmove: (seconds, isPlaying) => {
        this.seconds = seconds;
        this.#show(isPlaying);
      },
      ontrouble: (why) => this.#say(why),
    });
    recording.setVolume(this.loudness);
    recording.setRate(this.rate);
    recording.seek(this.seconds);
    this.recording = recording;
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
