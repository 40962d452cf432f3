// Files that take a while: asked of the server, waited for, fetched when ready.

const FIRST_WAIT_SECONDS = 0.4;
const LONGEST_WAIT_SECONDS = 3;

const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

function csrfToken() {
  return document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

async function readState(response) {
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.error ?? `The server answered with error ${response.status}.`);
}

/** Asks for a file at `url`; the answer says in what state it is. */
export async function requestRendering(url, format) {
  const response = await fetch(url, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: new URLSearchParams({ format }),
  });
  return readState(response);
}

/** Waits until the file is ready and gives its address; throws with the reason if not. */
export async function awaitRendering(rendering, { onchange, signal } = {}) {
  let seconds = FIRST_WAIT_SECONDS;
  for (;;) {
    onchange?.(rendering);
    if (rendering.state === "ready") return rendering.url;
    if (rendering.state === "failed") throw new Error(rendering.error);
    await wait(seconds);
    signal?.throwIfAborted();
    seconds = Math.min(seconds * 1.4, LONGEST_WAIT_SECONDS);
    const response = await fetch(rendering.status_url, {
      headers: { Accept: "application/json" },
    });
    rendering = await readState(response);
  }
}
