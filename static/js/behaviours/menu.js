/** data-behaviour="menu" on <details>, "drawer" on the menu button of the phone, "fold" on filters. */

/** @param {HTMLElement} element a <details class="menu"> */
export function menu(element) {
  const details = /** @type {HTMLDetailsElement} */ (element);
  const summary = details.querySelector("summary");
  const items = () => /** @type {HTMLElement[]} */ ([...details.querySelectorAll(".menu__item")]);

  details.addEventListener("toggle", () => {
    if (details.open) items()[0]?.focus();
  });
  details.addEventListener("keydown", (event) => {
    if (!details.open) return;
    if (event.key === "Escape") {
      details.open = false;
      summary?.focus();
      event.stopPropagation();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const all = items();
      const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      all[(at + step + all.length) % all.length]?.focus();
      event.preventDefault();
    }
  });
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Node)) return;
    const inside = details.contains(event.target);
    const chosen = inside && event.target instanceof Element && event.target.closest("button.menu__item");
    if (!inside || chosen) details.open = false;
  });
  details.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !details.contains(event.relatedTarget)) details.open = false;
  });
}

/** @param {HTMLElement} button controls the navigation by aria-controls */
export function drawer(button) {
  const panel = document.getElementById(button.getAttribute("aria-controls") ?? "");
  const backdrop = document.querySelector("[data-drawer-backdrop]");
  if (!panel) return;

  /** @param {boolean} open */
  const set = (open) => {
    panel.toggleAttribute("data-open", open);
    backdrop?.toggleAttribute("data-open", open);
    button.setAttribute("aria-expanded", String(open));
    if (open) /** @type {HTMLElement | null} */ (panel.querySelector("a"))?.focus();
    else if (panel.contains(document.activeElement)) button.focus();
  };
  button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
  backdrop?.addEventListener("click", () => set(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.hasAttribute("data-open")) set(false);
  });
  panel.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !panel.contains(event.relatedTarget)) set(false);
  });
}

/** Filters that were open before a choice among them swapped the page's results. */
let leftOpen = false;

/** @param {HTMLElement} element open in the HTML, so that it works without scripts; a sheet from below on a phone */
export function fold(element) {
  const details = /** @type {HTMLDetailsElement} */ (element);
  const phone = window.matchMedia("(max-width: 52rem)");
  if (!phone.matches) return;
  details.open = leftOpen;
  const close = () => {
    details.open = false;
    details.querySelector("summary")?.focus();
  };
  details.addEventListener("toggle", () => {
    leftOpen = details.open;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    close();
  });
  for (const button of details.querySelectorAll("[data-closes-fold]")) button.addEventListener("click", close);
}
