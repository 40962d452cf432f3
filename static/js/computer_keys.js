// The computer's keyboard as a piano: two rows of letters, by where the keys lie.

/** Semitones above the note of the first key, in the order of the keyboard. */
const KEYS = [
  ...["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY"],
  ...["KeyH", "KeyU", "KeyJ", "KeyK", "KeyO", "KeyL", "KeyP", "Semicolon"],
];
const STEPS = new Map(KEYS.map((code, step) => [code, step]));
const LETTERS = "AWSEDFTGYHUJKOLP;";
const OCTAVE_DOWN = "KeyZ";
const OCTAVE_UP = "KeyX";
const TYPING =
  "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=file])";

/**
 * Listens to the whole page. `strike(step, time)` and `letGo(step, time)` have semitones
 * above the first key and the moment of the event; `shift(octaves)` wants to move.
 */
export function playOnComputerKeys({ strike, letGo, shift }) {
  const down = new Set();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest?.(TYPING)) return;
    if (event.code === OCTAVE_DOWN) shift(-1);
    else if (event.code === OCTAVE_UP) shift(1);
    else if (STEPS.has(event.code) && !down.has(event.code)) {
      down.add(event.code);
      strike(STEPS.get(event.code), event.timeStamp);
    }
  });
  document.addEventListener("keyup", (event) => {
    if (down.delete(event.code)) letGo(STEPS.get(event.code), event.timeStamp);
  });
  // A key that is let go elsewhere would sound for ever.
  window.addEventListener("blur", (event) => {
    for (const code of down) letGo(STEPS.get(code), event.timeStamp);
    down.clear();
  });
}

/** What is printed on the keys, in order; asks the browser where it may. */
export async function lettersOfKeys() {
  try {
    const layout = await navigator.keyboard.getLayoutMap();
    return KEYS.map((code, step) => (layout.get(code) ?? LETTERS[step]).toUpperCase());
  } catch {
    return [...LETTERS];
  }
}
