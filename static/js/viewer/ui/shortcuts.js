/**
 * The dialog behind `?`: every key with its meaning, and the means to change it.
 * @typedef {import("../strings.js").Translate} Translate
 * @typedef {import("../shortcuts.js").Shortcut} Shortcut
 */
import { SHORTCUTS, chord, keymap, pretty } from "../shortcuts.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";

/** @param {HTMLElement} parent @param {Translate} t @param {boolean} canDraw */
export function showShortcuts(parent, t, canDraw) {
  const told = h("p", { class: "viewer-told", role: "status" });
  const list = h("dl", { class: "viewer-keys" });
  const reset = h("button", { type: "button", class: "viewer-action", onclick: restore }, t("keysReset"));
  const shown = SHORTCUTS.filter((item) => canDraw || !item.drawing);

  /** @param {Shortcut} item */
  const keys = (item) => (item.shown ? [item.shown] : keymap.keys(item.id).map(pretty)).map((key) => h("kbd", {}, key));

  /** @param {Shortcut} item */
  const row = (item) => {
    const held = h("dt", {}, ...keys(item));
    const change = h("button", { type: "button", class: "viewer-change", "aria-label": `${t("keysChange")}: ${t(item.name)}` }, t("keysChange"));
    const waiting = () => change.getAttribute("aria-pressed") === "true";
    /** @param {boolean} yes */
    const wait = (yes) => {
      change.setAttribute("aria-pressed", String(yes));
      change.textContent = yes ? t("keysPress") : t("keysChange");
    };
    change.addEventListener("click", () => {
      wait(!waiting());
      told.textContent = waiting() ? t("keysPress") : "";
    });
    change.addEventListener("blur", () => wait(false));
    change.addEventListener("keydown", (event) => {
      if (!waiting() || event.key === "Tab") return;
      event.preventDefault();
      event.stopPropagation();
      const pressed = chord(event);
      if (pressed === "") return;
      if (pressed !== "Escape") {
        const taken = keymap.change(item.id, pressed);
        told.textContent = taken
          ? t("keysTaken", { key: pretty(pressed), name: t(taken.name) })
          : t("keysChanged", { key: pretty(pressed), name: t(item.name) });
        held.replaceChildren(...keys(item));
        reset.hidden = keymap.changes.size === 0;
        if (taken) return;
      }
      wait(false);
    });
    // The release of Enter or the space bar would press the button a second time.
    change.addEventListener("keyup", (event) => event.preventDefault());
    return [held, h("dd", {}, h("span", {}, t(item.name)), item.fixed ? null : change)];
  };

  function draw() {
    list.replaceChildren(...shown.flatMap(row));
    reset.hidden = keymap.changes.size === 0;
  }

  function restore() {
    keymap.reset();
    draw();
    told.textContent = t("keysRestored");
    list.querySelector("button")?.focus();
  }

  draw();
  return ask(parent, t("help"), [list, told, reset], [{ text: t("close"), value: null, main: true }], true);
}
