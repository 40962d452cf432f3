// A star is lit without leaving the page. Without scripts, or when something goes wrong,
// its form is sent as forms are.

for (const form of document.querySelectorAll("form[data-star]")) {
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(form);
    body.set(button.name, button.value);
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body,
        headers: { Accept: "application/json" },
      });
      if (!response.ok) throw new Error(response.statusText);
      const isLit = button.value === "yes";
      button.setAttribute("aria-pressed", String(isLit));
      button.value = isLit ? "no" : "yes";
    } catch {
      form.removeAttribute("data-star");
      const value = document.createElement("input");
      Object.assign(value, { type: "hidden", name: button.name, value: button.value });
      form.append(value);
      form.submit();
    }
  });
}
