/**
 * What lies under a pointer.
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 */
import { isClosed, isPlace, outline, strokes } from "./kinds.js";
import { segmentDistance } from "./lines.js";
import { crossing, maskRuns } from "./runs.js";

/**
 * @param {Point[]} points
 * @param {Point} p
 */
export function insideRing(points, [x, y]) {
  let inside = false;
  for (let i = 0; i < points.length; i++) {
    const a = points[i];
    const b = points[(i + 1) % points.length];
    if (a[1] <= y !== b[1] <= y && crossing(a, b, y) > x) inside = !inside;
  }
  return inside;
}

/**
 * How far a point is from being on the shape: 0 on the outline or, less attractive, inside it.
 * @param {Shape} shape
 * @param {Point} p
 * @returns {{outline: number, inside: boolean}}
 */
export function hit(shape, p) {
  const points = shape.points;
  if (isPlace(shape)) return { outline: Math.hypot(p[0] - points[0][0], p[1] - points[0][1]), inside: false };
  if (!isClosed(shape)) {
    return { outline: Math.min(...strokes(shape).map(([a, b]) => segmentDistance(p, a, b))), inside: false };
  }
  if (shape.kind === "mask") return hitMask(shape, p);
  const ring = outline(shape);
  let nearest = Infinity;
  ring.forEach((a, i) => {
    nearest = Math.min(nearest, segmentDistance(p, a, ring[(i + 1) % ring.length]));
  });
  return { outline: nearest, inside: insideRing(ring, p) };
}

/** From outside to the nearest pixel; from inside to the ends of the run and the mask's rectangle. @param {Shape} shape @param {Point} p */
function hitMask(shape, [x, y]) {
  let nearest = Infinity;
  for (const [row, first, after] of maskRuns(shape)) {
    const dx = Math.max(first - x, 0, x - after);
    const dy = Math.max(row - y, 0, y - row - 1);
    if (dx === 0 && dy === 0) {
      const [[, top], [, bottom]] = shape.points;
      return { outline: Math.min(x - first, after - x, y - top, bottom - y), inside: true };
    }
    nearest = Math.min(nearest, Math.hypot(dx, dy));
  }
  return { outline: nearest, inside: false };
}
