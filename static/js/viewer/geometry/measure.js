/**
 * How large a shape is. The numbers agree with cases/geometry/measure.py: both suites read
 * tests/js/fixtures/geometry.json.
 *
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Spacing} Spacing
 */
import { NEEDED, bounds, isClosed, isMany, isPath, isPlace, isRing, isRound, isTurned, semiAxes, strokes } from "./kinds.js";
import { maskPaths } from "./runs.js";

/** Under it, in pixels, a shape has no extent. */
const SMALLEST = 1e-6;

/** @param {Point[]} points */
function shoelace(points) {
  let sum = 0;
  for (let i = 0; i < points.length; i++) {
    const [x1, y1] = points[i];
    const [x2, y2] = points[(i + 1) % points.length];
    sum += x1 * y2 - x2 * y1;
  }
  return Math.abs(sum) / 2;
}

/** @param {Point} a @param {Point} b @param {[number, number]} spacing */
function distance(a, b, [sy, sx]) {
  return Math.hypot((b[0] - a[0]) * sx, (b[1] - a[1]) * sy);
}

/**
 * Area in square pixels, or in square millimetres when the spacing is given; 0 for what is not closed.
 * @param {Shape} shape
 * @param {Spacing} spacing
 */
export function area(shape, spacing = null) {
  if (!isClosed(shape)) return 0;
  const unit = spacing ? spacing[0] * spacing[1] : 1;
  if (isRing(shape)) return shoelace(shape.points) * unit;
  if (shape.kind === "mask") return (shape.counts ?? []).reduce((sum, count, i) => (i % 2 ? sum + count : sum), 0) * unit;
  if (isTurned(shape)) {
    const [long, short] = semiAxes(shape);
    return Math.PI * long * short * unit;
  }
  const { x0, y0, x1, y1 } = bounds(shape.points);
  const box = (x1 - x0) * (y1 - y0);
  return (isRound(shape) ? (box * Math.PI) / 4 : box) * unit;
}

/**
 * Circumference by the arithmetic-geometric mean (Abramowitz & Stegun 17.6), exact to the last digits.
 * @param {number} a
 * @param {number} b
 */
function ellipsePerimeter(a, b) {
  let [x, y] = a > b ? [a, b] : [b, a];
  if (y === 0) return 4 * x;
  let sum = x * x;
  let factor = 0.5;
  let gap = x * x - y * y;
  for (let i = 0; i < 40 && Math.abs(gap) > 1e-16 * x * x; i++) {
    sum -= factor * gap;
    const half = (x - y) / 2;
    [x, y] = [(x + y) / 2, Math.sqrt(x * y)];
    gap = half * half;
    factor *= 2;
  }
  sum -= factor * gap;
  return (2 * Math.PI * sum) / x;
}

/**
 * Length of the outline; of the line itself for a length, an arrow and a polyline. Pixels, or millimetres when the
 * spacing is given.
 * @param {Shape} shape
 * @param {Spacing} spacing
 */
export function perimeter(shape, spacing = null) {
  const size = spacing ?? [1, 1];
  const { points } = shape;
  if (isPath(shape)) return strokes(shape).reduce((sum, [a, b]) => sum + distance(a, b, size), 0);
  if (!isClosed(shape)) return 0;
  if (isRing(shape)) return points.reduce((sum, point, i) => sum + distance(point, points[(i + 1) % points.length], size), 0);
  if (shape.kind === "mask") {
    const { across, along } = maskPaths(shape);
    return across * size[1] + along * size[0];
  }
  if (isTurned(shape)) {
    const [long, short] = semiAxes(shape, size);
    return ellipsePerimeter(long, short);
  }
  const { x0, y0, x1, y1 } = bounds(points);
  const width = (x1 - x0) * size[1];
  const height = (y1 - y0) * size[0];
  return isRound(shape) ? ellipsePerimeter(width / 2, height / 2) : 2 * (width + height);
}

/**
 * Long and short axis of a pair (RECIST 1.1), the longer first.
 * @param {Shape} shape
 * @param {Spacing} spacing
 * @returns {[number, number]}
 */
export function axes(shape, spacing = null) {
  const [first, second = 0] = strokes(shape).map(([a, b]) => distance(a, b, spacing ?? [1, 1]));
  return [Math.max(first, second), Math.min(first, second)];
}

/**
 * Degrees of an angle at its vertex, or the acute ones between the two lines of Cobb.
 * @param {Shape} shape
 * @param {Spacing} spacing
 */
export function degrees({ kind, points }, spacing = null) {
  const [sy, sx] = spacing ?? [1, 1];
  const [[a, b], [c, d]] =
    kind === "cobb"
      ? [[points[0], points[1]], [points[2], points[3]]]
      : [[points[1], points[0]], [points[1], points[2]]];
  const [x1, y1, x2, y2] = [(b[0] - a[0]) * sx, (b[1] - a[1]) * sy, (d[0] - c[0]) * sx, (d[1] - c[1]) * sy];
  const dot = x1 * x2 + y1 * y2;
  // atan2 of both products stays exact near 0 and 180 degrees, where the arc cosine does not.
  return (Math.atan2(Math.abs(x1 * y2 - y1 * x2), kind === "cobb" ? Math.abs(dot) : dot) * 180) / Math.PI;
}

/** @param {number} value */
function pretty(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/** Millimetres between pixels below which a microscope made them: then micrometres are what one says. */
const MICROSCOPIC = 0.02;

/**
 * A length or an area in the unit that suits it: pixels without a spacing, micrometres of small things under the
 * microscope, millimetres of the rest.
 * @param {number} value pixels or millimetres, or their squares
 * @param {Spacing} spacing
 * @param {1|2} power
 * @param {(value: number) => string} [write]
 */
export function sizeText(value, spacing, power, write = pretty) {
  const square = power === 2 ? "²" : "";
  if (!spacing) return `${write(value)} px${square}`;
  const small = Math.max(...spacing) < MICROSCOPIC && value < 1;
  return small ? `${write(value * 1000 ** power)} µm${square}` : `${write(value)} mm${square}`;
}

/**
 * What the list and the label beside a shape say: an area, a length, an angle, or nothing for a place. Also of a
 * shape that is still being drawn.
 * @param {Shape} shape
 * @param {Spacing} spacing
 */
export function measureText(shape, spacing) {
  if (isPlace(shape)) return "";
  if (isPath(shape)) return sizeText(perimeter(shape, spacing), spacing, 1);
  if (shape.kind === "bidirectional") {
    const [long, short] = axes(shape, spacing);
    return shape.points.length < 4 ? sizeText(long, spacing, 1) : sizeText(long, spacing, 1, (value) => `${pretty(value)} × ${pretty((short / long) * value)}`);
  }
  if (!isClosed(shape)) return shape.points.length < NEEDED[shape.kind] ? "" : `${degrees(shape, spacing).toFixed(1)}°`;
  return sizeText(area(shape, spacing), spacing, 2);
}

/**
 * True when the server would refuse the shape: it has no extent, or too few different points.
 * @param {Shape} shape
 */
export function isDegenerate(shape) {
  const { kind, points } = shape;
  if (isMany(kind) ? points.length < NEEDED[kind] : points.length !== NEEDED[kind] && !isTurned(shape)) return true;
  if (isPlace(shape)) return false;
  if (isClosed(shape)) return area(shape) < SMALLEST;
  if (isPath(shape)) return perimeter(shape) < SMALLEST;
  return strokes(shape).some(([a, b]) => distance(a, b, [1, 1]) < SMALLEST);
}
