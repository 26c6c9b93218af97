/** "@" in a text field: which name is being typed, and a list of people below the field to choose from. */
import { make, phrase } from "./dom.js";

/** @typedef {{name: string, words: string}} Person */

/** Milliseconds without a key after which the server is asked. */
const QUIET_MS = 150;
let count = 0;

/**
 * The name that is being typed before the caret, or null.
 *
 * @param {string} text up to the caret
 * @returns {string | null}
 */
export function begunName(text) {
  return /(?:^|[^\p{L}\p{N}_@.+-])@([\p{L}\p{N}_.+-][\p{L}\p{N}_@.+-]{0,59}|)$/u.exec(text)?.[1] ?? null;
}

/**
 * Text and caret after the name that is being typed before the caret became `name`.
 *
 * @param {string} text
 * @param {number} caret
 * @param {string} name
 * @returns {{text: string, caret: number}}
 */
export function withName(text, caret, name) {
  const begun = begunName(text.slice(0, caret)) ?? "";
  const head = `${text.slice(0, caret - begun.length)}${name} `;
  return { text: head + text.slice(caret).replace(/^ /, ""), caret: head.length };
}

/**
 * A list of people below a text field, after the pattern of the combobox (WAI-ARIA APG).
 *
 * @param {HTMLTextAreaElement} field
 * @param {string} url
 */
export function offerPeople(field, url) {
  const list = make("ul", { class: "talk__people", role: "listbox", id: `talk-people-${++count}`, "aria-label": phrase("people-to-name") });
  list.hidden = true;
  field.after(list);
  for (const [name, value] of Object.entries({ "aria-autocomplete": "list", "aria-controls": list.id })) field.setAttribute(name, value);
  /** @type {Person[]} */
  let found = [];
  let active = -1;
  let timer = 0;
  let asked = "";

  function close() {
    window.clearTimeout(timer);
    asked = "";
    active = -1;
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  function point(index) {
    active = index;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    const option = list.children[index];
    if (!option) return;
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  /** @param {Person} person */
  function choose(person) {
    close();
    const { text, caret } = withName(field.value, field.selectionStart, person.name);
    field.value = text;
    field.setSelectionRange(caret, caret);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {string} begun */
  async function ask(begun) {
    asked = begun;
    try {
      const answer = await fetch(`${url}?q=${encodeURIComponent(begun)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const { people } = /** @type {{people: Person[]}} */ (await answer.json());
      // Something else is typed by now, or the field was left.
      if (asked !== begun || begunName(field.value.slice(0, field.selectionStart)) !== begun) return;
      found = people;
      list.replaceChildren(
        ...found.map((person, i) =>
          make("li", { role: "option", id: `${list.id}-${i}`, "aria-selected": "false" }, make("strong", {}, `@${person.name}`), ` ${person.words}`),
        ),
      );
      list.hidden = found.length === 0;
      if (found.length > 0) point(0);
    } catch (error) {
      console.warn("people could not be fetched", error);
      close();
    }
  }

  function look() {
    window.clearTimeout(timer);
    const begun = begunName(field.value.slice(0, field.selectionStart));
    if (begun === null) return close();
    timer = window.setTimeout(() => void ask(begun), QUIET_MS);
  }

  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) point((active + step + found.length) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(found[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  field.addEventListener("blur", close);
  // The field keeps the focus.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    const person = option ? found[[...list.children].indexOf(option)] : undefined;
    if (person) choose(person);
  });
  // Somebody writes already: this script comes when the page has long been there.
  if (document.activeElement === field) look();
}
