/**
 * data-behaviour="autosave-form": what was typed survives a reload, a crash of the tab or an ended session.
 * It is kept in sessionStorage, under the path and data-autosave-key, until the form was submitted well:
 * the answer is a redirect to a page (any other path) or an htmx success.
 */
import { FORM_SENT, keep, kept, phrase } from "./dom.js";
import { showToast } from "./toast.js";

const SECRET = "[type=password], [type=file], [type=hidden], [data-autosave=off], [name=csrfmiddlewaretoken]";
const PREFIX = "medweb:form:";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

/**
 * @param {HTMLFormElement} form
 * @returns {Control[]}
 */
function controls(form) {
  return /** @type {Control[]} */ (
    [...form.elements].filter((c) => c.matches("input, textarea, select") && !c.matches(SECRET) && "name" in c && c.name)
  );
}

/**
 * @param {Control} control
 * @returns {string | boolean | string[]}
 */
function read(control) {
  if (control instanceof HTMLInputElement && ["checkbox", "radio"].includes(control.type)) return control.checked;
  if (control instanceof HTMLSelectElement && control.multiple) return [...control.selectedOptions].map((o) => o.value);
  return control.value;
}

/**
 * @param {Control} control
 * @param {string | boolean | string[]} value
 */
function write(control, value) {
  if (typeof value === "boolean") /** @type {HTMLInputElement} */ (control).checked = value;
  else if (Array.isArray(value)) {
    for (const option of /** @type {HTMLSelectElement} */ (control).options) option.selected = value.includes(option.value);
  } else control.value = value;
}

/**
 * Controls by what they are kept under: those of one name, as in rows, by their number too.
 * @param {HTMLFormElement} form
 * @returns {Map<string, Control>}
 */
function named(form) {
  /** @type {Map<string, Control>} */
  const found = new Map();
  for (const control of controls(form)) {
    const ticked = control instanceof HTMLInputElement && ["checkbox", "radio"].includes(control.type);
    const name = ticked ? `${control.name}=${control.value}` : control.name;
    let [key, number] = [name, 0];
    while (found.has(key)) key = `${name}#${++number}`;
    found.set(key, control);
  }
  return found;
}

/** @param {HTMLElement} element */
export function autosaveForm(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  const key = PREFIX + window.location.pathname + (form.dataset.autosaveKey ?? "");
  // A page that shows errors already holds what was typed.
  const rejected = form.querySelector('[aria-invalid="true"]') !== null;
  const stored = kept("sessionStorage", key);
  if (stored && !rejected) {
    const values = /** @type {Record<string, string | boolean | string[]>} */ (JSON.parse(stored));
    // Rows that were there when it was kept.
    form.dispatchEvent(new CustomEvent("medweb:rows-wanted", { detail: Object.keys(values) }));
    const changed = [...named(form)].filter(([name, c]) => name in values && String(read(c)) !== String(values[name]));
    for (const [name, control] of changed) write(control, values[name]);
    if (changed.length) {
      form.dispatchEvent(new Event("input", { bubbles: true }));
      // A piece that re-reads itself brings its forms back again and again.
      if (form.dataset.autosaveQuiet === undefined) showToast(phrase("kept"), "info");
    }
  }
  const save = () => {
    const values = Object.fromEntries([...named(form)].map(([name, control]) => [name, read(control)]));
    keep("sessionStorage", key, JSON.stringify(values));
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
  for (const done of ["reset", "medweb:form-kept"]) form.addEventListener(done, () => keep("sessionStorage", key, null));
  form.addEventListener("submit", () => keep("sessionStorage", FORM_SENT, key));
  form.addEventListener("htmx:afterRequest", (event) => {
    const { detail } = /** @type {CustomEvent<{successful: boolean}>} */ (event);
    if (detail.successful) keep("sessionStorage", key, null);
    // The page stays, so what is typed after this was not sent.
    keep("sessionStorage", FORM_SENT, null);
  });
}

/** After a plain submit: another page came, so the form was taken; the same path again means errors. */
export function forgetSentForm() {
  const key = kept("sessionStorage", FORM_SENT);
  if (!key) return;
  keep("sessionStorage", FORM_SENT, null);
  const signIn = document.querySelector('meta[name="sign-in-url"]')?.getAttribute("content");
  if (window.location.pathname === signIn) return;
  const errors = document.querySelector('[aria-invalid="true"], .field__errors, .callout--danger');
  if (!errors) keep("sessionStorage", key, null);
}
