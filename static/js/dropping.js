// Files dropped anywhere on the page, for the one form there that takes them.

/** Calls `ondrop(dataTransfer)` at a drop; `element` is marked while files hang over it. */
export function takeDrops(element, ondrop) {
  let depth = 0;
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (isOver) => element.classList.toggle("is-over", isOver);
  document.addEventListener("dragenter", (event) => {
    if (holdsFiles(event)) mark(++depth > 0);
  });
  document.addEventListener("dragleave", (event) => {
    if (holdsFiles(event)) mark(--depth > 0);
  });
  // A drop that misses the form must not replace the page with the file.
  document.addEventListener("dragover", (event) => {
    if (holdsFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    mark(false);
    ondrop(event.dataTransfer);
  });
}
