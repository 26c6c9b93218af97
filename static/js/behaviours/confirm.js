/**
 * Dialogs. data-opens="id" opens a <dialog>, data-closes closes the one around it, and
 * data-confirm="sentence" on a link, button or form asks before it goes on
 * (data-confirm-label names the button, data-confirm-danger colours it).
 */
import { phrase } from "./dom.js";

/**
 * @param {string} sentence
 * @param {{label?: string, danger?: boolean}} [look]
 * @returns {Promise<boolean>}
 */
export function ask(sentence, look = {}) {
  const dialog = document.getElementById("confirm-dialog");
  const text = document.getElementById("confirm-text");
  const button = dialog?.querySelector("[data-confirm-button]");
  if (!(dialog instanceof HTMLDialogElement) || !text || !button) return Promise.resolve(window.confirm(sentence));
  text.textContent = sentence;
  button.textContent = look.label || phrase("continue");
  button.classList.toggle("button--danger", Boolean(look.danger));
  button.classList.toggle("button--primary", !look.danger);
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
  });
}

/** @param {HTMLElement} element */
const look = (element) => ({
  label: element.dataset.confirmLabel,
  danger: element.hasAttribute("data-confirm-danger"),
});

/**
 * The form to send: a live page may have read its region anew while the question stood there, and a form that
 * is no longer in the page sends nothing.
 *
 * @param {HTMLFormElement} form
 * @returns {HTMLFormElement | null} null when there is nothing left to confirm
 */
function ofNow(form) {
  if (form.isConnected) return form;
  const address = form.getAttribute("action");
  const forms = /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-confirm]"));
  return [...forms].find((other) => other.getAttribute("action") === address) ?? null;
}

/** @type {WeakSet<Element>} */
const confirmed = new WeakSet();

/** Wire all dialogs of the page once, by delegation. */
export function listenForDialogs() {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.getAttribute("data-opens") ?? "");
      if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
    }
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    // A click on the backdrop has the dialog itself as its target.
    if (event.target instanceof HTMLDialogElement && event.target.open) {
      const box = event.target.getBoundingClientRect();
      const inside =
        event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) event.target.close();
    }
  });

  // Capture: before the browser or htmx act on it.
  document.addEventListener(
    "click",
    (event) => {
      if (!(event.target instanceof Element)) return;
      const blocked = event.target.closest('[aria-disabled="true"]');
      if (blocked) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      const element = event.target.closest("a[data-confirm], button[data-confirm]");
      if (!(element instanceof HTMLElement) || confirmed.delete(element)) return;
      event.preventDefault();
      event.stopPropagation();
      void ask(element.dataset.confirm ?? "", look(element)).then((yes) => {
        if (!yes) return;
        confirmed.add(element);
        element.click();
      });
    },
    { capture: true },
  );
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!(form instanceof HTMLFormElement) || !form.dataset.confirm || confirmed.delete(form)) return;
      event.preventDefault();
      event.stopPropagation();
      const submitter = event.submitter;
      void ask(form.dataset.confirm, look(form)).then((yes) => {
        const current = yes ? ofNow(form) : null;
        if (!current) return;
        confirmed.add(current);
        current.requestSubmit(submitter instanceof HTMLButtonElement && submitter.form === current ? submitter : null);
      });
    },
    { capture: true },
  );
}
