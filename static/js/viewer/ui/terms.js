/**
 * Terms to choose from while a label is typed: a combobox with a list (WAI-ARIA APG), fetched with the first visit of
 * the field.
 * @typedef {import("../types.js").Host} Host
 * @typedef {{system: string, code: string, display: string}} Term
 */
import { codeText, labelColor } from "../labels.js";
import { selectedShapes } from "../selection.js";
import { chooseLabel, replaceShapes } from "../tools/commands.js";
import { h, put } from "./dom.js";

/** Milliseconds without a key after which the server is asked. */
const QUIET = 200;
/** Longest wording of a label. */
const LONGEST = 64;
let count = 0;

/**
 * Choose a coded term: from now on it is a label like the others.
 * @param {Host} host @param {Term} term
 */
export function chooseTerm(host, term) {
  const label = term.display.slice(0, LONGEST);
  const code = `${term.system}:${term.code}`;
  const known = host.labels.find((one) => one.label === label);
  if (known) known.term = code;
  else host.labels.push({ code, label, color: labelColor([], label), term: code });
  chooseLabel(host, label);
  // The same words may stand there as somebody's own.
  const { state } = host;
  const bare = state.tool === "select" && state.canDraw ? selectedShapes(state).filter((shape) => shape.label === label && shape.code !== code) : [];
  if (bare.length > 0) replaceShapes(host, bare.map((shape) => ({ ...shape, code })));
  host.say(`${host.t("label")}: ${label}, ${codeText(code)}`);
}

/**
 * @param {Host} host
 * @param {HTMLInputElement} field
 * @param {string} url of the terms
 */
export function attachTerms(host, field, url) {
  const { t } = host;
  const list = h("ul", { class: "viewer-terms", role: "listbox", id: `viewer-terms-${++count}`, "aria-label": t("terms") });
  list.hidden = true;
  field.after(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) put(field, name, value);
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
    put(field, "aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index -1: none, what is typed counts */
  function point(index) {
    active = index;
    [...list.children].forEach((option, i) => put(option, "aria-selected", i === index));
    const option = list.children[index];
    if (!option) return field.removeAttribute("aria-activedescendant");
    put(field, "aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  /** @param {Term} term */
  function choose(term) {
    close();
    field.value = term.display.slice(0, LONGEST);
    chooseTerm(host, term);
  }

  function show() {
    list.replaceChildren(
      ...found.map((term, i) =>
        h("li", { role: "option", id: `${list.id}-${i}`, "aria-selected": "false" }, h("span", {}, term.display), h("span", { class: "viewer-code" }, codeText(`${term.system}:${term.code}`))),
      ),
    );
    list.hidden = found.length === 0;
    put(field, "aria-expanded", found.length > 0);
    point(-1);
    host.say(t("termsFound", { n: found.length }), false);
  }

  async function ask() {
    const words = field.value.trim();
    if (words.length < 2) return close();
    asked = words;
    try {
      const answer = await fetch(`${url}?q=${encodeURIComponent(words)}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const { results } = await answer.json();
      // Something else is typed by now, or the field was left.
      if (asked !== words) return;
      found = results.filter((/** @type {Term} */ term) => term.system !== "local").slice(0, 12);
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
    if (step !== undefined) {
      event.preventDefault();
      if (list.hidden) void ask();
      else point(active + step < -1 ? found.length - 1 : active + step >= found.length ? -1 : active + step);
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      choose(found[active]);
    } else if (event.key === "Enter") {
      close();
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  field.addEventListener("blur", close);
  // The field keeps the focus, or leaving it would take what is half typed for a label.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    const term = option ? found[[...list.children].indexOf(option)] : undefined;
    if (term) choose(term);
  });
}
