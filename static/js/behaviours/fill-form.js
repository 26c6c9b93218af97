/**
 * A button that fills a form: data-fills="id of the form", data-fill-<field>="value" for each field.
 * Focus goes to the form's submit button, so that Enter goes on.
 */
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-fills]") : null;
  if (!(button instanceof HTMLElement)) return;
  const form = document.getElementById(button.dataset.fills ?? "");
  if (!(form instanceof HTMLFormElement)) return;
  for (const { name, value } of button.attributes) {
    const field = name.startsWith("data-fill-") ? form.elements.namedItem(name.slice("data-fill-".length)) : null;
    if (!(field instanceof HTMLInputElement)) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  /** @type {HTMLElement | null} */ (form.querySelector('[type="submit"]'))?.focus();
});

export {};
