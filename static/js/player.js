// On every page where a piece can be heard.

import "./downloads.js";
import "./drawing.js";
import "./piano_roll.js";
import "./rendering_form.js";
import "./roll_editor.js";
import "./score_player.js";
import "./sheet_music.js";
import "./why_note.js";

const TYPING =
  "input:not([type=range]), textarea, select, button, a, summary, audio, [contenteditable]";

// The space bar plays and pauses, as in any program for music.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.repeat || event.ctrlKey || event.metaKey) return;
  if (event.target.closest?.(TYPING)) return;
  const player = document.querySelector("score-player[data-main]");
  if (!player) return;
  event.preventDefault();
  player.toggle();
});
