/**
 * What the points that were placed so far make, per kind of shape. Pure: the tools and the overlay both ask.
 * @typedef {import("../types.js").Kind} Kind
 * @typedef {import("../types.js").Point} Point
 * @typedef {{aspect: number, rows: number, columns: number}} Paper
 */
import { NEEDED, boxOver, clampPoint, isMany, onImage, roundCorner } from "../geometry.js";

/** Tools that are always seen. @type {Kind[]} */
export const COMMON = ["point", "box", "ellipse", "polygon", "freehand", "length"];

/** @type {Kind[]} */
export const DRAWN = [
  ...COMMON, "text", "arrow", "rotated-box", "circle", "polyline", "bidirectional", "angle", "cobb",
];

/** @param {string} tool @returns {tool is Kind} */
export function isDrawn(tool) {
  return DRAWN.includes(/** @type {Kind} */ (tool));
}

/** Points that a person places; the fourth corner of a rotated box follows from the others. @param {Kind} kind */
export function placed(kind) {
  if (isMany(kind)) return Infinity;
  return kind === "rotated-box" ? 3 : NEEDED[kind];
}

/**
 * The point that is placed when a person points here.
 * @param {Kind} kind
 * @param {Point[]} before points that are placed
 * @param {Point} point
 * @param {Paper} paper
 * @returns {Point}
 */
export function settle(kind, before, point, { aspect, rows, columns }) {
  const at = clampPoint(point, rows, columns);
  if (kind === "circle" && before.length === 1) return roundCorner(before[0], at, aspect);
  // The short axis stands upright on the long one: RECIST 1.1, doi:10.1016/j.ejca.2008.10.026.
  if (kind === "bidirectional" && before.length === 3) return clampPoint(across(before, at, aspect), rows, columns);
  return at;
}

/** @param {Point[]} before @param {Point} to @param {number} aspect @returns {Point} */
function across([a, b, from], to, aspect) {
  const [nx, ny] = [-(b[1] - a[1]) * aspect, b[0] - a[0]];
  const along = ((to[0] - from[0]) * nx + (to[1] - from[1]) * aspect * ny) / (nx * nx + ny * ny || 1);
  return [from[0] + along * nx, from[1] + (along * ny) / aspect];
}

/**
 * Points of the shape that the placed ones make.
 * @param {Kind} kind
 * @param {Point[]} points
 * @param {Paper} paper
 * @returns {Point[]}
 */
export function shaped(kind, points, { aspect, rows, columns }) {
  if (kind !== "rotated-box" || points.length < 3) return points;
  const [a, b, reach] = points;
  const whole = boxOver(a, b, reach, aspect);
  const fits = (/** @type {Point[]} */ corners) => onImage([{ id: "", kind, frame: 0, points: corners, label: "" }], rows, columns);
  if (fits(whole)) return whole;
  // As wide as the image allows: cutting corners off would leave no right angles.
  let [low, high] = [0, 1];
  /** @param {number} share @returns {Point[]} */
  const part = (share) => {
    const foot = /** @type {Point} */ ([whole[3][0] - a[0], whole[3][1] - a[1]]);
    return boxOver(a, b, [a[0] + foot[0] * share, a[1] + foot[1] * share], aspect);
  };
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (fits(part(middle))) low = middle;
    else high = middle;
  }
  return part(low);
}
