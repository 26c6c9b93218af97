/**
 * Asks for the words that stand on an image.
 * @typedef {import("../strings.js").Translate} Translate
 */
import { ask } from "./dialogs.js";
import { h } from "./dom.js";

/**
 * @param {HTMLElement} parent
 * @param {Translate} t
 * @param {string} title
 * @param {string} words what stands there now
 * @returns {Promise<string>} "" when the person leaves it
 */
export async function askWords(parent, t, title, words) {
  const field = h("input", { type: "text", class: "viewer-text", maxlength: "120", "aria-label": t("words"), autocomplete: "off", value: words });
  const answers = [
    { text: t("keep"), value: true, main: true },
    { text: t("cancel"), value: false },
  ];
  const answered = ask(parent, title, [field], answers, true);
  field.focus();
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const keep = field.closest("dialog")?.querySelector(".is-main");
    if (keep instanceof HTMLElement) keep.click();
  });
  return (await answered) ? field.value : "";
}
