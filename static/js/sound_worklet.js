// The synthesizer, in the browser's audio thread: it holds one piece and plays it.
//
// Everything that must be exact happens here: when a note starts, where a loop closes,
// how fast the music goes. The page only says what it wants (see sound.js) and hears where
// the music is. All times are seconds of the score; at double tempo two pass in one.

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

  /** Puts a piece on the stand. `channels` is a list of {program, isDrum, isMuted}. */
  load({ notes, channels, duration, position }) {
    this.pause();
    this.events = [];
    for (const note of notes) {
      const { channel, pitch, velocity } = note;
      const end = note.start + note.duration;
      this.events.push({ at: note.start, isOn: true, channel, pitch, velocity, end });
      this.events.push({ at: end, isOn: false, channel, pitch });
    }
    // At one moment, ends come before starts: a repeated note must be let go first.
    this.events.sort((a, b) => a.at - b.at || a.isOn - b.isOn);
    this.duration = duration;
    this.loop = null;
    this.channels = channels;
    this.#setChannels();
    this.seek({ position });
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

  mute({ channel, isMuted }) {
    this.channels[channel].isMuted = isMuted;
    this.#setChannels();
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

  play() {
    if (this.position >= this.duration) this.seek({ position: 0 });
    this.isPlaying = true;
    this.#catchUp();
    this.#report();
  }

  pause() {
    this.isPlaying = false;
    this.synth.stopAllChannels();
    this.#report();
  }

  seek({ position }) {
    this.position = Math.min(Math.max(0, position), this.duration);
    this.next = this.events.findIndex((event) => event.at >= this.position);
    if (this.next < 0) this.next = this.events.length;
    this.synth.stopAllChannels();
    if (this.isPlaying) this.#catchUp();
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
    this.channels.forEach(({ program, isMuted }, channel) => {
      const midiChannel = this.#midiChannel(channel);
      this.synth.programChange(midiChannel, program);
      this.synth.midiChannels[midiChannel].setSystemParameter("isMuted", isMuted);
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
    if (isOn) this.synth.noteOn(midiChannel, pitch, velocity);
    else this.synth.noteOff(midiChannel, pitch);
  }

  #report(isEnd = false) {
    const { position, rate, isPlaying } = this;
    this.port.postMessage({
      said: "place",
      position,
      rate,
      isPlaying,
      isEnd,
      at: currentTime,
    });
  }

  #passTried() {
    while (this.tried.length && this.tried[0].at <= currentTime) {
      this.#sound(this.tried.shift());
    }
  }

  // What happens next in the score: a note, the end of the loop or of the piece.
  #nextMoment() {
    const event = this.events[this.next]?.at ?? Infinity;
    const end = this.loop ? this.loop.end : this.duration;
    return this.position < end ? Math.min(event, end) : event;
  }

  #passMoments() {
    while (this.next < this.events.length) {
      if (this.events[this.next].at > this.position) break;
      this.#sound(this.events[this.next]);
      this.next += 1;
    }
    if (this.loop && this.position >= this.loop.end) {
      this.seek({ position: this.loop.start });
    } else if (this.position >= this.duration) {
      this.isPlaying = false;
      this.#report(true);
    }
  }

  process(_inputs, [[left, right]]) {
    let done = 0;
    this.#passTried();
    while (done < left.length) {
      let frames = left.length - done;
      if (this.isPlaying) {
        this.#passMoments();
        const seconds = (this.#nextMoment() - this.position) / this.rate;
        if (seconds * sampleRate < frames) {
          frames = Math.max(1, Math.ceil(seconds * sampleRate));
        }
        this.position += (frames * this.rate) / sampleRate;
      }
      this.synth.process(left, right ?? left, done, frames);
      done += frames;
    }
    this.blocks += 1;
    if (this.isPlaying && this.blocks % BLOCKS_BETWEEN_REPORTS === 0) this.#report();
    return true;
  }
}

registerProcessor("score-processor", ScoreProcessor);
