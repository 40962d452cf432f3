// <melody-recorder data-worklet data-sounds data-most-notes data-most-bars>
//
// Plays what hands do on the piano of the page, the computer's keys and MIDI keyboards,
// records it in time with a metronome, and writes it down as it goes. Its fields and
// buttons stand in the page; "Keep it" sends the notes as a form.

import { lettersOfKeys, playOnComputerKeys } from "./computer_keys.js";
import { Metronome } from "./metronome.js";
import { listenToMidi } from "./midi_keyboard.js";
import { pitchName } from "./piece.js";
import { asSent, barsOf, barTicks, beatTicks, secondsOf, ticksOf } from "./quantizing.js";
import { openLiveSound, prefetchSound } from "./sound.js";
import { Take } from "./take.js";
import "./melody_roll.js";
import "./piano_keys.js";

const INSTRUMENT = { program: 0, isDrum: false, isMuted: false };
const BANK = "000";
const BEFORE_FIRST_BEAT_MS = 250;
const COMPUTER_VELOCITY = 80;
const LOWEST_BASE = 24;
const HIGHEST_BASE = 84;
const NAMES_SHOWN = 32;

class MelodyRecorder extends HTMLElement {
  connectedCallback() {
    if (this.verbs) return;
    this.addresses = { worklet: this.dataset.worklet, sounds: this.dataset.sounds };
    this.verbs = this.#named("verb");
    this.fields = this.#named("set");
    this.piano = this.querySelector("piano-keys");
    this.roll = this.querySelector("melody-roll");
    this.status = this.querySelector(".recorder-status");
    this.names = this.querySelector(".recorder-notes");
    this.beat = this.querySelector(".recorder-beat");
    this.form = this.querySelector("form[data-keep]");
    this.hidden = false;
    this.state = "idle"; // opening, waiting, recording, playing
    this.base = 60;
    this.take = new Take(this.settings);
    this.#listen();
    this.#show();
    prefetchSound(this.addresses, [BANK]);
  }

  /** For measuring what is heard. Null until the sound is open. */
  get analyser() {
    return this.sound?.analyser ?? null;
  }

  get settings() {
    const { qpm, metre, grid } = this.fields;
    const asked = Number(qpm.value);
    return {
      qpm: qpm.validity.valid && asked ? asked : 90,
      metre: metre.value.split("/").map(Number),
      grid: Number(grid.value),
    };
  }

  /** Seconds from the first bar line to `ms` of the page's clock. */
  secondsAt(ms) {
    return (ms - this.startMs) / 1000;
  }

