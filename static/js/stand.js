// A player's place at the page's synthesizer, which all players share: what it is told.

import { beatsOf } from "./performance_of.js";
import { channelsOf, differ, notesOf, playableOf } from "./performer.js";
import { bankName } from "./sound.js";

const KNOB_REST_MS = 80; // a knob that is being turned asks for no more than this
const FAINT = 0.02; // a gain at which nothing need be heard

const toldOf = (notes) => notes.map(({ part, ...note }) => ({ ...note, channel: part }));

export class Stand {
  /** `player` has a piece, parts and a setting; `say` tells people what went wrong. */
  constructor(player, say) {
    this.player = player;
    this.say = say;
    this.sound = null;
    this.performed = [];
  }

  /** Whether the synthesizer plays this player's piece, and not another's. */
  get isHeld() {
    return this.sound?.holder === this;
  }

  get channels() {
    return channelsOf(this.player.parts, this.player.setting);
  }

  /** Tells the synthesizer, if it is ours. */
  tell(verb, details = {}) {
    if (this.isHeld) this.sound.tell(verb, details);
  }

  async take(sound) {
    this.sound = sound;
    if (!this.isHeld) await this.put();
  }

  /** Puts the piece on the stand, as the desk is set. */
  async put() {
    const { sound, player } = this;
    await sound.loadBanks(this.channels.map(bankName));
    sound.holder = this;
    const playable = playableOf(player.piece, player.parts);
    this.performed = notesOf(playable, player.setting);
    const end = this.performed.reduce((most, note) => Math.max(most, note.end), 0);
    await sound.ask("load", {
      notes: toldOf(this.performed),
      beats: beatsOf(playable),
      channels: this.channels,
      duration: Math.max(end, player.piece.duration),
      position: player.seconds,
    });
    await sound.ask("warm");
    this.tell("tempo", { rate: player.rate });
    this.tell("repeat", { loop: player.loop });
    this.tellGrowth(player.growth);
    this.#tellMetronome();
    this.setVolume();
  }

  setVolume() {
    if (!this.isHeld) return;
    const { volume, context } = this.sound;
    // The ear hears loudness about as the square of the knob.
    const gain = (this.player.loudness / 0.8) ** 2;
    volume.gain.setTargetAtTime(gain, context.currentTime, 0.01);
  }

  /** Tells what is not on the desk as it was. */
  change(before, now) {
    if (!this.isHeld) return;
    if (now.tempo !== before.tempo) this.tell("tempo", { rate: this.player.rate });
    if (now.metronome !== before.metronome) this.#tellMetronome();
    if (now.parts !== before.parts) this.#tellParts(before);
    if (differ(now, before)) {
      clearTimeout(this.turning);
      this.turning = setTimeout(() => this.#perform(), KNOB_REST_MS);
    }
  }

  #perform() {
    const { piece, parts, setting } = this.player;
    this.performed = notesOf(playableOf(piece, parts), setting);
    this.tell("perform", { notes: toldOf(this.performed) });
  }

  #tellMetronome() {
    const { isCompact, setting } = this.player;
    this.tell("metronome", { isOn: !isCompact && setting.metronome });
  }

  /** How the loop grows faster: {step, to} in percent, or null. */
  tellGrowth(growth) {
    const practice = growth && { step: growth.step / 100, to: growth.to / 100 };
    this.tell("grow", { practice: practice ?? null });
  }

  #tellParts(before) {
    const { channels } = this;
    const strips = channels.map(({ gain, pan }) => ({ gain, pan }));
    this.tell("mixer", { channels: strips });
    const earlier = channelsOf(this.player.parts, before);
    channels.forEach((channel, index) => {
      if (channel.program !== earlier[index].program) this.#replace(index, channel);
    });
  }

  async #replace(channel, instrument) {
    try {
      await this.sound.loadBanks([bankName(instrument)]);
      this.tell("instrument", { channel, program: instrument.program });
      if (!this.player.isPlaying) this.tell("warm");
      this.say("");
    } catch (error) {
      this.say(`${error.message} The music goes on with the instrument before.`);
    }
  }

  /** Whether anything should be heard at that moment of the score. */
  soundsAt(seconds) {
    const { channels } = this;
    return this.performed.some(
      ({ part, start, end }) =>
        channels[part]?.gain > FAINT && start <= seconds && seconds < end,
    );
  }
}
