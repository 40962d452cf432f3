// The page's one synthesizer: opened at the first click, shared by every player.

import { within } from "./dom.js";
import { fetchOk } from "./fetching.js";

const SECONDS_TO_OPEN = 10; // for each step; a slow line gets as long as bytes arrive
const WINDOW = 2048; // samples the analyser looks at

let opened = null;

/** The synthesizer, ready. `addresses` has `worklet` and `sounds`. */
export function openSound(addresses) {
  opened ??= open(addresses).catch((error) => {
    opened = null; // the next click tries again
    throw error;
  });
  return opened;
}

/** A synthesizer of one's own that answers hands at once, for playing on it. */
export function openLiveSound(addresses) {
  return open(addresses, "interactive");
}

/** Brings what a click will need into the browser's cache. */
export function prefetchSound(addresses, names) {
  if (navigator.connection?.saveData) return;
  for (const url of [
    addresses.worklet,
    ...[...names].map((n) => bankUrl(addresses, n)),
  ]) {
    fetch(url).catch(() => {}); // the click itself will say what is wrong
  }
}

/** The name of the file that holds an instrument. */
export function bankName({ program, isDrum }) {
  return isDrum ? "drums" : String(program).padStart(3, "0");
}

function bankUrl(addresses, name) {
  return `${addresses.sounds}${name}.sf3`;
}

async function open(addresses, latencyHint = "playback") {
  if (!window.AudioContext || !window.AudioWorkletNode) {
    throw new Error(
      window.isSecureContext
        ? "This browser has no synthesizer to play on."
        : "Browsers play instruments only over https, and this page came without it.",
    );
  }
  const context = new AudioContext({ latencyHint });
  try {
    const sound = new Sound(context, addresses);
    await sound.start();
    return sound;
  } catch (error) {
    context.close();
    throw error;
  }
}

class Sound extends EventTarget {
  constructor(context, addresses) {
    super();
    this.context = context;
    this.addresses = addresses;
    this.volume = new GainNode(context, { gain: 1 });
    this.analyser = new AnalyserNode(context, { fftSize: WINDOW });
    this.place = { position: 0, rate: 1, isPlaying: false, at: 0 };
    this.#banks = new Map();
    this.#asked = new Map();
    this.#lastAsk = 0;
  }

  #banks;
  #asked;
  #lastAsk;

  async start() {
    await within(
      SECONDS_TO_OPEN,
      Promise.all([
        this.context.audioWorklet.addModule(this.addresses.worklet).catch(() => {
          throw new Error("The synthesizer could not be fetched.");
        }),
        this.context.resume(),
      ]),
      "The browser did not open its sound.",
    );
    this.node = new AudioWorkletNode(this.context, "score-processor", {
      numberOfInputs: 0,
      outputChannelCount: [2],
    });
    const ready = new Promise((resolve, reject) => {
      this.node.addEventListener("processorerror", () => {
        reject(new Error("The synthesizer stopped."));
        this.#fail("The synthesizer stopped.");
      });
      this.node.port.onmessage = ({ data }) => this.#hear(data, resolve, reject);
    });
    this.node.connect(this.volume).connect(this.analyser);
    this.analyser.connect(this.context.destination);
    await within(SECONDS_TO_OPEN, ready, "The synthesizer did not start.");
  }

  #hear(message, ready, unready) {
    if (message.said === "ready") ready();
    else if (message.said === "place") this.#moved(message);
    else if (message.said === "note") {
      this.dispatchEvent(new CustomEvent("note", { detail: message }));
    }
    else if (message.said === "done") this.#asked.get(message.ask)?.resolve();
    else if (message.ask) this.#asked.get(message.ask)?.reject(new Error(message.why));
    else {
      unready(new Error(message.why));
      this.#fail(message.why);
    }
  }

  #moved(place) {
    this.place = place;
    this.dispatchEvent(new CustomEvent("place", { detail: place }));
  }

  #fail(why) {
    this.dispatchEvent(new CustomEvent("fault", { detail: why }));
  }

  /** Where in the score the sound is that leaves the loudspeaker now, in seconds. */
  get position() {
    const { position, rate, isPlaying, isCounting, at } = this.place;
    if (!isPlaying || isCounting) return position;
    const late = this.context.outputLatency || this.context.baseLatency || 0;
    return Math.max(0, position + (this.context.currentTime - late - at) * rate);
  }

  /** The sound's own time of what is heard at `ms` of the page's clock. */
  contextTimeAt(ms) {
    const late = this.context.outputLatency || this.context.baseLatency || 0;
    const usual = this.context.currentTime - late + (ms - performance.now()) / 1000;
    const { contextTime, performanceTime } = this.context.getOutputTimestamp();
    const told = contextTime + (ms - performanceTime) / 1000;
    // Some browsers tell nothing yet, or of another clock.
    return performanceTime && Math.abs(told - usual) < 0.3 ? told : usual;
  }

  /** The loudest sample of this moment, 0 to about 1. */
  get level() {
    const samples = new Float32Array(WINDOW);
    this.analyser.getFloatTimeDomainData(samples);
    return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  }

  tell(verb, details = {}, transfer = []) {
    this.node.port.postMessage({ verb, ...details }, transfer);
  }

  /** Like `tell`, and waits until it is done. */
  ask(verb, details = {}, transfer = []) {
    const ask = (this.#lastAsk += 1);
    const answer = new Promise((resolve, reject) => {
      this.#asked.set(ask, { resolve, reject });
    }).finally(() => this.#asked.delete(ask));
    this.tell(verb, { ...details, ask }, transfer);
    return within(SECONDS_TO_OPEN, answer, "The synthesizer does not answer.");
  }

  /** Fetches the instruments among `names` that are not there yet. */
  async loadBanks(names) {
    await Promise.all([...new Set(names)].map((name) => this.#loadBank(name)));
  }

  #loadBank(name) {
    if (!this.#banks.has(name)) {
      const bank = this.#fetchBank(name);
      bank.catch(() => this.#banks.delete(name));
      this.#banks.set(name, bank);
    }
    return this.#banks.get(name);
  }

  async #fetchBank(name) {
    const data = await fetchBytes(bankUrl(this.addresses, name));
    await this.ask("bank", { name, data }, [data]);
  }
}

/** The bytes at `url`. Gives up when nothing arrives for a while, not when much does. */
async function fetchBytes(url) {
  const tooSlow = "The instruments did not come in time.";
  const answer = fetchOk(url, "The instruments");
  const response = await within(SECONDS_TO_OPEN, answer, tooSlow);
  const reader = response.body.getReader();
  const chunks = [];
  for (;;) {
    const { done, value } = await within(SECONDS_TO_OPEN, reader.read(), tooSlow);
    if (done) break;
    chunks.push(value);
  }
  return new Blob(chunks).arrayBuffer();
}
