/**
 * Turn and resize shapes, one or many at once. `aspect` is the spacing of rows over that of columns: what is turned
 * keeps its form in millimetres.
 *
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 */
import { translate } from "./edit.js";
import { bounds, halfAxes, isTurned, outline, round } from "./kinds.js";

/** Of several shapes together. @param {Shape[]} shapes */
export function boundsOf(shapes) {
  return bounds(shapes.flatMap((shape) => shape.points));
}

/** Kinds that turning makes others of, so they only move with a group. @param {Shape} shape */
function isUpright(shape) {
  return shape.kind === "mask" || shape.kind === "circle";
}

/** Whether turning changes anything. @param {Shape[]} shapes */
export function canTurn(shapes) {
  return shapes.length > 1 || (shapes.length === 1 && !isUpright(shapes[0]) && shapes[0].points.length > 1);
}

/** Whether pulling at a corner of the frame changes anything; boxes and ellipses have corners of their own. @param {Shape[]} shapes */
export function canResize(shapes) {
  if (shapes.length > 1) return true;
  return shapes.length === 1 && (shapes[0].kind === "polygon" || shapes[0].kind === "freehand" || shapes[0].kind === "polyline");
}

/** @param {Shape} shape @returns {Point} */
function centreOf(shape) {
  const { x0, y0, x1, y1 } = bounds(shape.points);
  return [(x0 + x1) / 2, (y0 + y1) / 2];
}

/** @param {Shape} shape @param {Point} to its centre @returns {Shape} */
function movedTo(shape, to) {
  const [x, y] = centreOf(shape);
  return translate(shape, to[0] - x, to[1] - y, Infinity, Infinity);
}

/**
 * Turn about a place. A box becomes a rotated box, an ellipse gets the ends of its axes; circles and masks go along
 * upright.
 * @param {Shape} shape
 * @param {Point} about
 * @param {number} radians clockwise on the screen of an image that lies as stored
 * @param {number} aspect
 * @returns {Shape}
 */
export function rotate(shape, about, radians, aspect) {
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  /** @param {Point} p @returns {Point} */
  const turned = (p) => {
    const [x, y] = [p[0] - about[0], (p[1] - about[1]) * aspect];
    return [round(about[0] + x * cos - y * sin), round(about[1] + (x * sin + y * cos) / aspect)];
  };
  if (isUpright(shape)) {
    return movedTo(shape, turned(centreOf(shape)));
  }
  if (shape.kind === "ellipse") {
    const [[x, y], u, v] = halfAxes(shape);
    const ends = isTurned(shape) ? shape.points : [u, v].flatMap(([dx, dy]) => /** @type {Point[]} */ ([[x - dx, y - dy], [x + dx, y + dy]]));
    return { ...shape, points: ends.map(turned) };
  }
  if (shape.kind === "box") return { ...shape, kind: "rotated-box", points: outline(shape).map(turned) };
  return { ...shape, points: shape.points.map(turned) };
}

/**
 * Stretch from a fixed place. What is turned, round or measured keeps its form: it gets the middle of both factors.
 * Masks only move: their pixels are as they were painted.
 * @param {Shape} shape
 * @param {Point} from
 * @param {number} sx
 * @param {number} sy
 * @returns {Shape}
 */
export function stretch(shape, from, sx, sy) {
  /** @param {Point} p @param {number} fx @param {number} fy @returns {Point} */
  const stretched = (p, fx, fy) => [round(from[0] + (p[0] - from[0]) * fx), round(from[1] + (p[1] - from[1]) * fy)];
  if (shape.kind === "mask") return movedTo(shape, stretched(centreOf(shape), sx, sy));
  if (shape.kind === "circle" || shape.kind === "rotated-box" || isTurned(shape)) {
    const even = Math.sqrt(Math.abs(sx * sy));
    const centre = centreOf(shape);
    const to = stretched(centre, sx, sy);
    const points = shape.points.map(
      ([x, y]) => /** @type {Point} */ ([round(to[0] + (x - centre[0]) * even), round(to[1] + (y - centre[1]) * even)]),
    );
    return { ...shape, points };
  }
  return { ...shape, points: shape.points.map((p) => stretched(p, sx, sy)) };
}

/** Whether all points lie on the image. @param {Shape[]} shapes @param {number} rows @param {number} columns */
export function onImage(shapes, rows, columns) {
  const { x0, y0, x1, y1 } = boundsOf(shapes);
  return x0 >= 0 && y0 >= 0 && x1 <= columns && y1 <= rows;
}
