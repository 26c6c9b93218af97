/** data-behaviour="copy" data-copy="text": a button that copies, for API keys and citations. */
import { phrase } from "./dom.js";
import { showToast } from "./toast.js";

/** @param {HTMLElement} button */
export function copy(button) {
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(button.dataset.copy ?? "").then(
      () => showToast(phrase("copied"), "success"),
      () => showToast(phrase("request-failed"), "warning"),
    );
  });
}
