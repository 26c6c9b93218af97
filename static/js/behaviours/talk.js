/**
 * data-behaviour="talk" around the talk of a case: what is half written stays in sight when the list is re-read,
 * and "@" in a field with data-mentions offers people (data-people-url: GET ?q= -> {people: [{name, words}]}).
 */
import { autosaveForm } from "./autosave-form.js";
import { offerPeople } from "./mentions.js";

/** @param {HTMLElement} element */
function talk(element) {
  const url = element.dataset.peopleUrl ?? "";
  /** @type {WeakSet<Element>} */
  const known = new WeakSet();
  const attach = () => {
    for (const field of element.querySelectorAll("textarea[data-mentions]")) {
      if (!(field instanceof HTMLTextAreaElement) || known.has(field)) continue;
      known.add(field);
      // The list of one field is made when somebody begins to write there.
      if (document.activeElement === field) offerPeople(field, url);
      else field.addEventListener("focus", () => offerPeople(field, url), { once: true });
      const fold = field.closest("details");
      if (fold && field.value !== field.defaultValue) fold.open = true;
    }
  };
  attach();
  // The list of threads is re-read by itself; autosave-form has filled its forms by then.
  element.addEventListener("htmx:load", () => window.setTimeout(attach));
}

/**
 * The script that fetches this one hands over its `teach`: a circle of files cannot be hashed by the static files
 * storage.
 * @param {(name: string, behaviour: (element: HTMLElement) => void) => void} teach
 */
export function begin(teach) {
  teach("autosave-form", autosaveForm);
  teach("talk", talk);
}
