// Runs before the first paint: a page in the wrong colours must never flash by.

const root = document.documentElement;
root.classList.add("has-js");
try {
  const kept = localStorage.getItem("theme");
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
} catch {
  // Storage may be closed to us; then the system's own choice holds.
}
