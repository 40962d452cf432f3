// On the page on which one brings a melody.

import "./abc_example.js";
import "./melody_drop.js";
import "./melody_recorder.js";
