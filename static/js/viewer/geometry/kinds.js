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

/** An ellipse that does not lie upright: ends of one axis, then of the other. @param {{kind: string, points: Point[]}} shape */
export function isTurned({ kind, points }) {
  return kind === "ellipse" && points.length === 4;
}

/** Two corners of the rectangle around an ellipse, or the ends of its axes. @param {{kind: string}} shape */
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

/** Middle of what is round, and the ways from there to the end of either axis. @param {Shape} shape @returns {[Point, Point, Point]} */
export function halfAxes(shape) {
  const { points } = shape;
  if (isTurned(shape)) {
    const [a, b, c, d] = points;
    return [[(a[0] + b[0] + c[0] + d[0]) / 4, (a[1] + b[1] + c[1] + d[1]) / 4], [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2], [(d[0] - c[0]) / 2, (d[1] - c[1]) / 2]];
  }
  const { x0, y0, x1, y1 } = bounds(points);
  return [[(x0 + x1) / 2, (y0 + y1) / 2], [(x1 - x0) / 2, 0], [0, (y1 - y0) / 2]];
}

/** What a shape reaches: a turned ellipse goes beyond the ends of its axes. @param {Shape} shape */
export function extent(shape) {
  if (!isTurned(shape)) return bounds(shape.points);
  const [[x, y], u, v] = halfAxes(shape);
  const [across, down] = [Math.hypot(u[0], v[0]), Math.hypot(u[1], v[1])];
  return { x0: x - across, y0: y - down, x1: x + across, y1: y + down };
}

/**
 * Longer and shorter half axis of what is round, and the angle of the longer one: whatever two conjugate diameters
 * the points say, where pixels are not square.
 * @param {Shape} shape
 * @param {[number, number]} [spacing]
 * @returns {[number, number, number]}
 */
export function semiAxes(shape, [sy, sx] = [1, 1]) {
  const [, [ux, uy], [vx, vy]] = halfAxes(shape);
  const [a, b, c, d] = [ux * sx, uy * sy, vx * sx, vy * sy];
  const turn = Math.atan2(2 * (a * c + b * d), a * a + b * b - c * c - d * d) / 2;
  const [x, y] = [a * Math.cos(turn) + c * Math.sin(turn), b * Math.cos(turn) + d * Math.sin(turn)];
  const long = Math.hypot(x, y);
  return [long, long ? Math.abs(a * d - b * c) / long : 0, Math.atan2(y, x)];
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
  const [[x, y], u, v] = halfAxes(shape);
  return Array.from({ length: 64 }, (_, i) => {
    const angle = (i * Math.PI) / 32;
    return [x + u[0] * Math.cos(angle) + v[0] * Math.sin(angle), y + u[1] * Math.cos(angle) + v[1] * Math.sin(angle)];
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
