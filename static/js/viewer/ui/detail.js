/**
 * The selected shape: numbers of its pixels, note and attributes.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../region.js").Region} Region
 */
import { area, isClosed, perimeter, sizeText } from "../geometry.js";
import { replaceShapes } from "../tools/commands.js";
import { createAttributes } from "./attributes.js";
import { h, svg } from "./dom.js";

/** Milliseconds of quiet before numbers are counted anew: a drag over a large region must stay smooth. */
const QUIET = 100;

/** Of the histogram, in units of its own. */
const WIDE = 32;

/** @param {number} value */
function short(value) {
  return Math.abs(value) < 10 && !Number.isInteger(value) ? value.toFixed(2) : Math.abs(value) < 1000 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

/**
 * @param {Host} host
 * @param {{regionOf: (shape: Shape) => Region|null}} options
 */
export function createDetail(host, { regionOf }) {
  const { t } = host;
  const numbers = h("dl", { class: "viewer-numbers" });
  const bars = svg("path", { class: "viewer-bars" });
  const title = svg("title");
  const histogram = svg("svg", { class: "viewer-histogram", viewBox: `0 0 ${WIDE} 12`, preserveAspectRatio: "none", role: "img" }, title, bars);
  const ends = h("p", { class: "viewer-ends", "aria-hidden": "true" }, h("span"), h("span"));
  const statistics = h("div", { class: "viewer-detail" }, numbers, histogram, ends);
  const attributes = createAttributes(host);
  const note = h("textarea", {
    class: "viewer-text",
    rows: "2",
    maxlength: "500",
    placeholder: t("note"),
    "aria-label": t("note"),
    onchange: () => {
      const shape = host.state.shapes.find((item) => item.id === host.state.selected);
      // A text on the image cannot do without words.
      if (!shape || (shape.kind === "text" && note.value.trim() === "")) note.value = shape?.note ?? "";
      else replaceShapes(host, [{ ...shape, note: note.value }]);
    },
  });
  /** @type {number|undefined} */
  let waiting;

  /** @param {Shape} shape */
  function count(shape) {
    const spacing = host.frames[shape.frame]?.pixel_spacing ?? null;
    const region = regionOf(shape);
    const beside = host.frames[shape.frame]?.beside;
    const value = (/** @type {number} */ number) => `${short(number)} ${host.unit}`.trim();
    const both = (/** @type {number} */ number) => (beside ? `${value(number)} (${short(number * beside.factor)} ${beside.unit})` : value(number));
    /** @type {[string, string][]} */
    const lines = [
      [t("area"), sizeText(area(shape, spacing), spacing, 2, short)],
      [t("perimeter"), sizeText(perimeter(shape, spacing), spacing, 1, short)],
    ];
    if (region) {
      lines.push(
        [t("meanValue"), both(region.mean)],
        [t("deviation"), both(region.deviation)],
        [t("minimum"), both(region.minimum)],
        [t("maximum"), both(region.maximum)],
        [t("pixelCount"), String(region.count)],
      );
      const most = Math.max(...region.bars);
      const wide = WIDE / region.bars.length;
      bars.setAttribute("d", region.bars.map((bar, i) => `M${i * wide} 12V${12 - (12 * bar) / most}h${wide * 0.9}V12Z`).join(""));
      title.textContent = t("histogram", { low: value(region.minimum), high: value(region.maximum) });
      ends.children[0].textContent = value(region.minimum);
      ends.children[1].textContent = value(region.maximum);
    }
    numbers.replaceChildren(...lines.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
    histogram.toggleAttribute("hidden", !region);
    ends.hidden = !region;
    statistics.hidden = false;
  }

  return {
    elements: [statistics, note, attributes.element],
    /** @param {State} state @param {boolean} fresh whether numbers may be others */
    update(state, fresh) {
      const selected = [...state.shapes, ...state.reference, ...state.other].find((shape) => shape.id === state.selected);
      const own = state.shapes.some((shape) => shape.id === state.selected);
      const editable = own && state.canDraw && !state.locked.mine;
      const counted = selected && isClosed(selected) && selected.frame === state.frame;
      if (!counted) statistics.hidden = true;
      clearTimeout(waiting);
      if (counted && fresh) waiting = window.setTimeout(() => count(selected), statistics.hidden ? 0 : QUIET);
      note.hidden = !selected || (!own && !selected.note);
      note.readOnly = !editable;
      if (selected && document.activeElement !== note) note.value = selected.note ?? "";
      attributes.update(selected ?? null, editable);
    },
  };
}
