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
