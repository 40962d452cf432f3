// A drawing of a piece on a card: a red line moves through it with the music.

const drawings = new Map(
  [...document.querySelectorAll("[data-follows]")].map((drawing) => [
    drawing.dataset.follows,
    drawing,
  ]),
);

document.addEventListener("scoretime", ({ target, detail }) => {
  const drawing = drawings.get(target.id);
  if (!drawing || !detail.duration) return;
  drawing.style.setProperty("--place", detail.seconds / detail.duration);
  drawing.classList.toggle("is-placed", detail.isPlaying || detail.seconds > 0);
});
