// The library of one's own pieces: filters that act at once, boxes that are counted, and
// cards that play while the pointer or the focus rests on them. All but the last works
// without this file.

import { wantsLessMotion } from "./dom.js";

// Filters ------------------------------------------------------------------------------

const KEYS_MS = 700; // arrows go through a list: the last one counts
const FOCUSED = "library-focus"; // after the page has come again

const filters = document.querySelector("form[data-filters]");

/** What a storage holds, or null where the browser keeps none. */
function kept(storage, name) {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}

function keep(storage, name, value) {
  try {
    window[storage].setItem(name, value);
  } catch {
    // It then lasts as long as this page.
  }
}

function actAtOnce(form) {
  let isByKeys = false;
  let timer;
  const submit = (name) => {
    keep("sessionStorage", FOCUSED, name);
    form.requestSubmit();
  };
  form.addEventListener("keydown", () => {
    isByKeys = true;
  });
  form.addEventListener("pointerdown", () => {
    isByKeys = false;
  });
  form.addEventListener("change", ({ target }) => {
    if (!target.matches("select")) return;
    clearTimeout(timer);
    timer = setTimeout(() => submit(target.name), isByKeys ? KEYS_MS : 0);
  });
  // What asks for nothing need not stand in the address.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) {
      if (value === "" || value === "newest") formData.delete(name);
    }
  });
  const name = kept("sessionStorage", FOCUSED);
  if (!name) return;
  keep("sessionStorage", FOCUSED, "");
  form.elements.namedItem(name)?.focus({ preventScroll: true });
}

if (filters) actAtOnce(filters);

// Many at once -------------------------------------------------------------------------

const many = document.querySelector("form[data-many]");

function countChosen(form) {
  const boxes = [...form.elements].filter(({ name }) => name === "piece");
  const allHere = form.querySelector("[data-all-here]");
  const all = allHere.querySelector("input");
  const everything = form.querySelector("[data-everything]");
  const told = form.querySelector("[data-chosen]");
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    const count = everything.checked ? Number(everything.dataset.count) : ticked;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    told.textContent = count ? `${count.toLocaleString("en")} chosen` : "";
    form.classList.toggle("is-choosing", count > 0);
  };
  allHere.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  everything.addEventListener("change", () => {
    for (const box of [...boxes, all]) box.disabled = everything.checked;
    show();
  });
  for (const box of boxes) box.addEventListener("change", show);
  // A browser that comes back to the page may have kept the ticks.
  window.addEventListener("pageshow", () => {
    for (const box of [...boxes, all]) box.disabled = everything.checked;
    show();
  });
}

if (many) countChosen(many);

// Playing on hover and focus ------------------------------------------------------------

const REST_MS = 400;
const HOVER = "play-on-hover";

const knob = document.querySelector("[data-hover-play]");
let timer = null;
let started = null; // the player that sounds because something rests on its card
let hasSounded = false; // a first click has opened the sound
const sounding = new Set();

const isOn = () => knob?.querySelector("input").checked ?? false;

function rest(card) {
  clearTimeout(timer);
  const player = card.querySelector("score-player");
  if (!isOn() || !hasSounded || !player || player.isPlaying) return;
  timer = setTimeout(() => {
    // What a person started, resting elsewhere does not end.
    if ([...sounding].some((other) => other !== started)) return;
    started = player;
    player.play();
  }, REST_MS);
}

function leave(card) {
  clearTimeout(timer);
  const player = card.querySelector("score-player");
  if (started !== player) return;
  started = null;
  player?.pause();
}

function followCards() {
  for (const card of document.querySelectorAll("[data-card]")) {
    card.addEventListener("pointerenter", ({ pointerType }) => {
      if (pointerType === "mouse") rest(card);
    });
    card.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "mouse" && !card.matches(":focus-within")) leave(card);
    });
    card.addEventListener("focusin", ({ target, relatedTarget }) => {
      const isNew = !card.contains(relatedTarget);
      if (isNew && target.matches(":focus-visible")) rest(card);
    });
    card.addEventListener("focusout", ({ relatedTarget }) => {
      if (!card.contains(relatedTarget) && !card.matches(":hover")) leave(card);
    });
    // Who presses a button of the player has taken it into their own hands.
    card.querySelector("score-player")?.addEventListener(
      "click",
      () => {
        clearTimeout(timer);
        started = null;
      },
      { capture: true },
    );
  }
  document.addEventListener("scoretime", ({ target, detail }) => {
    if (detail.isPlaying) sounding.add(target);
    else sounding.delete(target);
    hasSounded ||= detail.isPlaying;
  });
}

function offerHover() {
  const box = knob.querySelector("input");
  const choice = kept("localStorage", HOVER);
  box.checked = choice ? choice === "yes" : !wantsLessMotion();
  box.addEventListener("change", () => {
    keep("localStorage", HOVER, box.checked ? "yes" : "no");
    if (!box.checked && started) {
      started.pause();
      started = null;
    }
  });
  knob.hidden = false;
  followCards();
}

if (knob) offerHover();
