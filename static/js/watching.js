// Once a frame while the music plays: where are we, and is anything to be heard?

const SECONDS_TO_MOVE = 4; // sound that has not moved by then is not coming
const SECONDS_OF_SILENCE = 3; // notes that sound, and nothing heard
const INAUDIBLE = 1e-4;

/** Watches `sound` while `goesOn()`; says what is wrong, or that it has moved. */
export function watch(sound, { goesOn, expectsSound, onmove, onlost, onsilence }) {
  const from = sound.position;
  let startedAt = performance.now();
  let heardAt = startedAt;
  let lookedAt = startedAt;
  let hasMoved = false;
  const look = () => {
    if (!goesOn()) return;
    const now = performance.now();
    if (now - lookedAt > 1000) heardAt = now; // the page was out of sight
    lookedAt = now;
    if (sound.place.isCounting) startedAt = heardAt = now; // the music is still to come
    if (sound.position !== from) hasMoved = true;
    if (!expectsSound() || sound.level > INAUDIBLE) heardAt = now;
    if (sound.context.state !== "running") {
      onlost("The device took its sound away. Press Play to go on.");
    } else if (!hasMoved && now - startedAt > SECONDS_TO_MOVE * 1000) {
      onsilence("This device lets no sound out.");
    } else if (now - heardAt > SECONDS_OF_SILENCE * 1000) {
      onsilence("The synthesizer plays, but nothing is to be heard.");
    } else {
      onmove();
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
}
