/**
 * Boxes as values: every change makes a new list, so that undoing is keeping the old one.
 * @typedef {{frames: number[]|null, x: number, y: number, width: number, height: number, score: number|null}} Box
 * frames are keys of frames, null all of them; the rest whole pixels
 * @typedef {{columns: number, rows: number}} Size
 */

/** The smallest side a box may have, in pixels. */
export const LEAST = 2;

/** @param {Box} box @param {number} frame @returns {boolean} */
export const isOn = (box, frame) => box.frames === null || box.frames.includes(frame);

/**
 * Whole pixels inside of the picture.
 * @template {Pick<Box, "x"|"y"|"width"|"height">} B
 * @param {B} box
 * @param {Size} size
 * @returns {B}
 */
export function fitted(box, { columns, rows }) {
  const width = Math.min(Math.max(Math.round(box.width), LEAST), columns);
  const height = Math.min(Math.max(Math.round(box.height), LEAST), rows);
  const x = Math.min(Math.max(Math.round(box.x), 0), columns - width);
  const y = Math.min(Math.max(Math.round(box.y), 0), rows - height);
  return { ...box, x, y, width, height };
}

/**
 * The box between two corners in any order.
 * @param {[number, number]} a
 * @param {[number, number]} b
 */
export function between(a, b) {
  const x = Math.floor(Math.min(a[0], b[0]));
  const y = Math.floor(Math.min(a[1], b[1]));
  return { x, y, width: Math.ceil(Math.max(a[0], b[0])) - x, height: Math.ceil(Math.max(a[1], b[1])) - y };
}

/**
 * A corner pulled to a place; the opposite one stays.
 * @param {Box} box
 * @param {string} corner "nw", "ne", "sw" or "se"
 * @param {[number, number]} to
 * @returns {Box}
 */
export function pulled(box, corner, to) {
  const fixed = /** @type {[number, number]} */ ([
    corner.includes("w") ? box.x + box.width : box.x,
    corner.includes("n") ? box.y + box.height : box.y,
  ]);
  return { ...box, ...between(fixed, to) };
}

/**
 * @param {Box[]} boxes
 * @param {number} index
 * @param {Box|null} box null removes it
 * @returns {Box[]}
 */
export function replaced(boxes, index, box) {
  return box === null ? boxes.filter((_, i) => i !== index) : boxes.map((old, i) => (i === index ? box : old));
}

/** @param {Box} a @param {Box} b */
const same = (a, b) => a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

/**
 * Every box on all images, those at one place made one.
 * @param {Box[]} boxes
 * @returns {Box[]}
 */
export function everywhere(boxes) {
  /** @type {Box[]} */
  const found = [];
  for (const box of boxes) if (!found.some((other) => same(other, box))) found.push({ ...box, frames: null });
  return found;
}

/** What was done, to be undone. */
export class History {
  /** @param {Box[]} boxes */
  constructor(boxes) {
    this.past = /** @type {Box[][]} */ ([]);
    this.future = /** @type {Box[][]} */ ([]);
    this.now = boxes;
  }

  /** @param {Box[]} boxes */
  put(boxes) {
    this.past.push(this.now);
    this.future = [];
    this.now = boxes;
  }

  /** @returns {boolean} whether there was something */
  undo() {
    const before = this.past.pop();
    if (!before) return false;
    this.future.push(this.now);
    this.now = before;
    return true;
  }

  /** @returns {boolean} */
  redo() {
    const after = this.future.pop();
    if (!after) return false;
    this.past.push(this.now);
    this.now = after;
    return true;
  }
}
