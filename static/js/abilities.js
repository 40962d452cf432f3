// Which buttons of a piece's page work follows from the model that is chosen for them; the
// others say why not, each reason once.

import { el } from "./dom.js";

const select = document.querySelector("select[data-cannot-by-model]");

function show() {
  const [model] = select.selectedOptions;
  const cannot = JSON.parse(model.dataset.cannot);
  const metres = model.dataset.metres.split(" ");
  for (const button of document.querySelectorAll("[data-action=metre]")) {
    button.hidden = !metres.includes(button.value.split(" ")[1]);
  }
  const labels = JSON.parse(select.dataset.labels);
  for (const list of document.querySelectorAll("[data-reasons]")) {
    const scope = list.closest("section");
    const reasons = new Map(); // sentence: the names of what it stands in the way of
    for (const button of scope.querySelectorAll("[data-action]")) {
      const reason = cannot[button.dataset.action] ?? "";
      button.disabled = reason !== "";
      if (!reason) {
        button.removeAttribute("aria-describedby");
        continue;
      }
      const names = reasons.get(reason) ?? new Set();
      reasons.set(reason, names.add(labels[button.dataset.action]));
      const place = [...reasons.keys()].indexOf(reason);
      button.setAttribute("aria-describedby", `why-${list.dataset.reasons}-${place}`);
    }
    list.hidden = reasons.size === 0;
    list.replaceChildren(
      ...[...reasons].map(([sentence, names], place) =>
        el(
          "li",
          { id: `why-${list.dataset.reasons}-${place}` },
          el("strong", {}, `${[...names].join(", ")}:`),
          ` ${sentence}`,
        ),
      ),
    );
  }
}

select?.addEventListener("change", show);