  #named(kind) {
    const found = this.querySelectorAll(`[data-${kind}]`);
    return Object.fromEntries([...found].map((part) => [part.dataset[kind], part]));
  }

  #listen() {
    const { record, listen, undo, clear, octaveDown, octaveUp, midi } = this.verbs;
    record.addEventListener("click", () => this.#recordOrStop());
    listen.addEventListener("click", () => this.#listenOrStop());
    undo.addEventListener("click", () => this.#undo());
    clear.addEventListener("click", () => this.#clear());
    octaveDown.addEventListener("click", () => this.#shift(-1));
    octaveUp.addEventListener("click", () => this.#shift(1));
    midi.addEventListener("click", () => this.#connectMidi());
    for (const name of ["qpm", "metre", "grid"]) {
      this.fields[name].addEventListener("change", () => this.#writeAnew());
    }
    this.piano.addEventListener("strike", ({ detail }) =>
      this.strike(detail.pitch, detail.velocity, detail.time),
    );
    this.piano.addEventListener("letgo", ({ detail }) =>
      this.letGo(detail.pitch, detail.time),
    );
    playOnComputerKeys({
      strike: (step, time) => this.strike(this.#pressed(step), COMPUTER_VELOCITY, time),
      letGo: (step, time) => this.letGo(this.#let(step), time),
      shift: (octaves) => this.#shift(octaves),
    });
    lettersOfKeys().then((letters) => this.piano.show(this.base, letters));
    this.form.addEventListener("submit", () => this.#fillForm());
    window.addEventListener("pagehide", () => this.stop());
  }

  // A key that is held while the octave shifts lets go of the note that it struck.
  #pressed(step) {
    this.pressed ??= new Map();
    this.pressed.set(step, this.base + step);
    return this.base + step;
  }

  #let(step) {
    return this.pressed?.get(step) ?? this.base + step;
  }

  #shift(octaves) {
    const base = this.base + 12 * octaves;
    if (base < LOWEST_BASE || base > HIGHEST_BASE) return;
    this.base = base;
    this.piano.show(base);
    this.#say(`The keys begin at ${pitchName(base)}.`);
  }

  // Sound ----------------------------------------------------------------------------

  /** The synthesizer, or null when there is none; then it says why. */
  async #openSound() {
    this.opening ??= openLiveSound(this.addresses).then(async (sound) => {
      await sound.loadBanks([BANK]);
      await sound.ask("load", {
        notes: [],
        channels: [{ ...INSTRUMENT }],
        duration: 0,
        position: 0,
      });
      this.sound = sound;
      sound.addEventListener("place", ({ detail }) => {
        if (detail.isEnd && this.state === "playing") this.stop();
      });
    });
    try {
      await this.opening;
    } catch (error) {
      this.opening = null; // the next key tries again
      this.#say(`${error.message} You can record all the same, without hearing it.`);
    }
    return this.sound ?? null;
  }

  /** A key goes down at `time` of the page's clock. */
  strike(pitch, velocity, time) {
    this.piano.light(pitch, true);
    if (this.sound) this.sound.tell("press", { channel: 0, pitch, velocity });
    else this.#openSound();
    if (this.state === "waiting") this.#begin(time);
    if (this.state !== "recording") return;
    const seconds = this.secondsAt(time);
    // Who tries a key early in the count-in has not begun yet.
    if (seconds < -this.#barSeconds / 2) return;
    if (this.isFresh) this.take = new Take(this.taken);
    this.isFresh = false;
    this.take.strike(pitch, velocity, seconds);
    this.#written();
  }

  letGo(pitch, time) {
    this.piano.light(pitch, false);
    this.sound?.tell("release", { channel: 0, pitch });
    if (this.state !== "recording") return;
    this.take.letGo(pitch, this.secondsAt(time));
    this.#written();
  }

  async #connectMidi() {
    const said = this.querySelector(".recorder-midi");
    try {
      await listenToMidi({
        strike: (pitch, velocity, time) => this.strike(pitch, velocity, time),
        letGo: (pitch, time) => this.letGo(pitch, time),
        changed: (names) => {
          said.textContent = names.length
            ? `${names.join(", ")}: play.`
            : "No MIDI keyboard is plugged in. It may be plugged in now.";
        },
      });
      await this.#openSound();
    } catch (error) {
      said.textContent = error.message;
    }
  }

  // Recording --------------------------------------------------------------------------

  get #barSeconds() {
    return secondsOf(barTicks(this.taken.metre), this.taken.qpm);
  }

  async #recordOrStop() {
    if (this.state !== "idle") {
      this.stop();
      return;
    }
    this.#setState("opening");
    await this.#openSound();
    if (this.state !== "opening") return; // stopped meanwhile
    this.taken = this.settings;
    this.isFresh = true; // the last take stays until there is a note of this one
    this.metronome = new Metronome(this.sound, (beat) => this.#showBeat(beat));
    if (this.fields.countIn.checked) {
      this.#begin(performance.now() + BEFORE_FIRST_BEAT_MS + this.#barSeconds * 1000);
    } else {
      this.#setState("waiting");
      this.#say("Play: your first note begins the first bar.");
    }
  }

  /** The first bar line is at `startMs`. */
  #begin(startMs) {
    const { qpm, metre } = this.taken;
    const beats = barTicks(metre) / beatTicks(metre);
    this.startMs = startMs;
    this.counted = this.fields.countIn.checked ? beats : 0;
    this.metronome.start({
      startMs: startMs - (this.counted ? this.#barSeconds * 1000 : 0),
      beats,
      beatSeconds: secondsOf(beatTicks(metre), qpm),
      isHeard: () => this.fields.metronome.checked || performance.now() < startMs - 50,
    });
    this.#setState("recording");
    this.#say(
      this.counted
        ? "Counting in a bar. What you play in its second half is a pick-up."
        : "Recording. Press Stop when you are done.",
    );
    this.#follow();
  }

  #showBeat({ number, inBar, isBar }) {
    const isCounting = number < this.counted;
    this.beat.textContent = isCounting ? `${inBar}…` : String(inBar);
    this.beat.classList.toggle("is-bar", isBar);
    if (number === this.counted && this.counted) this.#say("Recording.");
  }

  // Once a frame: where the music is, and how far held notes reach by now.
  #follow() {
    const look = () => {
      if (this.state !== "recording" && this.state !== "playing") return;
      const isRecording = this.state === "recording";
      if (isRecording && this.take.held.size) this.#written();
      const seconds = isRecording
        ? this.secondsAt(performance.now())
        : this.sound.position;
      const ticks = ticksOf(seconds, this.take.qpm);
      const pickup = isRecording ? this.written.pickup_ticks : 0;
      this.roll.point(ticks + pickup < 0 ? null : ticks + pickup);
      if (isRecording && this.#isFull) {
        this.stop();
        this.#say("That is as long as a piece may be. Keep it, or undo some.");
        return;
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }

  get #isFull() {
    const bars = this.secondsAt(performance.now()) / this.#barSeconds;
    const { mostBars, mostNotes } = this.dataset;
    return bars >= Number(mostBars) || this.take.hands.length >= Number(mostNotes);
  }

  /** Ends recording or playing back. */
  stop() {
    if (this.state === "recording") this.take.letAllGo(this.secondsAt(performance.now()));
    if (this.state === "playing") this.sound.tell("pause");
    this.metronome?.stop();
    this.beat.textContent = "";
    this.roll.point(null);
    this.#setState("idle");
    this.#written();
    if (!this.take.isEmpty) this.#say(this.#summary());
    else this.#say("Nothing was played.");
  }

  async #listenOrStop() {
    if (this.state !== "idle") {
      this.stop();
      return;
    }
    this.#setState("opening");
    const sound = await this.#openSound();
    if (!sound || this.state !== "opening") {
      this.#setState("idle");
      return;
    }
    const { qpm } = this.take;
    const notes = this.written.notes.map((note) => ({
      channel: 0,
      pitch: note.pitch,
      velocity: note.velocity,
      start: secondsOf(note.start_tick, qpm),
      duration: secondsOf(note.duration_ticks, qpm),
    }));
    const duration = Math.max(...notes.map((note) => note.start + note.duration));
    const channels = [{ ...INSTRUMENT }];
    await sound.ask("load", { notes, channels, duration, position: 0 });
    await sound.ask("warm");
    this.#setState("playing");
    sound.tell("play");
    this.#follow();
  }

  #undo() {
    this.take.undo();
    this.#written();
    this.#say(this.take.isEmpty ? "No notes are left." : this.#summary());
  }

  #clear() {
    if (this.state !== "idle") this.stop();
    this.take = new Take(this.settings);
    this.#written();
    this.#say("Cleared.");
  }

  // Other bars or another grid for the same take: the hands stay what they were. At
  // another tempo the beats stay, and are further apart or nearer.
  #writeAnew() {
    this.#limitGrid();
    if (this.state !== "idle") return;
    const { qpm, metre, grid } = this.settings;
    const slower = this.take.qpm / qpm;
    for (const hand of this.take.hands) {
      hand.on *= slower;
      hand.off *= slower;
    }
    Object.assign(this.take, { qpm, metre, grid });
    this.#written();
  }

  // Three in the time of two fill no bar of 6/8: its beats have three by themselves.
  #limitGrid() {
    const { grid, metre } = this.fields;
    const triplets = grid.querySelector('[value="160"]');
    triplets.disabled = metre.value.endsWith("/8");
    if (triplets.disabled && grid.value === "160") grid.value = "120";
  }

  // What is seen -----------------------------------------------------------------------

  #written() {
    this.#show();
  }

  #setState(state) {
    this.state = state;
    this.dataset.state = state;
    this.#show();
  }

  #show() {
    const now = this.state === "recording" ? this.secondsAt(performance.now()) : 0;
    this.written = this.take.written(now);
    this.roll.show(this.written, this.take);
    const isIdle = this.state === "idle";
    const { record, listen, undo, clear } = this.verbs;
    record.textContent = ["recording", "waiting", "opening"].includes(this.state)
      ? "Stop"
      : this.take.isEmpty
        ? "Record"
        : "Record again";
    listen.textContent = this.state === "playing" ? "Stop playing" : "Play back";
    record.disabled = this.state === "playing";
    listen.disabled = this.take.isEmpty || !(isIdle || this.state === "playing");
    undo.disabled = clear.disabled = this.take.isEmpty;
    this.form.querySelector("button").disabled = this.take.isEmpty || !isIdle;
    for (const name of ["qpm", "metre", "countIn"]) this.fields[name].disabled = !isIdle;
    const names = this.written.notes.map(({ pitch }) => pitchName(pitch));
    const shown = names.slice(-NAMES_SHOWN).join(" ");
    this.names.textContent = names.length > NAMES_SHOWN ? `… ${shown}` : shown;
  }

  #summary() {
    const { notes, dropped } = this.written;
    const bars = barsOf(this.written, this.take.metre);
    const many = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
    const lost = dropped
      ? ` ${many(dropped, "note")} fell together with others: a shorter shortest note keeps them apart.`
      : "";
    return `${many(notes.length, "note")} in ${many(bars, "bar")}.${lost}`;
  }

  #fillForm() {
    this.form.elements.notes.value = JSON.stringify(asSent(this.written, this.take));
  }

  #say(sentence) {
    this.status.textContent = sentence;
  }
}

customElements.define("melody-recorder", MelodyRecorder);
