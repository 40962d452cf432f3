// Fetching, with errors that a person can read.

/** The text at `url`, or an error that a person can read. */
export async function fetchText(url, what, options = {}) {
  const response = await fetchOk(url, what, options);
  try {
    return await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(`${what} could not be fetched: the answer broke off.`);
  }
}

/** The answer of `url`. `what` begins the sentence if it cannot be had: "The notes". */
export async function fetchOk(url, what, options = {}) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new Error(`${what} could not be fetched: the server does not answer.`);
  }
  if (!response.ok) {
    throw new Error(`${what} could not be fetched (error ${response.status}).`);
  }
  return response;
}
