// On every page where a piece can be heard.

import "./downloads.js";
import "./drawing.js";
import "./piano_roll.js";
import "./rendering_form.js";
import "./roll_editor.js";
import "./score_player.js";
import "./shortcuts.js";
import "./sheet_music.js";
import "./why_note.js";
