/**
 * data-behaviour="markdown-field": headings to insert into a text, and the text as the page will show it, read from the
 * server while one writes.
 */
import { csrfToken, make } from "./dom.js";
import { attach } from "./main.js";

/** Milliseconds without a key after which the preview is read again. */
const QUIET = 400;

/** @typedef {{key: string, name: string, sections: Record<string, string>}} Template */

/** @returns {Template[]} */
function templates() {
  return JSON.parse(document.getElementById("section-templates")?.textContent ?? "[]");
}

/**
 * @param {HTMLTextAreaElement} field
 * @param {string} text
 */
export function insert(field, text) {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const before = value.slice(0, start);
  const gap = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  field.setRangeText(gap + text, start, end, "end");
  field.focus();
  // The first place to write at.
  const first = start + gap.length + text.split("\n", 1)[0].length;
  field.setSelectionRange(first, first);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {HTMLElement} element */
export function markdownField(element) {
  const field = element.querySelector("textarea");
  const tools = element.querySelector("[data-tools]");
  const button = element.querySelector("[data-preview]");
  const shown = element.querySelector("[data-shown]");
  const form = element.closest("form");
  if (!field || !form || !(tools instanceof HTMLElement) || !(button instanceof HTMLElement) || !(shown instanceof HTMLElement)) return;
  tools.hidden = false;
  tools.prepend(...menuOf(field, form.dataset.insert ?? "", element.querySelector("label")?.textContent?.trim() ?? ""));
  attach(tools);
  let waiting = 0;
  let asked = 0;

  async function read() {
    const turn = ++asked;
    const body = new URLSearchParams({ text: /** @type {HTMLTextAreaElement} */ (field).value });
    shown?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(/** @type {HTMLFormElement} */ (form).dataset.previewUrl ?? "", { method: "POST", body, headers: { "X-CSRFToken": csrfToken() } });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn === asked) shown?.replaceChildren(...page.body.childNodes);
    } catch (error) {
      console.warn("the preview could not be read", error);
      if (turn === asked) shown?.replaceChildren(make("p", { class: "muted" }, /** @type {HTMLFormElement} */ (form).dataset.previewLost ?? ""));
    } finally {
      shown?.removeAttribute("aria-busy");
    }
  }

  button.addEventListener("click", () => {
    shown.hidden = !shown.hidden;
    button.setAttribute("aria-expanded", String(!shown.hidden));
    if (!shown.hidden) void read();
  });
  field.addEventListener("input", () => {
    window.clearTimeout(waiting);
    if (!shown.hidden) waiting = window.setTimeout(() => void read(), QUIET);
  });
}

/**
 * @param {HTMLTextAreaElement} field
 * @param {string} words of the button
 * @param {string} label of the field
 * @returns {HTMLElement[]} none where no template has this section
 */
function menuOf(field, words, label) {
  const fitting = templates().filter(({ sections }) => sections[field.name]);
  // The same text under nine names would be a choice that is none.
  const different = new Map(fitting.map((one) => [one.sections[field.name], one]));
  if (different.size === 0) return [];
  const panel = make("div", { class: "menu__panel" });
  for (const { name, sections } of different.size === 1 ? fitting.slice(0, 1) : fitting) {
    const item = make("button", { class: "menu__item", type: "button" }, different.size === 1 ? words : name);
    item.addEventListener("click", () => {
      item.closest("details")?.removeAttribute("open");
      insert(field, sections[field.name]);
    });
    panel.append(item);
  }
  const name = make("span", { class: "sr-only" }, `: ${label}`);
  if (different.size === 1) {
    const button = make("button", { class: "button button--small button--quiet", type: "button" }, words, name);
    button.addEventListener("click", () => insert(field, fitting[0].sections[field.name]));
    return [button];
  }
  const summary = make("summary", { class: "button button--small button--quiet" }, words, name);
  return [make("details", { class: "menu", "data-behaviour": "menu" }, summary, panel)];
}
