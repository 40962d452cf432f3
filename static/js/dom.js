// Small helpers for building pages by hand.

/** An element with attributes, listeners (`onclick`) and children. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** A 24 by 24 drawing in the colour of the text round it, unseen by screen readers. */
export function icon(path, name = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon ${name}`.trim());
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/**
 * Shows that the form of a submit event is on its way, and sends it no second time. The
 * page may come back from the browser's memory: then all is as before.
 */
export function sendOnce(event) {
  const { target: form, submitter } = event;
  if (form.dataset.isSent) return event.preventDefault();
  form.dataset.isSent = "yes";
  submitter?.setAttribute("aria-busy", "true");
  const rest = () => {
    delete form.dataset.isSent;
    submitter?.removeAttribute("aria-busy");
  };
  return window.addEventListener("pageshow", rest, { once: true });
}

/** Minutes and seconds as on a record sleeve: 0:07. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** `promise`, or an error with `sentence` when it takes longer than `seconds`. */
export function within(seconds, promise, sentence) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(sentence)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export const wantsLessMotion = () =>
  window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The value of a custom property of the page's style sheet. */
export const styleValue = (name, element = document.documentElement) =>
  getComputedStyle(element).getPropertyValue(name).trim();

/** Calls `redraw` whenever light turns to dark or back. */
export function onThemeChange(redraw) {
  window.addEventListener("themechange", redraw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
