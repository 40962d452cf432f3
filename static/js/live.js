// A part of the page that the server writes anew for as long as something is under way.
// It ends when the server no longer says data-live. Without scripts the page reloads.

const EVERY_SECONDS = 1.5;
const WHEN_LOST_SECONDS = 5;
const root = document.getElementById("live");

const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

function untilLookedAt() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) =>
    document.addEventListener("visibilitychange", done, { once: true }),
  );
}

/** Replaces what has changed and leaves the rest, with its focus, alone. */
function write(fresh) {
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const shown = document.getElementById(part.id);
    if (shown.dataset.part === part.dataset.part) continue;
    shown.dataset.part = part.dataset.part;
    shown.replaceChildren(...part.childNodes);
  }
  document.dispatchEvent(new Event("livechange"));
}

async function follow(url) {
  const lost = root.querySelector("[data-live-lost]");
  let etag = "";
  while (url) {
    await wait(lost.hidden ? EVERY_SECONDS : WHEN_LOST_SECONDS);
    await untilLookedAt();
    const headers = etag ? { "If-None-Match": etag } : {};
    const response = await fetch(url, { headers, cache: "no-store" }).catch(() => null);
    // An answer may break off in its middle.
    const text = response?.ok ? await response.text().catch(() => null) : "";
    lost.hidden = response !== null && text !== null && response.status < 500;
    if (response?.status === 404) return location.reload(); // deleted, or logged out
    if (!response?.ok || text === null) continue;
    etag = response.headers.get("ETag") ?? "";
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("live");
    if (!fresh) return location.reload();
    write(fresh);
    url = fresh.dataset.live;
  }
}

if (root?.dataset.live) follow(root.dataset.live);
