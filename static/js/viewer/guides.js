/**
 * Lines that help to look and are no shapes: the box that a window is taken from.
 * @typedef {import("./types.js").View} View
 * @typedef {import("./types.js").Point} Point
 */
import { svg } from "./ui/dom.js";
import { toScreen } from "./viewport.js";

/** Corners of a box in the order in which a pen goes round. @param {[Point, Point]} band @returns {Point[]} */
function corners([[x0, y0], [x1, y1]]) {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/** @param {SVGSVGElement} root */
export function createGuides(root) {
  const halo = svg("path", { class: "viewer-band is-halo" });
  const line = svg("path", { class: "viewer-band" });
  root.append(halo, line);
  return {
    /** @param {[Point, Point]|null} band image pixels @param {View} view @param {number} aspect */
    draw(band, view, aspect) {
      const d = band ? `M${corners(band).map((corner) => toScreen(view, aspect, corner).join(" ")).join("L")}Z` : "";
      halo.setAttribute("d", d);
      line.setAttribute("d", d);
    },
  };
}
