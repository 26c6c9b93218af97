/**
 * Regions that grow from a pixel over its neighbours at the four sides. Pure.
 * @typedef {import("./bitmap.js").Rect} Rect
 */

/**
 * All pixels reached from a seed over pixels that are allowed.
 * @param {number} columns
 * @param {number} rows
 * @param {number} seed index of a pixel
 * @param {(index: number, x: number, y: number) => boolean} allows
 * @returns {{touched: Uint8Array, dirty: Rect, count: number, edge: boolean}|null} `edge`: the region meets the
 *   edge of the image; null when the seed itself is not allowed
 */
export function grow(columns, rows, seed, allows) {
  const [sx, sy] = [seed % columns, Math.floor(seed / columns)];
  if (!allows(seed, sx, sy)) return null;
  const touched = new Uint8Array(columns * rows);
  const stack = new Int32Array(columns * rows);
  const dirty = { x0: sx, y0: sy, x1: sx + 1, y1: sy + 1 };
  let [height, count, edge] = [0, 0, false];
  const step = (/** @type {number} */ i, /** @type {number} */ x, /** @type {number} */ y) => {
    if (touched[i] || !allows(i, x, y)) return;
    touched[i] = 1;
    stack[height++] = i;
  };
  step(seed, sx, sy);
  while (height > 0) {
    const i = stack[--height];
    const x = i % columns;
    const y = (i - x) / columns;
    count += 1;
    if (x < dirty.x0) dirty.x0 = x;
    if (x >= dirty.x1) dirty.x1 = x + 1;
    if (y < dirty.y0) dirty.y0 = y;
    if (y >= dirty.y1) dirty.y1 = y + 1;
    if (x > 0) step(i - 1, x - 1, y);
    else edge = true;
    if (x + 1 < columns) step(i + 1, x + 1, y);
    else edge = true;
    if (y > 0) step(i - columns, x, y - 1);
    else edge = true;
    if (y + 1 < rows) step(i + columns, x, y + 1);
    else edge = true;
  }
  return { touched, dirty, count, edge };
}

/**
 * The hole of a mask round a pixel.
 * @param {Uint8Array} bitmap rows times columns, not changed
 * @param {number} columns
 * @param {number} seed
 * @returns {{touched: Uint8Array, dirty: Rect}|null} null when the pixel is in the mask, or the way to the edge is open
 */
export function hole(bitmap, columns, seed) {
  const found = grow(columns, bitmap.length / columns, seed, (i) => bitmap[i] === 0);
  return found && !found.edge ? found : null;
}

/**
 * The magic wand: neighbours whose value is near that of the seed, within a circle.
 * @param {import("../types.js").Pixels} pixels of an image with one value a pixel
 * @param {number} columns
 * @param {number} rows
 * @param {[number, number]} at column and row
 * @param {{tolerance: number, reach: number, aspect: number}} how `tolerance` in stored values, `reach` in columns
 */
export function wand(pixels, columns, rows, [cx, cy], { tolerance, reach, aspect }) {
  // The mean of nine: a single noisy pixel would be followed by nothing or by everything.
  let [sum, count] = [0, 0];
  for (let y = Math.max(0, cy - 1); y <= Math.min(rows - 1, cy + 1); y++) {
    for (let x = Math.max(0, cx - 1); x <= Math.min(columns - 1, cx + 1); x++) {
      sum += pixels[y * columns + x];
      count += 1;
    }
  }
  const [low, high] = [sum / count - tolerance, sum / count + tolerance];
  const seed = cy * columns + cx;
  return grow(columns, rows, seed, (i, x, y) => {
    // What was pointed at belongs to it, however far its noise takes it from its neighbours.
    if (i === seed) return true;
    const dy = (y - cy) * aspect;
    return pixels[i] >= low && pixels[i] <= high && (x - cx) * (x - cx) + dy * dy <= reach * reach;
  });
}
