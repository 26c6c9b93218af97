/**
 * Tools that make or change masks; what they do is fetched when the first of them is chosen (masks/kit.js).
 * @typedef {"brush"|"eraser"|"threshold"|"fill"|"wand"|"scissors"|"smart"} Painted
 */

/** @type {Painted[]} */
export const PAINTED = ["brush", "eraser", "threshold", "fill", "wand", "scissors", "smart"];

/** Those that ask nothing about the values of the image. @type {Painted[]} */
export const ONLY_PIXELS = ["brush", "eraser", "fill"];

/** Make masks on the images between those that have some. @param {import("../types.js").Host} host */
export async function fillBetween(host) {
  const { interpolate } = await import("../masks/slices.js");
  interpolate(host);
}

/** The widest brush, in columns of the image. */
export const BIGGEST = 200;

/** @param {string} tool @returns {tool is Painted} */
export function isPainted(tool) {
  return PAINTED.includes(/** @type {Painted} */ (tool));
}

/** Whether a tool paints along the way of the pointer. @param {string} tool */
export function isStroke(tool) {
  return ["brush", "eraser", "threshold"].includes(tool);
}

/** The next size up or down, a quarter each time and at least by one. @param {number} size @param {1|-1} step */
export function nextSize(size, step) {
  const next = Math.round(step > 0 ? size * 1.25 : size / 1.25);
  return Math.min(Math.max(next === size ? size + step : next, 1), BIGGEST);
}
