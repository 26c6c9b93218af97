/**
 * The sheet that divides the room among several images.
 * @typedef {import("../types.js").Host} Host
 */
import { keyOf } from "../shortcuts.js";
import { h } from "./dom.js";
import { createItem, createSheet } from "./menu.js";

const ICONS = /** @type {const} */ ({ "1x1": "layoutOne", "1x2": "layoutTwo", "2x2": "layoutFour" });

/** @param {Host} host @param {HTMLButtonElement} button opens the sheet */
export function createLayouts(host, button) {
  const { t, shell } = host;
  const layouts = /** @type {const} */ (["1x1", "1x2", "2x2"]).map((layout) => {
    const item = createItem({ icon: ICONS[layout], label: t(ICONS[layout]), action: () => shell.arrange(layout) });
    return { item, pressed: () => shell.layout === layout };
  });
  const links = /** @type {const} */ (["linkScroll", "linkWindow"]).map((what) => {
    const item = createItem({ icon: "link", label: t(what), shortcut: keyOf(what), action: () => shell.toggle(what), stays: true });
    return { item, pressed: () => shell[what] };
  });
  const planes = createItem({ icon: "planes", label: t("planes"), shortcut: keyOf("planes"), action: () => shell.cutPlanes() });
  const hang = createItem({ icon: "hang", label: t("hang"), shortcut: keyOf("hang"), action: () => shell.hang() });
  const locate = {
    item: createItem({ icon: "locate", label: t("locate"), shortcut: keyOf("tool:locate"), action: () => host.setTool("locate") }),
    pressed: () => host.state.tool === "locate",
  };
  const sheet = createSheet(button, t("layouts"), ...layouts.map(({ item }) => item), shell.hanging.places ? hang : null, planes, h("hr"), locate.item, ...links.map(({ item }) => item));

  return {
    sheet,
    update() {
      for (const { item, pressed } of [...layouts, locate, ...links]) item.setAttribute("aria-pressed", String(pressed()));
      for (const { item } of [locate, ...links]) item.hidden = shell.layout === "1x1";
    },
  };
}
