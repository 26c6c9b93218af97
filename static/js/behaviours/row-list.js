/**
 * data-behaviour="row-list": rows of inputs that are added, moved and removed by button or key. Enter in a row adds the
 * next one, Alt with an arrow moves it, lines that are pasted become rows.
 */
import { attach } from "./main.js";

/** @param {HTMLElement} group */
export function rowList(group) {
  const rows = group.querySelector("ol");
  const template = group.querySelector("template");
  const told = group.querySelector("[data-row-told]");
  if (!(rows instanceof HTMLOListElement) || !template || !(told instanceof HTMLElement)) return;
  const list = rows;

  /** @param {Element | null | undefined} row */
  const firstInput = (row) => /** @type {HTMLInputElement | null} */ (row?.querySelector("input:not([type=hidden])") ?? null);

  /** @param {"moved" | "removed" | "added"} what @param {number} n */
  function tell(what, n) {
    /** @type {HTMLElement} */ (told).textContent = (/** @type {HTMLElement} */ (told).dataset[what] ?? "").replace("{n}", String(n));
  }

  const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));

  /** @param {Element | null} after null: at the end */
  function add(after) {
    const row = /** @type {HTMLElement} */ (/** @type {HTMLTemplateElement} */ (template).content.firstElementChild?.cloneNode(true));
    if (after) after.after(row);
    else list.append(row);
    attach(row);
    return row;
  }

  /** @param {Element} row @param {number} step */
  function move(row, step) {
    const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    const focused = document.activeElement;
    if (step < 0) other.before(row);
    else other.after(row);
    // Moving an element takes the focus from what is in it.
    if (focused instanceof HTMLElement && row.contains(focused)) focused.focus();
    tell("moved", [...list.children].indexOf(row) + 1);
    changed();
  }

  /** @param {Element} row */
  function remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    if (list.children.length === 0) add(null);
    firstInput(next ?? list.firstElementChild)?.focus();
    tell("removed", list.children.length);
    changed();
  }

  /** @param {Element | null} after */
  function addAndGo(after) {
    const next = firstInput(after?.nextElementSibling);
    if (next && next.value === "") return next.focus();
    const row = add(after);
    firstInput(row)?.focus();
    tell("added", [...list.children].indexOf(row) + 1);
  }

  group.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-row]") : null;
    if (!(button instanceof HTMLElement)) return;
    const row = button.closest("li");
    const what = button.dataset.row;
    if (what === "add") {
      // An empty last row is what was asked for.
      const last = firstInput(list.lastElementChild);
      if (last && last.value === "") last.focus();
      else addAndGo(null);
    } else if (row && what === "remove") remove(row);
    else if (row) {
      move(row, what === "up" ? -1 : 1);
      button.focus();
    }
  });
  list.addEventListener("keydown", (event) => {
    const row = event.target instanceof Element ? event.target.closest("li") : null;
    if (!row || !(event.target instanceof HTMLInputElement)) return;
    if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
      event.preventDefault();
      move(row, event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Enter" && !event.defaultPrevented) {
      // Not the whole form: one more line is what the key means in a list.
      event.preventDefault();
      const inputs = [...row.querySelectorAll("input:not([type=hidden])")];
      const next = inputs[inputs.indexOf(event.target) + 1];
      if (next instanceof HTMLElement) next.focus();
      else addAndGo(row);
    }
  });
  list.addEventListener("paste", (event) => {
    const input = event.target;
    const lines = (event.clipboardData?.getData("text/plain") ?? "").split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
    if (!(input instanceof HTMLInputElement) || lines.length < 2) return;
    event.preventDefault();
    let row = /** @type {Element} */ (input.closest("li"));
    for (const [n, line] of lines.entries()) {
      if (n > 0 || input.value) row = add(row);
      const field = firstInput(row);
      if (field) field.value = line;
    }
    tell("added", list.children.length);
    changed();
  });
  list.closest("form")?.addEventListener("medweb:rows-wanted", (event) => {
    const name = firstInput(/** @type {Element} */ (/** @type {HTMLTemplateElement} */ (template).content.firstElementChild))?.name ?? "";
    const wanted = /** @type {CustomEvent<string[]>} */ (event).detail.filter((key) => key.split("#")[0] === name).length;
    while (list.children.length < wanted) add(null);
  });
}
