// What keys do on the page of a piece. One table drives them and the list of them.

import { el } from "./dom.js";

const OFF = "keys-off";

// A browser may keep nothing for us.
function isOff() {
  try {
    return Boolean(localStorage.getItem(OFF));
  } catch {
    return false;
  }
}

function turn(isOn) {
  try {
    if (isOn) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {
    // Then they work, as on every other visit.
  }
}

// `keys` are what an event calls them; what has no `run` is done by whoever has the focus.
const SHORTCUTS = [
  {
    title: "Listening",
    rows: [
      { keys: [" "], says: "Play, pause", run: (player) => player.toggle() },
      { keys: ["ArrowLeft"], says: "A bar back", run: (player) => player.step(-1) },
      { keys: ["ArrowRight"], says: "A bar on", run: (player) => player.step(1) },
      { keys: ["Home"], says: "To the start", run: (player) => player.seek(0) },
      { keys: ["+", "="], says: "Faster", run: (player) => player.hurry(5) },
      { keys: ["-"], says: "Slower", run: (player) => player.hurry(-5) },
    ],
  },
  {
    title: "Practising",
    rows: [
      { keys: ["l"], says: "Repeat", run: (player) => player.desk?.loop.toggle() },
      { keys: ["["], says: "Repeat from here", run: (player) => player.loopEnd("A") },
      { keys: ["]"], says: "Repeat to here", run: (player) => player.loopEnd("B") },
      { keys: ["m"], says: "Metronome", run: (player) => player.flip("metronome") },
      { keys: ["c"], says: "Count-in", run: (player) => player.flip("count_in") },
    ],
  },
  {
    title: "In the piano roll",
    rows: [
      { keys: ["ArrowLeft", "ArrowRight"], says: "A bar back, a bar on" },
      { keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], says: "Select bars" },
      { keys: ["n", "p"], says: "The next note, the one before" },
      { keys: ["Escape"], says: "Select nothing" },
    ],
  },
  {
    title: "In the piano roll, while editing",
    rows: [
      { keys: [".", ","], says: "The next note, the one before; Tab too" },
      { keys: ["n", "Enter"], says: "A new note" },
      { keys: ["ArrowLeft", "ArrowRight"], says: "Earlier, later" },
      { keys: ["ArrowUp", "ArrowDown"], says: "Higher, lower; with Shift an octave" },
      { keys: ["[", "]"], says: "Shorter, longer" },
      { keys: ["d"], says: "The same once more" },
      { keys: ["Delete"], says: "Delete" },
      { keys: ["Ctrl+a", "Escape"], says: "Select all, nothing" },
      { keys: ["Ctrl+z", "Ctrl+y"], says: "Undo, do again" },
    ],
  },
  {
    title: "Everywhere",
    rows: [{ keys: ["?"], says: "This list", run: () => openShortcuts() }],
  },
];

const NAMES = {
  " ": "Space",
  ...{ ArrowUp: "↑", ArrowDown: "↓", "Ctrl+z": "Ctrl Z", "Ctrl+y": "Ctrl Y" },
  "Ctrl+a": "Ctrl A",
  ArrowLeft: "←",
  ArrowRight: "→",
  "Shift+ArrowLeft": "Shift ←",
  "Shift+ArrowRight": "Shift →",
  Escape: "Esc",
  "-": "−",
};
const nameOf = (key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
// A space bar that is held down plays once, and does not turn the page.
const STAYS = () => {};
const TYPING = "input, textarea, select, [contenteditable], audio, video, dialog";
// A switch or a slider has no use for letters; a menu and a field have.
const NO_LETTERS = "input[type=range], input[type=checkbox]";
const PRESSED = "button, a, summary, label"; // what the space bar does something to
const STEERED = "input[type=range], [role=radiogroup], [tabindex='0']"; // what arrows do

/** What `event` asks of the player; undefined when the key is not for it. */
function wanted(event) {
  if (document.querySelector("dialog[open]")) return; // what is behind it rests
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const { target, key } = event;
  const at = (selector) => target.closest?.(selector);
  if (at(TYPING) && !at(NO_LETTERS)) return;
  if (key === " " && (at(PRESSED) || at("input[type=checkbox]"))) return;
  if (key === " " && event.repeat) return STAYS;
  if ((key.startsWith("Arrow") || key === "Home") && (at(STEERED) || event.shiftKey)) {
    return;
  }
  const name = key.length === 1 ? key.toLowerCase() : key;
  const row = SHORTCUTS.flatMap(({ rows }) => rows).find(
    ({ keys, run }) => run && keys.includes(name),
  );
  // The space bar is no letter, and the list must be found again.
  if (row && isOff() && ![" ", "?"].includes(name)) return;
  return row?.run;
}

document.addEventListener("keydown", (event) => {
  const player = document.querySelector("score-player[data-main]");
  const run = player && wanted(event);
  if (!run) return;
  event.preventDefault();
  run(player);
});

let dialog = null;

/** The list of all keys. */
export function openShortcuts() {
  dialog ??= build();
  if (!dialog.open) dialog.showModal();
}

function build() {
  const on = el("input", {
    type: "checkbox",
    role: "switch",
    checked: !isOff(),
    onchange: () => turn(on.checked),
  });
  const made = el(
    "dialog",
    { class: "shortcuts", "aria-labelledby": "shortcuts-title" },
    el(
      "article",
      {},
      el("h2", { id: "shortcuts-title" }, "Keys"),
      el("div", { class: "shortcuts-groups" }, ...SHORTCUTS.map(group)),
      el("label", { class: "player-switch" }, on, el("span", {}, "Single keys work here")),
      el(
        "form",
        { method: "dialog" },
        el("button", { type: "submit" }, "Close"),
      ),
    ),
  );
  made.addEventListener("click", ({ target }) => {
    if (target === made) made.close(); // beside the list
  });
  document.body.append(made);
  return made;
}

function group({ title, rows }) {
  const lines = rows.flatMap(({ keys, says }) => [
    el("dt", {}, ...keys.map((key) => el("kbd", {}, nameOf(key)))),
    el("dd", {}, says),
  ]);
  return el("section", {}, el("h3", {}, title), el("dl", {}, ...lines));
}
