/**
 * The layers: shown or not, locked or not, and how strongly they are seen.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 * @typedef {"mine"|"reference"|"other"} Layer
 */
import { h, put } from "./dom.js";
import { icon } from "./icons.js";
import { createSheet } from "./menu.js";

/** @type {Layer[]} */
export const LAYERS = ["mine", "reference", "other"];

/** @param {Host} host */
export function createLayers(host) {
  const { t } = host;
  const shown = LAYERS.map((layer) => {
    const count = h("span", { class: "viewer-count" });
    const toggle = () => host.set({ visible: { ...host.state.visible, [layer]: !host.state.visible[layer] } });
    const button = h(
      "button",
      { type: "button", class: "viewer-toggle", title: t("show", { layer: t(layer) }), onclick: toggle },
      icon("eye"),
      h("span", {}, t(layer)),
      count,
    );
    return { layer, button, count };
  });
  const rows = LAYERS.map((layer) => {
    const lock = h(
      "button",
      {
        type: "button",
        class: "viewer-button is-small",
        "aria-label": t("lock", { layer: t(layer) }),
        onclick: () => host.set({ locked: { ...host.state.locked, [layer]: !host.state.locked[layer] }, draft: null, vertex: null }),
      },
      icon("lock"),
    );
    const opacity = h("input", {
      type: "range",
      min: "10",
      max: "100",
      step: "5",
      "aria-label": t("opacity", { layer: t(layer) }),
      oninput: () => host.set({ opacity: { ...host.state.opacity, [layer]: Number(opacity.value) / 100 } }),
    });
    return { layer, lock, opacity, element: h("div", { class: "viewer-layer" }, h("span", {}, t(layer)), lock, opacity) };
  });
  const more = h("button", { type: "button", class: "viewer-button is-small", "aria-label": t("moreLayers"), "data-tip": t("moreLayers") }, icon("more"));
  const sheet = createSheet(more, t("moreLayers"), ...rows.map((row) => row.element));
  const element = h("div", { class: "viewer-toggles", role: "group", "aria-label": t("layers") }, ...shown.map((item) => item.button), more, sheet);

  return {
    element,
    /** @param {State} state */
    update(state) {
      for (const { layer, button, count } of shown) {
        put(button, "aria-pressed", state.visible[layer]);
        const text = String(state[layer === "mine" ? "shapes" : layer].length || "");
        if (count.textContent !== text) count.textContent = text;
      }
      for (const { layer, lock, opacity } of rows) {
        put(lock, "aria-pressed", state.locked[layer]);
        const percent = Math.round(state.opacity[layer] * 100);
        if (opacity.value !== String(percent)) opacity.value = String(percent);
        put(opacity, "aria-valuetext", `${percent}%`);
      }
    },
  };
}
