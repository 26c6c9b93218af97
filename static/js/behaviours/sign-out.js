/**
 * What the viewer keeps on this device (viewer/live/kept.js) belongs to a person and goes when that person signs
 * out; what is not saved yet is not thrown away without a question.
 */
import { phrase } from "./dom.js";

const HEAD = "medweb:kept:";

/** @param {HTMLFormElement} form @returns {string[]} */
function keysOf(form) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(`${HEAD}${form.dataset.signsOut}:`));
  } catch (error) {
    console.info("this browser keeps nothing:", error);
    return [];
  }
}

/** Wire the page once, before the dialogs: they ask what is put on the form here. */
export function listenForSignOut() {
  /** @param {Event} event @returns {HTMLFormElement | null} */
  const formOf = ({ target }) => (target instanceof HTMLFormElement && target.dataset.signsOut ? target : null);
  document.addEventListener(
    "submit",
    (event) => {
      const form = formOf(event);
      if (!form) return;
      // It may have been saved since the question was last asked.
      delete form.dataset.confirm;
      if (keysOf(form).length === 0) return;
      form.dataset.confirm = phrase("unsaved-drawings");
      form.dataset.confirmLabel = phrase("sign-out");
      form.setAttribute("data-confirm-danger", "");
    },
    { capture: true },
  );
  document.addEventListener("submit", (event) => {
    const form = formOf(event);
    if (!form || event.defaultPrevented) return;
    // The viewer of this page must not write it again on its way out.
    document.dispatchEvent(new CustomEvent("medweb:signs-out"));
    for (const key of keysOf(form)) localStorage.removeItem(key);
  });
}
