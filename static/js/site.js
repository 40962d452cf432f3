// On every page: the light, and what makes forms pleasanter.

import "./abilities.js";
import "./compose_form.js";
import "./favourites.js";
import "./model_options.js";

const root = document.documentElement;
const lamp = document.querySelector("[data-lamp]");

// What was refused takes the focus by itself; what grew above it since has moved it.
addEventListener("load", () => {
  const refusal = document.querySelector(".wrongs[autofocus]");
  refusal?.scrollIntoView({ block: "center" });
});

function isDark() {
  if (root.dataset.theme) return root.dataset.theme === "dark";
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
}

function light(theme) {
  root.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // The choice then lasts as long as this page.
  }
  lamp.setAttribute("aria-pressed", String(theme === "dark"));
  window.dispatchEvent(new Event("themechange"));
}

if (lamp) {
  lamp.hidden = false;
  lamp.setAttribute("aria-pressed", String(isDark()));
  lamp.addEventListener("click", () => light(isDark() ? "light" : "dark"));
}
