/**
 * Masks as bytes of a whole image, row by row, 1 inside: what brushes work on. Pure.
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 * @typedef {{x0: number, y0: number, x1: number, y1: number}} Rect whole pixels; x1 and y1 lie behind the last one
 */
import { maskOf, maskRuns } from "../geometry/runs.js";

/** The server refuses more. */
export const MOST_COUNTS = 50_000;

/** @param {Rect|null} a @param {Rect|null} b @returns {Rect|null} the smallest rectangle round both */
export function around(a, b) {
  if (!a || !b) return a ?? b;
  return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) };
}

/** The rectangle of a mask. @param {Shape} mask @returns {Rect} */
export function rectOf({ points: [[x0, y0], [x1, y1]] }) {
  return { x0, y0, x1, y1 };
}

/**
 * Set the pixels of a mask, as far as the image goes.
 * @param {Uint8Array} bitmap rows times columns, changed
 * @param {number} columns
 * @param {Shape} mask
 * @param {number} value
 */
export function put(bitmap, columns, mask, value) {
  const rows = bitmap.length / columns;
  for (const [row, first, after] of maskRuns(mask)) {
    if (row >= 0 && row < rows) bitmap.fill(value, row * columns + Math.max(first, 0), row * columns + Math.min(after, columns));
  }
}

/**
 * What lies inside of a rectangle, as points and counts of a mask.
 * @param {Uint8Array} bitmap rows times columns
 * @param {number} columns
 * @param {Rect} rect within the image
 * @returns {{points: Point[], counts: number[]}|null} null when nothing is set
 */
export function take(bitmap, columns, { x0, y0, x1, y1 }) {
  const width = x1 - x0;
  const part = new Uint8Array(width * (y1 - y0));
  for (let y = y0; y < y1; y++) part.set(bitmap.subarray(y * columns + x0, y * columns + x1), (y - y0) * width);
  return maskOf(part, width, y1 - y0, x0, y0);
}

/**
 * A mask with pixels added or taken away.
 * @param {Shape} mask
 * @param {Uint8Array} touched rows times columns
 * @param {number} columns
 * @param {Rect} dirty where something was touched
 * @param {boolean} adds
 * @returns {Shape|null} the same one when nothing is other; null when nothing is left
 */
export function merged(mask, touched, columns, dirty, adds) {
  const bitmap = new Uint8Array(touched.length);
  put(bitmap, columns, mask, 1);
  let changed = false;
  for (let y = dirty.y0; y < dirty.y1; y++) {
    for (let i = y * columns + dirty.x0; i < y * columns + dirty.x1; i++) {
      if (touched[i] && bitmap[i] !== Number(adds)) {
        bitmap[i] = Number(adds);
        changed = true;
      }
    }
  }
  if (!changed) return mask;
  const rows = touched.length / columns;
  const own = rectOf(mask);
  const inside = { x0: Math.max(own.x0, 0), y0: Math.max(own.y0, 0), x1: Math.min(own.x1, columns), y1: Math.min(own.y1, rows) };
  const made = take(bitmap, columns, /** @type {Rect} */ (around(inside, dirty)));
  return made && { ...mask, ...made };
}
