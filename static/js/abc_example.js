// <abc-example> round a button that puts the example above it into the field for ABC.

class AbcExample extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    const field = document.getElementById("id_abc");
    button.addEventListener("click", () => {
      field.value = field.placeholder;
      field.focus();
    });
    this.hidden = false;
  }
}

customElements.define("abc-example", AbcExample);
