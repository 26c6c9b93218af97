/**
 * @typedef {import("../strings.js").Translate} Translate
 * @typedef {import("../strings.js").StringKey} StringKey
 */
import { h } from "./dom.js";

/**
 * A modal question. Escape gives the last answer when it may be left, and nothing otherwise.
 * @template T
 * @param {HTMLElement} parent inside of it, so that it is seen in full screen
 * @param {string} title
 * @param {(Node|string)[]} body
 * @param {{text: string, value: T, main?: boolean}[]} answers
 * @param {boolean} leave
 * @returns {Promise<T>}
 */
export function ask(parent, title, body, answers, leave) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "viewer-dialog", "aria-label": title });
    /** @param {T} value */
    const finish = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    dialog.append(
      h("h2", {}, title),
      ...body,
      h(
        "div",
        { class: "viewer-answers" },
        ...answers.map(({ text, value, main }) =>
          h("button", { type: "button", class: `viewer-action${main ? " is-main" : ""}`, onclick: () => finish(value) }, text),
        ),
      ),
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (leave) finish(answers[answers.length - 1].value);
    });
    // Keys pressed in here are not the image's.
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    parent.append(dialog);
    dialog.showModal();
  });
}

/** @type {[string, StringKey, boolean][]} keys, meaning, only when drawing */
const SHORTCUTS = [
  ["↑ ↓  Page↑ Page↓", "keyFrames", false],
  ["Home End", "keyEnds", false],
  ["W S H Z", "keyTools", false],
  ["+ − 0 1", "keyZoom", false],
  ["Shift+↑↓←→", "keyPan", false],
  ["[ ]", "keyPresets", false],
  ["I  A", "keyGrey", false],
  ["V P B E G F L", "keyDraw", true],
  ["↑↓←→", "keyPlace", true],
  ["Enter", "keyEnter", true],
  ["K", "keyVertex", true],
  ["Delete", "keyDelete", true],
  ["Ctrl+Z  Ctrl+Shift+Z", "keyUndo", true],
  ["Esc", "keyEscape", false],
];

/** @param {HTMLElement} parent @param {Translate} t @param {boolean} canDraw */
export function showShortcuts(parent, t, canDraw) {
  const rows = SHORTCUTS.filter(([, , drawing]) => canDraw || !drawing).flatMap(([keys, meaning]) => [
    h("dt", {}, ...keys.split("  ").map((key) => h("kbd", {}, key))),
    h("dd", {}, t(meaning)),
  ]);
  return ask(parent, t("help"), [h("dl", { class: "viewer-keys" }, ...rows)], [{ text: t("close"), value: null, main: true }], true);
}
