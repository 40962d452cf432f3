// A MIDI keyboard that is plugged in, where the browser speaks with those.

const NOTE_OFF = 0x80;
const NOTE_ON = 0x90;

/**
 * Asks for every MIDI keyboard there is. `strike(pitch, velocity, time)` and
 * `letGo(pitch, time)` are called as they are played; `changed(names)` when one comes or
 * goes, with what they are called. Fails with a sentence.
 */
export async function listenToMidi({ strike, letGo, changed }) {
  if (!navigator.requestMIDIAccess) {
    throw new Error(
      window.isSecureContext
        ? "This browser does not speak with MIDI keyboards. Chrome, Edge and Firefox do."
        : "Browsers speak with MIDI keyboards only over https.",
    );
  }
  let access;
  try {
    access = await navigator.requestMIDIAccess();
  } catch {
    throw new Error(
      "The browser does not allow it. Allow MIDI for this page, then connect again.",
    );
  }
  const hear = ({ data, timeStamp }) => {
    const [status, pitch, velocity] = data;
    const kind = status & 0xf0;
    if (kind === NOTE_ON && velocity > 0) strike(pitch, velocity, timeStamp);
    else if (kind === NOTE_ON || kind === NOTE_OFF) letGo(pitch, timeStamp);
  };
  const listen = () => {
    const inputs = [...access.inputs.values()];
    for (const input of inputs) input.onmidimessage = hear;
    const there = inputs.filter((input) => input.state !== "disconnected");
    changed(there.map((input) => input.name || "A keyboard"));
  };
  access.onstatechange = listen;
  listen();
}
