// Files that take a while: asked of the server, waited for, fetched when ready.

const FIRST_WAIT_SECONDS = 0.4;
const LONGEST_WAIT_SECONDS = 3;

const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

export function csrfToken() {
  return document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

async function askState(url, options) {
  const headers = { Accept: "application/json", ...options?.headers };
  const response = await fetch(url, { ...options, headers }).catch(() => {
    throw new Error("The server does not answer. Try again in a moment.");
  });
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.error ?? `The server answered with error ${response.status}.`);
}

/** Asks for a file at `url`, with the fields of a form; the answer says its state. */
export function requestRendering(url, fields) {
  return askState(url, {
    method: "POST",
    headers: { "X-CSRFToken": csrfToken() },
    body: new URLSearchParams(fields),
  });
}

/** Waits until the file is ready and gives its address; throws with the reason if not. */
export async function awaitRendering(rendering) {
  let seconds = FIRST_WAIT_SECONDS;
  for (;;) {
    if (rendering.state === "ready") return rendering.url;
    if (rendering.state === "failed") throw new Error(rendering.error);
    await wait(seconds);
    seconds = Math.min(seconds * 1.4, LONGEST_WAIT_SECONDS);
    rendering = await askState(rendering.status_url);
  }
}
