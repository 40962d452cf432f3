// Sends edited notes to the server, which keeps them as a new piece.

/** The new piece's address. Raises an error with a sentence when nothing was kept. */
export async function saveEdits(form, parts) {
  const body = new FormData(form);
  body.set("notes", JSON.stringify(parts));
  const headers = { Accept: "application/json" };
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body, headers });
  } catch {
    throw new Error("The server does not answer. Your edits are still here: try again.");
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok && told.url) return told.url;
  throw new Error(told.error ?? `It could not be saved (error ${answer.status}).`);
}
