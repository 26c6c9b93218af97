/**
 * What the points of each kind of shape mean; cases/geometry/shapes.py says the same.
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Kind} Kind
 */

const RINGS = new Set(["rotated-box", "polygon", "freehand"]);
const ROUND = new Set(["ellipse", "circle"]);
const PATHS = new Set(["length", "arrow", "polyline"]);

/** Points needed; of those with many, the fewest. @type {Record<Kind, number>} */
export const NEEDED = {
  point: 1,
  text: 1,
  box: 2,
  ellipse: 2,
  circle: 2,
  mask: 2,
  length: 2,
  arrow: 2,
  polyline: 2,
  angle: 3,
  polygon: 3,
  freehand: 3,
  "rotated-box": 4,
  bidirectional: 4,
  cobb: 4,
};

/** Kinds with as many points as one likes. @param {string} kind */
export function isMany(kind) {
  return kind === "polygon" || kind === "freehand" || kind === "polyline";
}

/** Points are the corners of a closed outline. @param {{kind: string}} shape */
export function isRing(shape) {
  return RINGS.has(shape.kind);
}

/** Two corners of the rectangle around an ellipse. @param {{kind: string}} shape */
export function isRound(shape) {
  return ROUND.has(shape.kind);
}

/** An open line that has a length. @param {{kind: string}} shape */
export function isPath(shape) {
  return PATHS.has(shape.kind);
}

/** A single place. @param {{kind: string}} shape */
export function isPlace(shape) {
  return shape.kind === "point" || shape.kind === "text";
}

/** Whether the shape surrounds an area. @param {{kind: string}} shape */
export function isClosed(shape) {
  return isRing(shape) || isRound(shape) || shape.kind === "box" || shape.kind === "mask";
}

/** @param {Point[]} points */
export function bounds(points) {
  let x0 = Infinity;
  let y0 = Infinity;
  let x1 = -Infinity;
  let y1 = -Infinity;
  for (const [x, y] of points) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return { x0, y0, x1, y1 };
}

/** Straight lines of what is not closed: two for pairs of lines, else from each point to the next. @param {Shape} shape @returns {[Point, Point][]} */
export function strokes({ kind, points }) {
  if (kind === "bidirectional" || kind === "cobb") {
    return points.length < 4 ? (points.length < 2 ? [] : [[points[0], points[1]]]) : [[points[0], points[1]], [points[2], points[3]]];
  }
  return points.slice(1).map((point, i) => [points[i], point]);
}

/**
 * The closed outline as vertices; what is round gets 64 of them. A mask has no single one.
 * @param {Shape} shape
 * @returns {Point[]}
 */
export function outline(shape) {
  if (isRing(shape)) return shape.points;
  const { x0, y0, x1, y1 } = bounds(shape.points);
  if (!isRound(shape)) {
    return [
      [x0, y0],
      [x1, y0],
      [x1, y1],
      [x0, y1],
    ];
  }
  return Array.from({ length: 64 }, (_, i) => {
    const angle = (i * Math.PI) / 32;
    return [(x0 + x1) / 2 + ((x1 - x0) / 2) * Math.cos(angle), (y0 + y1) / 2 + ((y1 - y0) / 2) * Math.sin(angle)];
  });
}

/** @param {number} value */
export function round(value) {
  return Math.round(value * 100) / 100;
}

/**
 * A hundredth of a pixel is finer than any hand; rounding makes what the server returns equal to what was sent.
 * @param {Point} point
 * @param {number} rows
 * @param {number} columns
 * @returns {Point}
 */
export function clampPoint([x, y], rows, columns) {
  return [round(Math.min(Math.max(x, 0), columns)), round(Math.min(Math.max(y, 0), rows))];
}
