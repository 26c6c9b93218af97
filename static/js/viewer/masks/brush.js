/**
 * A brush drawn along a line, as pixels. Pure. Sizes are in columns of the image; where pixels are not square
 * (`aspect` is row spacing / column spacing) the brush is round in millimetres.
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("./bitmap.js").Rect} Rect
 * @typedef {{size: number, square: boolean, aspect: number}} Brush `size` is the width, at least 1
 */

/**
 * Touch the pixels whose centres the brush covers on its way; only rows and columns near the way are looked at.
 * @param {Uint8Array} bitmap rows times columns, changed
 * @param {number} columns
 * @param {Point} from
 * @param {Point} to
 * @param {Brush} brush
 * @param {((index: number) => boolean)|null} [allows] which pixels may be touched; all without it
 * @returns {Rect|null} where pixels may have been touched; null beside the image
 */
export function sweep(bitmap, columns, from, to, brush, allows = null) {
  const { size, square } = brush;
  const rows = bitmap.length / columns;
  const radius = Math.max(size, 1) / 2;
  // Where rows are far apart, a small brush is still one row high, or it would pass between them.
  const aspect = Math.min(brush.aspect, Math.max(size, 1));
  // A brush as small as a pixel can pass between the centres of four; on a centre it always has one.
  const settle = (/** @type {Point} */ [x, y]) => /** @type {Point} */ (size < 2 ? [Math.floor(x) + 0.5, Math.floor(y) + 0.5] : [x, y]);
  const [[ax, ay], [bx, by]] = [settle(from), settle(to)];
  const high = radius / aspect;
  const top = Math.max(0, Math.floor(Math.min(ay, by) - high));
  const bottom = Math.min(rows, Math.ceil(Math.max(ay, by) + high) + 1);
  const cut = square ? squareRow : roundRow;
  /** @type {Rect|null} */
  let dirty = null;
  for (let row = top; row < bottom; row++) {
    const y = row + 0.5 - ay;
    const ends = cut(bx - ax, (by - ay) * aspect, y * aspect, radius);
    if (!ends) continue;
    const first = Math.max(0, Math.ceil(ax + ends[0] - 0.5));
    const after = Math.min(columns, Math.floor(ax + ends[1] - 0.5) + 1);
    if (after <= first) continue;
    const start = row * columns;
    if (!allows) bitmap.fill(1, start + first, start + after);
    else for (let i = start + first; i < start + after; i++) if (allows(i)) bitmap[i] = 1;
    if (!dirty) dirty = { x0: first, y0: row, x1: after, y1: row + 1 };
    else {
      dirty.x0 = Math.min(dirty.x0, first);
      dirty.x1 = Math.max(dirty.x1, after);
      dirty.y1 = row + 1;
    }
  }
  return dirty;
}

/**
 * Where the way of a disc from (0, 0) to (dx, dy) cuts a row: one piece, as the way is convex.
 * @param {number} dx
 * @param {number} dy
 * @param {number} y
 * @param {number} radius
 * @returns {[number, number]|null}
 */
function roundRow(dx, dy, y, radius) {
  let [low, high] = [Infinity, -Infinity];
  const reach = (/** @type {number} */ x, /** @type {number} */ half) => {
    low = Math.min(low, x - half);
    high = Math.max(high, x + half);
  };
  // The discs at both ends.
  if (Math.abs(y) <= radius) reach(0, Math.sqrt(radius * radius - y * y));
  if (Math.abs(y - dy) <= radius) reach(dx, Math.sqrt(radius * radius - (y - dy) ** 2));
  // The two sides between them.
  const length = Math.hypot(dx, dy);
  if (dy !== 0) {
    for (const side of [1, -1]) {
      const [nx, ny] = [(-dy / length) * radius * side, (dx / length) * radius * side];
      const share = (y - ny) / dy;
      if (share >= 0 && share <= 1) reach(share * dx + nx, 0);
    }
  }
  return high < low ? null : [low, high];
}

/** The same of a square. @param {number} dx @param {number} dy @param {number} y @param {number} half @returns {[number, number]|null} */
function squareRow(dx, dy, y, half) {
  let [first, last] = [0, 1];
  if (dy === 0) {
    if (Math.abs(y) > half) return null;
  } else {
    const [a, b] = [(y - half) / dy, (y + half) / dy];
    first = Math.max(0, Math.min(a, b));
    last = Math.min(1, Math.max(a, b));
    if (first > last) return null;
  }
  return [Math.min(first * dx, last * dx) - half, Math.max(first * dx, last * dx) + half];
}
