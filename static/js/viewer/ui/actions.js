/**
 * What can be done to selected shapes, as buttons: for fingers, and for whoever knows no keys.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 * @typedef {import("./icons.js").IconName} IconName
 */
import { canTurn, isClosed, isMany } from "../geometry.js";
import { heldShapes } from "../selection.js";
import { keyOf } from "../shortcuts.js";
import { combineSelected, copyToNext, duplicate, selectAll, turnSelected } from "../tools/commands.js";
import { h, put } from "./dom.js";
import { icon } from "./icons.js";

/** @param {Host} host */
export function createActions(host) {
  const { t } = host;
  /** @param {IconName & import("../strings.js").StringKey} name @param {string} id @param {() => void} action @param {(shapes: import("../types.js").Shape[], state: State) => boolean} can */
  const button = (name, id, action, can) => {
    const shortcut = id ? keyOf(id) : "";
    const tip = shortcut ? `${t(name)} · ${shortcut}` : t(name);
    const element = h("button", { type: "button", class: "viewer-button is-small", "aria-label": t(name), "data-tip": tip, onclick: action }, icon(name));
    return { element, can };
  };
  const several = button("several", "", () => host.set({ several: !host.state.several }), () => true);
  const buttons = [
    several,
    button("selectAll", "select-all", () => selectAll(host), (_, state) => state.shapes.some((shape) => shape.frame === state.frame)),
    button("duplicate", "duplicate", () => duplicate(host), (shapes) => shapes.length > 0),
    button("copyBefore", "copy-before", () => copyToNext(host, -1), (shapes, state) => shapes.length > 0 && state.frame > 0),
    button("copyAfter", "copy-after", () => copyToNext(host, 1), (shapes, state) => shapes.length > 0 && state.frame + 1 < host.frames.length),
    button("shapeLeft", "shape-left", () => turnSelected(host, -5), canTurn),
    button("shapeRight", "shape-right", () => turnSelected(host, 5), canTurn),
    button("simplify", "simplify", () => host.simplify(), (shapes) => shapes.some((shape) => isMany(shape.kind))),
    button("union", "union", () => void combineSelected(host, "union"), (shapes) => shapes.filter(isClosed).length > 1),
    button("subtract", "subtract", () => void combineSelected(host, "subtract"), (shapes) => shapes.filter(isClosed).length > 1),
  ];
  const element = h("div", { class: "viewer-actions", role: "group", "aria-label": t("editSelected") }, ...buttons.map((item) => item.element));

  return {
    element,
    /** @param {State} state */
    update(state) {
      element.hidden = !state.canDraw || state.tool !== "select";
      if (element.hidden) return;
      const held = heldShapes(state);
      for (const { element: item, can } of buttons) if (item.disabled === can(held, state)) item.disabled = !item.disabled;
      put(several.element, "aria-pressed", state.several);
    },
  };
}
