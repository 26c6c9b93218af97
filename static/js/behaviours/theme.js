/** data-behaviour="theme": a button that goes round system, light and dark. */
import { changeIcon, keep, kept, phrase } from "./dom.js";

const KEY = "medweb:theme";
const ROUND = /** @type {const} */ (["auto", "light", "dark"]);
const ICONS = { auto: "auto", light: "sun", dark: "moon" };

/** @returns {"auto" | "light" | "dark"} */
function current() {
  const theme = kept("localStorage", KEY);
  return theme === "light" || theme === "dark" ? theme : "auto";
}

/** @param {HTMLElement} button */
export function theme(button) {
  const show = () => {
    const now = current();
    if (now === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    changeIcon(button.querySelector("svg"), ICONS[now]);
    const words = button.querySelector("[data-words]");
    if (words) words.textContent = phrase(`theme-${now}`);
    button.title = phrase(`theme-${now}`);
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = ROUND[(ROUND.indexOf(current()) + 1) % ROUND.length];
    keep("localStorage", KEY, next === "auto" ? null : next);
    show();
  });
  // Another tab may have changed it.
  window.addEventListener("storage", (event) => event.key === KEY && show());
  show();
}
