/**
 * A text field with a list of what may be meant: a combobox (WAI-ARIA APG) whose list is asked for while one types.
 * What is typed counts until something is chosen.
 * @typedef {{id?: number, system: string, code: string, display: string, system_display?: string, matched?: string}} Term
 */

/** Milliseconds without a key after which the server is asked. */
const QUIET = 200;
/** Entries of the list. */
const MOST = 12;

/**
 * @param {string} url of the terms
 * @param {string} words
 * @param {(term: Term) => boolean} wanted
 * @returns {Promise<Term[]>}
 */
export async function findTerms(url, words, wanted = () => true) {
  const asked = `${url}${url.includes("?") ? "&" : "?"}q=${encodeURIComponent(words)}`;
  const answer = await fetch(asked, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const { results } = await answer.json();
  return results.filter(wanted).slice(0, MOST);
}

/**
 * @param {HTMLInputElement} field
 * @param {object} options
 * @param {HTMLElement} options.list empty, with an id, role="listbox" and a name; it stands after the field
 * @param {(words: string) => Promise<Term[]>} options.find
 * @param {(term: Term) => Node[]} options.row what an entry shows
 * @param {(term: Term) => void} options.choose
 * @param {(count: number) => void} options.said tell how many were found
 */
export function attachCombobox(field, { list, find, row, choose, said }) {
  list.hidden = true;
  const names = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(names)) field.setAttribute(name, value);
  /** @type {Term[]} */
  let found = [];
  let active = -1;
  let waiting = 0;
  let asked = "";

  function close() {
    window.clearTimeout(waiting);
    asked = "";
    list.hidden = true;
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index -1: none, what is typed counts */
  function point(index) {
    active = index;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    const option = list.children[index];
    if (!option) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  /** @param {Term} term */
  function take(term) {
    close();
    choose(term);
  }

  function show() {
    list.replaceChildren(
      ...found.map((term, i) => {
        const option = document.createElement("li");
        option.setAttribute("role", "option");
        option.id = `${list.id}-${i}`;
        option.append(...row(term));
        return option;
      }),
    );
    list.hidden = found.length === 0;
    field.setAttribute("aria-expanded", String(found.length > 0));
    point(-1);
    said(found.length);
  }

  async function ask() {
    const words = field.value.trim();
    if (words.length < 2) return close();
    asked = words;
    try {
      const terms = await find(words);
      // Something else is typed by now, or the field was left.
      if (asked !== words) return;
      found = terms;
      show();
    } catch (error) {
      console.warn("terms could not be fetched", error);
      close();
    }
  }

  field.addEventListener("input", () => {
    asked = "";
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void ask(), QUIET);
  });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && !event.altKey) {
      event.preventDefault();
      if (list.hidden) void ask();
      else point(active + step < -1 ? found.length - 1 : active + step >= found.length ? -1 : active + step);
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      take(found[active]);
    } else if (event.key === "Enter") {
      close();
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  field.addEventListener("blur", close);
  // The field keeps the focus, or leaving it would take what is half typed.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    const term = option ? found[[...list.children].indexOf(option)] : undefined;
    if (term) take(term);
  });
}
