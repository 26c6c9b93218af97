/**
 * Which pixels a shape covers, as runs: [row, first column, column after the last].
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 * @typedef {[number, number, number]} Run
 */
import { bounds, extent, halfAxes, isClosed, isRound, outline } from "./kinds.js";

/** Shapes are replaced and never changed, so what was found for one stays true. @type {WeakMap<Shape, Run[]>} */
const found = new WeakMap();

/**
 * Runs of a mask, from its counts.
 * @param {Shape} shape
 * @returns {Run[]}
 */
export function maskRuns(shape) {
  const counts = shape.counts ?? [];
  const known = found.get(shape);
  if (known) return known;
  const { x0, y0, x1 } = bounds(shape.points);
  const width = x1 - x0;
  /** @type {Run[]} */
  const runs = [];
  let at = 0;
  counts.forEach((count, i) => {
    const end = at + count;
    while (i % 2 && at < end) {
      const row = Math.floor(at / width);
      const next = Math.min(end, (row + 1) * width);
      runs.push([y0 + row, x0 + at - row * width, x0 + next - row * width]);
      at = next;
    }
    at = end;
  });
  found.set(shape, runs);
  return runs;
}

/**
 * The mask of what is not 0, its rectangle as small as it can be.
 * @param {Uint8Array} bitmap
 * @param {number} width
 * @param {number} height
 * @param {number} x column of its first pixel on the image
 * @param {number} y
 * @returns {{points: Point[], counts: number[]}|null} null when nothing is inside
 */
export function maskOf(bitmap, width, height, x, y) {
  let [left, right, top, bottom] = [width, -1, -1, -1];
  for (let row = 0; row < height; row++) {
    const line = bitmap.subarray(row * width, (row + 1) * width);
    const first = line.findIndex((value) => value !== 0);
    if (first < 0) continue;
    let last = width - 1;
    while (line[last] === 0) last -= 1;
    [left, right] = [Math.min(left, first), Math.max(right, last)];
    if (top < 0) top = row;
    bottom = row;
  }
  if (top < 0) return null;
  const counts = [0];
  let inside = false;
  for (let row = top; row <= bottom; row++) {
    for (let i = row * width + left; i <= row * width + right; i++) {
      if (bitmap[i] !== 0 !== inside) {
        inside = !inside;
        counts.push(0);
      }
      counts[counts.length - 1] += 1;
    }
  }
  return {
    points: [
      [x + left, y + top],
      [x + right + 1, y + bottom + 1],
    ],
    counts,
  };
}

/**
 * Where an edge meets a horizontal line; the lower end first, so that two neighbours agree on a shared edge.
 * @param {Point} a
 * @param {Point} b
 * @param {number} y
 */
export function crossing(a, b, y) {
  const [low, high] = a[1] < b[1] ? [a, b] : [b, a];
  return low[0] + ((y - low[1]) * (high[0] - low[0])) / (high[1] - low[1]);
}

/**
 * Pixels whose centres lie inside; of a mask those it names, as far as the image goes.
 * @param {Shape} shape
 * @param {number} rows
 * @param {number} columns
 * @returns {Run[]}
 */
export function pixelRuns(shape, rows, columns) {
  if (!isClosed(shape)) return [];
  if (shape.kind === "mask") return maskRuns(shape).filter(([row, first, after]) => row < rows && after <= columns && first >= 0);
  const { x0, y0, x1, y1 } = extent(shape);
  const [[x, middle], [ux, uy], [vx, vy]] = halfAxes(shape);
  const size = ux * vy - uy * vx;
  /** @type {Run[]} */
  const runs = [];
  const ring = isRound(shape) ? [] : outline(shape);
  for (let row = Math.max(0, Math.floor(y0)); row < Math.min(rows, Math.ceil(y1) + 1); row++) {
    const y = row + 0.5;
    if (isRound(shape)) {
      const dy = y - middle;
      const inside = [];
      for (let c = Math.max(0, Math.floor(x0)); c < Math.min(columns, Math.ceil(x1) + 1); c++) {
        const dx = c + 0.5 - x;
        const [u, v] = [(dx * vy - dy * vx) / size, (dy * ux - dx * uy) / size];
        if (u * u + v * v <= 1) inside.push(c);
      }
      if (inside.length) runs.push([row, inside[0], inside[inside.length - 1] + 1]);
      continue;
    }
    /** @type {number[]} */
    const xs = [];
    ring.forEach((a, i) => {
      const b = ring[(i + 1) % ring.length];
      if (a[1] <= y !== b[1] <= y) xs.push(crossing(a, b, y));
    });
    xs.sort((a, b) => a - b);
    for (let i = 0; i + 1 < xs.length; i += 2) {
      const first = Math.max(0, Math.ceil(xs[i] - 0.5));
      const after = Math.min(columns, Math.ceil(xs[i + 1] - 0.5));
      if (after > first) runs.push([row, first, after]);
    }
  }
  return runs;
}

/**
 * The outline of a mask, and its inside, as SVG paths in image pixels: edges between a pixel inside and one outside.
 * @param {Shape} shape
 * @returns {{edge: string, fill: string, across: number, along: number}} and how many edges of a column's and a row's size
 */
export function maskPaths(shape) {
  const runs = maskRuns(shape);
  let edge = "";
  let fill = "";
  let across = 0;
  let along = 0;
  /** @type {Map<number, Run[]>} */
  const byRow = new Map();
  for (const run of runs) {
    const row = byRow.get(run[0]);
    if (row) row.push(run);
    else byRow.set(run[0], [run]);
    fill += `M${run[1]} ${run[0]}H${run[2]}v1H${run[1]}Z`;
    edge += `M${run[1]} ${run[0]}v1M${run[2]} ${run[0]}v1`;
    along += 2;
  }
  for (const [row, here] of byRow) {
    // Lines above each row, and below those rows that have nothing below them.
    for (const [y, others] of /** @type {[number, Run[]][]} */ ([[row, byRow.get(row - 1) ?? []], ...(byRow.has(row + 1) ? [] : [[row + 1, []]])])) {
      for (const [first, after] of differences(here, others)) {
        edge += `M${first} ${y}H${after}`;
        across += after - first;
      }
    }
  }
  return { edge, fill, across, along };
}

/** Columns that are in one of two rows only. @param {Run[]} a @param {Run[]} b @returns {[number, number][]} */
function differences(a, b) {
  const ends = [...a, ...b].flatMap(([, first, after]) => [first, after]).sort((x, y) => x - y);
  /** @type {[number, number][]} */
  const result = [];
  // Each end turns one of the rows on or off; with both or none there is no difference.
  for (let i = 0; i + 1 < ends.length; i += 2) if (ends[i] < ends[i + 1]) result.push([ends[i], ends[i + 1]]);
  return result;
}
