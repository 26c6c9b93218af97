/** Keys: "/" search, "g" + a letter for a place, "j" and "k" through a list, "?" all of them. */
import { isTyping, keep, kept, make, phrase } from "./dom.js";

const OFF = "medweb:shortcuts-off";
const PAUSE_MS = 1200;
const IN_LISTS = ".row__title--cover, .case-card__title a";

/** @returns {Map<string, HTMLAnchorElement>} the letter of each place in the navigation */
function places() {
  /** @type {Map<string, HTMLAnchorElement>} */
  const found = new Map();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".navigation__link"))) {
    const letters = link.dataset.key ?? link.textContent?.trim().toLowerCase().replace(/[^\p{L}]/gu, "") ?? "";
    const free = [...letters].find((letter) => !found.has(letter));
    if (free) found.set(free, link);
  }
  return found;
}

/** @param {1 | -1} step */
function moveInList(step) {
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(IN_LISTS)]);
  if (!links.length) return false;
  const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
  links[to].focus();
  return true;
}

/** Wire the page once. */
export function listenToKeys() {
  const dialog = document.getElementById("shortcuts-dialog");
  if (!(dialog instanceof HTMLDialogElement)) return;
  const list = dialog.querySelector("[data-shortcut-list]");
  for (const [letter, link] of places()) {
    list?.append(
      make("dt", {}, phrase("go-to", { label: link.textContent?.trim() ?? "" })),
      make("dd", {}, make("kbd", {}, "g"), " ", make("kbd", {}, letter)),
    );
  }
  const box = dialog.querySelector("[data-shortcut-switch]");
  if (box instanceof HTMLInputElement) {
    box.checked = kept("localStorage", OFF) === null;
    box.addEventListener("change", () => keep("localStorage", OFF, box.checked ? null : "1"));
  }

  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    // The viewer has its own keys.
    if (event.target instanceof Element && event.target.closest('[data-behaviour~="viewer"]')) return;
    if (kept("localStorage", OFF) !== null) return;

    const place = going && event.timeStamp - going < PAUSE_MS ? places().get(event.key.toLowerCase()) : undefined;
    going = event.key === "g" ? event.timeStamp : 0;
    if (place) place.click();
    else if (event.key === "/") {
      const search = document.getElementById("global-search");
      if (!(search instanceof HTMLInputElement)) return;
      search.focus();
      search.select();
    } else if (event.key === "?") dialog.showModal();
    else if (event.key === "j" || event.key === "k") {
      if (!moveInList(event.key === "j" ? 1 : -1)) return;
    } else return;
    event.preventDefault();
  });
}
