/**
 * What the painting tools can be told, at the lower edge of the image while one of them is chosen.
 * @typedef {import("./strokes.js").Easel} Easel
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Paint} Paint
 */
import { BIGGEST, isStroke } from "../tools/painted.js";
import { h, put } from "../ui/dom.js";
import { range } from "./strokes.js";

/** @param {Easel} host @param {HTMLElement} stage */
export function createBar(host, stage) {
  const { t } = host;
  const change = (/** @type {Partial<Paint>} */ patch) => host.set({ paint: { ...host.state.paint, ...patch } });

  /** @param {import("../strings.js").StringKey} name @param {"size"|"tolerance"|"reach"} key @param {number} max */
  const slider = (name, key, max) => {
    const field = h("input", { type: "range", min: "1", max: String(max), "aria-label": t(name), oninput: () => change({ [key]: Number(field.value) }) });
    const said = h("output", {});
    const line = h("label", { class: "viewer-paint-line" }, h("span", {}, t(name)), field, said);
    return { line, update: (/** @type {Paint} */ paint) => {
      field.value = String(paint[key]);
      said.textContent = String(paint[key]);
    } };
  };
  const size = slider("brushSize", "size", BIGGEST);
  const tolerance = slider("tolerance", "tolerance", 100);
  const reach = slider("reach", "reach", 512);

  /** @param {import("../strings.js").StringKey} name @param {"low"|"high"} key */
  const bound = (name, key) => {
    const field = h("input", { type: "number", step: "any", class: "viewer-number", "aria-label": t(name), onchange: () => change({ [key]: field.value === "" ? null : Number(field.value) }) });
    return { line: h("label", { class: "viewer-paint-line" }, h("span", {}, t(name)), field), update: () => {
      if (document.activeElement !== field) field.value = String(Math.round(range(host)[key] * 100) / 100);
    } };
  };
  const low = bound("rangeFrom", "low");
  const high = bound("rangeTo", "high");

  const square = h("button", { type: "button", class: "viewer-action", onclick: () => change({ square: !host.state.paint.square }) }, t("brushSquare"));
  const outside = h("button", { type: "button", class: "viewer-action", onclick: () => change({ outside: !host.state.paint.outside }) }, t("smartOutside"));
  const watershed = h("button", { type: "button", class: "viewer-action", onclick: () => change({ watershed: !host.state.paint.watershed }) }, t("watershed"));
  const fresh = h("button", { type: "button", class: "viewer-action", onclick: () => host.set({ selected: null }) }, t("newMask"));
  const element = h("div", { class: "viewer-paint-bar", role: "group", "aria-label": t("painting") }, size.line, tolerance.line, reach.line, low.line, high.line, square, outside, watershed, fresh);
  // What is pressed in here is not meant for the image below.
  for (const name of ["pointerdown", "pointermove", "dblclick", "wheel"]) element.addEventListener(name, (event) => event.stopPropagation());
  stage.append(element);

  /** @param {State} state */
  function update(state) {
    const threshold = state.tool === "threshold";
    const selected = state.shapes.find((shape) => shape.id === state.selected);
    const stroke = isStroke(state.tool);
    const wand = state.tool === "wand";
    const smart = state.tool === "smart";
    element.hidden = !stroke && !wand && !smart;
    if (element.hidden) return;
    for (const item of [size, tolerance, reach]) item.update(state.paint);
    size.line.hidden = square.hidden = !stroke;
    outside.hidden = watershed.hidden = !smart;
    put(outside, "aria-pressed", state.paint.outside);
    put(watershed, "aria-pressed", state.paint.watershed);
    tolerance.line.hidden = reach.line.hidden = !wand;
    for (const item of [low, high]) {
      item.line.hidden = !threshold;
      item.update();
    }
    put(square, "aria-pressed", state.paint.square);
    fresh.disabled = selected?.kind !== "mask" || selected.frame !== state.frame;
  }
  return { element, update };
}
