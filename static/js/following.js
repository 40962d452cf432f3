// What the piano roll and the score have in common: they follow a player, and lead it.

/** The player that `element` names in its `player` attribute. */
export function playerOf(element) {
  return document.getElementById(element.getAttribute("player"));
}

/** Calls `onmove({seconds, duration, isPlaying})` whenever the music moves. */
export function follow(player, onmove) {
  player?.addEventListener("scoretime", ({ detail }) => onmove(detail));
}
