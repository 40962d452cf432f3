// The synthesizer, in the browser's audio thread: it holds one piece and plays it.
//
// Everything that must be exact happens here: when a note starts, where a loop closes,
// how fast the music goes. The page only says what it wants (see sound.js) and hears where
// the music is. All times are seconds of the score; at double tempo two pass in one.

import { Clicks } from "./clicks.js";
import { SoundBankLoader, SpessaLog, SpessaSynthProcessor } from "spessasynth_core";

SpessaLog.warnEnabled = false;

const BLOCKS_BETWEEN_REPORTS = 16; // about 45 milliseconds
const WORTH_CATCHING_SECONDS = 0.1; // a note with less left than this stays out

class ScoreProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.synth = new SpessaSynthProcessor(sampleRate, {
      initialTime: currentTime,
      eventsEnabled: false,
    });
    this.synth.onMissingPreset = () => undefined;
    this.events = []; // notes' starts and ends, in the order in which they sound
    this.next = 0;
    this.position = 0;
    this.duration = 0;
    this.rate = 1;
    this.loop = null;
    this.isPlaying = false;
    this.channels = [];
    this.beats = []; // where the metronome clicks
    this.nextBeat = 0;
    this.hasMetronome = false;
    this.clicks = new Clicks(sampleRate);
    this.lead = null; // the count-in: {left, clicks}, in frames
    this.practice = null; // {step, to}: how a loop grows faster
    this.tellsNotes = false;
    this.done = 0;
    this.tried = []; // ends and starts of notes that are tried out, beside the piece
    this.blocks = 0;
    this.port.onmessage = ({ data }) => this.#obey(data);
    this.synth.processorInitialized.then(
      () => this.port.postMessage({ said: "ready" }),
      (error) => this.port.postMessage({ said: "fault", why: String(error) }),
    );
  }

  #obey({ verb, ask, ...rest }) {
    try {
      this[verb](rest);
      if (ask) this.port.postMessage({ said: "done", ask });
    } catch (error) {
      this.port.postMessage({ said: "fault", ask, why: String(error) });
    }
  }

  /** Takes in a soundfont with one instrument. Channels are set up again after it. */
  bank({ name, data }) {
    const isPlaying = this.isPlaying;
    this.synth.soundBankManager.addSoundBank(
      SoundBankLoader.fromArrayBuffer(data),
      name,
    );
    this.#setChannels();
    if (isPlaying) this.seek({ position: this.position });
  }

  /**
   * Puts a piece on the stand. `notes` are {channel, pitch, velocity, start} with an end
   * or a duration; `channels` is a list of {program, isDrum, gain, pan}; `beats` are the
   * metronome's {at, isStrong}.
   */
  load({ notes, channels, duration, position, beats = [] }) {
    this.pause();
    this.#take(notes);
    this.beats = beats;
    this.duration = duration;
    this.loop = null;
    this.practice = null;
    this.channels = channels;
    this.#setChannels();
    this.seek({ position });
  }

  /** The same piece, played in another way: swung, humanised, transposed. */
  perform({ notes }) {
    this.#take(notes);
    this.seek({ position: this.position });
  }

  #take(notes) {
    this.events = [];
    for (const { channel, pitch, velocity, start, ...note } of notes) {
      const end = note.end ?? start + note.duration;
      this.events.push({ at: start, isOn: true, channel, pitch, velocity, end });
      this.events.push({ at: end, isOn: false, channel, pitch });
    }
    // At one moment, ends come before starts: a repeated note must be let go first.
    this.events.sort((a, b) => a.at - b.at || a.isOn - b.isOn);
  }

  /** Sounds `notes` now, whatever else plays; their starts count from this moment. */
  audition({ notes }) {
    for (const { isOn, ...event } of this.tried) if (!isOn) this.#sound(event);
    this.tried = notes.flatMap(({ start, duration, ...note }) => [
      { ...note, at: currentTime + start, isOn: true },
      { ...note, at: currentTime + start + duration, isOn: false },
    ]);
    this.tried.sort((a, b) => a.at - b.at || a.isOn - b.isOn);
  }

  /** A key goes down, or up: somebody plays, beside whatever else sounds. */
  press({ channel, pitch, velocity }) {
    this.#sound({ isOn: true, channel, pitch, velocity });
  }

  release({ channel, pitch }) {
    this.#sound({ isOn: false, channel, pitch });
  }

  instrument({ channel, program }) {
    this.channels[channel].program = program;
    this.#setChannels();
  }

  /** How loudly each channel sounds, and where: {gain, pan}. */
  mixer({ channels }) {
    this.channels = this.channels.map((one, place) => ({ ...one, ...channels[place] }));
    this.#setChannels();
  }

  metronome({ isOn }) {
    this.hasMetronome = isOn;
  }

  /** From now on each round of the loop is `step` faster, up to the rate `to`. */
  grow({ practice }) {
    this.practice = practice;
  }

  /** For measuring: says when each note and click sounds, by the context's clock. */
  tellNotes({ isOn }) {
    this.tellsNotes = isOn;
  }

  /** Decodes every sample the piece needs, so that no note comes late. */
  warm() {
    for (const event of this.events) {
      if (event.isOn) {
        this.synth.getVoicesForPreset(
          this.synth.midiChannels[this.#midiChannel(event.channel)].preset,
          event.pitch,
          event.velocity,
        );
      }
    }
  }

  /** Plays, after the clicks of `lead`: {before, isStrong}, in seconds of the score. */
  play({ lead = [] }) {
    if (this.position >= this.duration) this.seek({ position: 0 });
    this.isPlaying = true;
    if (lead.length) this.#countIn(lead);
    else this.#catchUp();
    this.#report();
  }

  #countIn(lead) {
    const frames = (seconds) => Math.round((seconds / this.rate) * sampleRate);
    this.lead = {
      left: frames(lead[0].before),
      clicks: lead.map(({ before, isStrong }) => ({ left: frames(before), isStrong })),
    };
  }

  pause() {
    this.isPlaying = false;
    this.lead = null;
    this.clicks.stop();
    this.synth.stopAllChannels();
    this.#report();
  }

  seek({ position }) {
    this.position = Math.min(Math.max(0, position), this.duration);
    this.next = this.events.findIndex((event) => event.at >= this.position);
    if (this.next < 0) this.next = this.events.length;
    this.nextBeat = this.beats.findIndex((beat) => beat.at >= this.position - 1e-6);
    if (this.nextBeat < 0) this.nextBeat = this.beats.length;
    this.synth.stopAllChannels();
    if (this.isPlaying && !this.lead) this.#catchUp();
    this.#report();
  }

  tempo({ rate }) {
    this.rate = rate;
    this.#report();
  }

  /** Repeats from `start` to `end`; null ends the repeating. */
  repeat({ loop }) {
    this.loop = loop;
  }

  #midiChannel(channel) {
    if (this.channels[channel]?.isDrum) return 9;
    const melodic = channel % 15; // ten is for drums
    return melodic < 9 ? melodic : melodic + 1;
  }

  #setChannels() {
    this.channels.forEach(({ program, gain = 1, pan = 0 }, channel) => {
      const midiChannel = this.#midiChannel(channel);
      this.synth.programChange(midiChannel, program);
      const strip = this.synth.midiChannels[midiChannel];
      strip.setSystemParameter("gain", gain);
      strip.setSystemParameter("pan", pan / 100);
    });
  }

  // Starts the notes that began before this moment and still sound.
  #catchUp() {
    for (const event of this.events.slice(0, this.next)) {
      if (event.isOn && event.end - this.position > WORTH_CATCHING_SECONDS) {
        this.#sound(event);
      }
    }
  }

  #sound({ isOn, channel, pitch, velocity }) {
    const midiChannel = this.#midiChannel(channel);
    if (isOn) this.#tellNote({ channel, pitch, velocity });
    if (isOn) this.synth.noteOn(midiChannel, pitch, velocity);
    else this.synth.noteOff(midiChannel, pitch);
  }

  #tellNote(note) {
    if (!this.tellsNotes) return;
    const at = currentTime + this.done / sampleRate;
    this.port.postMessage({ said: "note", ...note, at });
  }

  #click(isStrong) {
    this.clicks.strike(isStrong);
    this.#tellNote({ isClick: true, isStrong });
  }

  #report(isEnd = false) {
    const { position, rate, isPlaying } = this;
    this.port.postMessage({
      said: "place",
      position,
      rate,
      isPlaying,
      isEnd,
      isCounting: this.lead !== null,
      at: currentTime,
    });
  }

  #passTried() {
    while (this.tried.length && this.tried[0].at <= currentTime) {
      this.#sound(this.tried.shift());
    }
  }

  // What happens next in the score: a note, a beat, the end of the loop or of the piece.
  #nextMoment() {
    const event = this.events[this.next]?.at ?? Infinity;
    const beat = this.hasMetronome ? (this.beats[this.nextBeat]?.at ?? Infinity) : event;
    const end = this.loop ? this.loop.end : this.duration;
    return Math.min(event, beat, this.position < end ? end : event);
  }

  #passMoments() {
    while (this.next < this.events.length) {
      if (this.events[this.next].at > this.position) break;
      this.#sound(this.events[this.next]);
      this.next += 1;
    }
    while (this.beats[this.nextBeat]?.at <= this.position) {
      const { at, isStrong } = this.beats[this.nextBeat];
      // What is long past was skipped; at the end of a loop, its start clicks instead.
      const isDue = this.position - at < 0.05 && !(this.loop && at >= this.loop.end);
      if (this.hasMetronome && isDue) this.#click(isStrong);
      this.nextBeat += 1;
    }
    if (this.loop && this.position >= this.loop.end) {
      this.#growFaster();
      this.seek({ position: this.loop.start });
    } else if (this.position >= this.duration) {
      this.isPlaying = false;
      this.#report(true);
    }
  }

  #growFaster() {
    if (!this.practice) return;
    const { step, to } = this.practice;
    this.rate = this.rate < to ? Math.min(to, this.rate + step) : this.rate;
  }

  // How many of `frames` can be made before something happens; what is due, happens.
  #passCountIn(frames) {
    const { lead } = this;
    while (lead.clicks[0]?.left >= lead.left) this.#click(lead.clicks.shift().isStrong);
    const due = lead.left - (lead.clicks[0]?.left ?? 0);
    const passed = Math.min(frames, due);
    lead.left -= passed;
    if (lead.left > 0) return passed;
    this.lead = null;
    this.#catchUp();
    return passed;
  }

  #passMusic(frames) {
    this.#passMoments();
    const seconds = (this.#nextMoment() - this.position) / this.rate;
    const passed =
      seconds * sampleRate < frames
        ? Math.max(1, Math.ceil(seconds * sampleRate))
        : frames;
    this.position += (passed * this.rate) / sampleRate;
    return passed;
  }

  process(_inputs, [[left, right]]) {
    this.done = 0; // frames of this block
    this.#passTried();
    while (this.done < left.length) {
      let frames = left.length - this.done;
      if (this.lead) frames = this.#passCountIn(frames);
      else if (this.isPlaying) frames = this.#passMusic(frames);
      this.synth.process(left, right ?? left, this.done, frames);
      this.clicks.mix(left, right ?? left, this.done, frames);
      this.done += frames;
    }
    this.blocks += 1;
    if (this.isPlaying && this.blocks % BLOCKS_BETWEEN_REPORTS === 0) this.#report();
    return true;
  }
}

registerProcessor("score-processor", ScoreProcessor);
