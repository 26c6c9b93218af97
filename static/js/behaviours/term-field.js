/**
 * data-behaviour="term-field" on a text input: known terms while one types. The key of the one that was chosen goes into
 * the hidden input beside it (data-term-input, or the name with "_term"); typing on makes it plain words again.
 */
import { attachCombobox, findTerms } from "../terms/combobox.js";
import { make } from "./dom.js";

let count = 0;

/** @param {HTMLElement} element */
export function termField(element) {
  const field = /** @type {HTMLInputElement} */ (element);
  const form = field.closest("form");
  const url = field.dataset.termsUrl ?? form?.dataset.termsUrl;
  if (!form || !url) return;
  const list = make("ul", { class: "terms", role: "listbox", id: `terms-${++count}`, "aria-label": form.dataset.termsName ?? "" });
  const status = make("span", { class: "sr-only", role: "status" });
  const code = make("span", { class: "terms__code" });
  field.after(list, status, code);
  field.parentElement?.classList.add("terms-host");

  /** The input for the key: in the same row, or in the form. */
  const key = () => {
    const name = field.dataset.termInput ?? field.name.replace(/_text$/, "_term");
    const scope = field.closest("li") ?? form;
    return /** @type {HTMLInputElement | null} */ (scope.querySelector(`input[type=hidden][name="${name}"]`));
  };

  /** @param {string} text */
  const named = (text) => (/** @type {HTMLElement} */ (form).dataset.termChosen ?? "{term}").replace("{term}", text);

  field.addEventListener("input", () => {
    const hidden = key();
    if (hidden) hidden.value = "";
    code.textContent = "";
  });
  attachCombobox(field, {
    list,
    find: (words) => findTerms(url, words),
    row: (term) => [
      make("span", {}, term.matched ? `${term.matched} – ${term.display}` : term.display),
      make("span", { class: "terms__code" }, term.system === "local" ? "" : `${term.system_display ?? term.system} ${term.code}`),
    ],
    choose: (term) => {
      field.value = term.display;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      const hidden = key();
      if (hidden) hidden.value = String(term.id ?? "");
      code.textContent = term.system === "local" ? "" : `${term.system_display ?? term.system} ${term.code}`;
      status.textContent = named(`${term.display} ${code.textContent}`.trim());
      field.dispatchEvent(new Event("change", { bubbles: true }));
    },
    said: (n) => (status.textContent = (form.dataset.termsFound ?? "").replace("{n}", String(n))),
  });
}
