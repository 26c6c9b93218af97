/** Toasts: by the event "medweb:toast" {text, level} (htmx: HX-Trigger) or as server HTML. */
import { icon, make, phrase } from "./dom.js";

/** @typedef {"info" | "success" | "warning" | "danger"} Level */

const SHOWN_MS = 6000;

/**
 * Show a toast.
 *
 * @param {string} text
 * @param {Level} [level] warnings and dangers stay until dismissed
 */
export function showToast(text, level = "info") {
  const close = make(
    "button",
    { type: "button", class: "button button--quiet button--icon button--small", "data-dismiss": true },
    icon("close", "small"),
    make("span", { class: "sr-only" }, phrase("dismiss")),
  );
  const element = make(
    "div",
    { class: `toast toast--${level}`, "data-level": level, ...(level === "danger" ? { role: "alert" } : {}) },
    icon(level),
    make("p", { class: "toast__text" }, text),
    close,
  );
  toast(element);
  document.getElementById("toasts")?.append(element);
}

/** @param {HTMLElement} element a .toast, from the server or from showToast */
export function toast(element) {
  element.querySelector("[data-dismiss]")?.addEventListener("click", () => element.remove());
  if (!["info", "success"].includes(element.dataset.level ?? "info")) return;
  let timer = 0;
  const start = () => {
    timer = window.setTimeout(() => element.remove(), SHOWN_MS);
  };
  // Nobody should lose a message while reading it.
  for (const stop of ["pointerenter", "focusin"]) element.addEventListener(stop, () => window.clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"]) {
    element.addEventListener(go, () => {
      window.clearTimeout(timer);
      start();
    });
  }
  start();
}

/** Listen for toasts asked for by responses and by other modules. */
export function listenForToasts() {
  document.addEventListener("medweb:toast", (event) => {
    const detail = /** @type {CustomEvent<{text?: string, level?: Level}>} */ (event).detail;
    if (detail?.text) showToast(detail.text, detail.level);
  });
}
