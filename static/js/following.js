// What the piano roll and the score have in common: they follow a player, and lead it.

/** The player that `element` names in its `player` attribute. */
export function playerOf(element) {
  return document.getElementById(element.getAttribute("player"));
}

/** How far down the window the bar of `player` reaches, where it covers the page. */
export function coveredBy(player) {
  const bar = player?.querySelector(".player-main");
  return Math.max(0, bar?.getBoundingClientRect().bottom ?? 0);
}

/** Calls `onmove({seconds, duration, isPlaying})` whenever the music moves. */
export function follow(player, onmove) {
  player?.addEventListener("scoretime", ({ detail }) => onmove(detail));
}
