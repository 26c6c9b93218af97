/**
 * A button that opens a sheet of more buttons and fields above the page, where no scrolling row can cut it off.
 * @typedef {import("./icons.js").IconName} IconName
 * @typedef {{icon: IconName|Node, label: string, shortcut?: string, action: () => void, stays?: boolean}} Item
 */
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** Css pixels between the button and its sheet, and between the sheet and the edge of the window. */
const GAP = 6;

/** Room left for the sheet below the button, or above it when there is more. @param {HTMLElement} button @param {HTMLElement} sheet */
function place(button, sheet) {
  const anchor = button.getBoundingClientRect();
  const { width, height } = sheet.getBoundingClientRect();
  const below = window.innerHeight - anchor.bottom - GAP;
  const top = height <= below || below > anchor.top ? anchor.bottom + GAP : anchor.top - GAP - height;
  sheet.style.setProperty("left", `${Math.max(GAP, Math.min(anchor.left, window.innerWidth - width - GAP))}px`);
  sheet.style.setProperty("top", `${Math.max(GAP, Math.min(top, window.innerHeight - height - GAP))}px`);
}

/**
 * @param {HTMLButtonElement} button opens it
 * @param {string} label
 * @param {(Node|null)[]} children
 */
export function createSheet(button, label, ...children) {
  const sheet = h("div", { class: "viewer-sheet", popover: "auto", role: "group", "aria-label": label }, ...children);
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-haspopup", "true");
  button.popoverTargetElement = sheet;
  const enabled = () =>
    [.../** @type {NodeListOf<HTMLButtonElement|HTMLInputElement|HTMLSelectElement>} */ (sheet.querySelectorAll("button, input, select"))].filter(
      (item) => !item.disabled && item.checkVisibility(),
    );
  sheet.addEventListener("toggle", (event) => {
    const open = /** @type {ToggleEvent} */ (event).newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    place(button, sheet);
    enabled()[0]?.focus();
  });
  // Keys pressed in here are not the image's; the arrows walk through the buttons.
  sheet.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step === undefined || !(event.target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const all = enabled();
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  });
  return sheet;
}

/** A line of a sheet. It closes the sheet unless it `stays`. @param {Item} item */
export function createItem({ icon: name, label, shortcut = "", action, stays = false }) {
  const key = h("kbd", {}, shortcut);
  key.hidden = shortcut === "";
  const element = h("button", { type: "button", class: "viewer-item", "aria-keyshortcuts": shortcut || null }, typeof name === "string" ? icon(name) : name, h("span", {}, label), key);
  element.addEventListener("click", () => {
    action();
    if (stays) return;
    const sheet = element.closest("[popover]");
    if (sheet instanceof HTMLElement) sheet.hidePopover();
  });
  return element;
}
