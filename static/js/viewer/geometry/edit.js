/**
 * Edits of one shape. Millimetres are as wide as they are high; pixels need not be: `aspect` is the spacing of rows
 * over that of columns, and right angles and circles are kept in millimetres.
 *
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 */
import { bounds, isMany, isRing, isTurned, outline, round } from "./kinds.js";
import { nearestOnSegment, segmentDistance } from "./lines.js";
import { isDegenerate } from "./measure.js";

/**
 * Move a whole shape, as far as the image allows, without bending it. A mask moves by whole pixels.
 * @param {Shape} shape
 * @param {number} dx
 * @param {number} dy
 * @param {number} rows
 * @param {number} columns
 * @returns {Shape}
 */
export function translate(shape, dx, dy, rows, columns) {
  const { x0, y0, x1, y1 } = bounds(shape.points);
  const whole = shape.kind === "mask" ? Math.round : round;
  const mx = Math.min(Math.max(shape.kind === "mask" ? Math.round(dx) : dx, -x0), columns - x1);
  const my = Math.min(Math.max(shape.kind === "mask" ? Math.round(dy) : dy, -y0), rows - y1);
  return { ...shape, points: shape.points.map(([x, y]) => /** @type {Point} */ ([whole(x + mx), whole(y + my)])) };
}

/** Kinds that are taken hold of at the corners of their rectangle. @param {Shape} shape */
function hasCorners(shape) {
  return shape.kind === "box" || shape.kind === "circle" || (shape.kind === "ellipse" && !isTurned(shape));
}

/**
 * The places where a shape can be taken hold of; a mask has none, it is painted.
 * @param {Shape} shape
 * @returns {Point[]}
 */
export function handles(shape) {
  if (shape.kind === "mask") return [];
  if (!hasCorners(shape)) return shape.points;
  return outline({ ...shape, kind: "box" });
}

/**
 * Handles that are shown: a contour drawn by hand has hundreds of corners, dots on all would hide what it surrounds.
 * @param {Shape} shape
 */
export function gripPoints(shape) {
  return shape.kind === "freehand" && shape.points.length > 120 ? [] : handles(shape);
}

/**
 * Move one handle. The opposite corner of a box stays; a circle stays round, a rotated box keeps its right angles.
 * @param {Shape} shape
 * @param {number} index of `handles(shape)`
 * @param {Point} point
 * @param {number} aspect
 * @returns {Shape}
 */
export function moveHandle(shape, index, point, aspect = 1) {
  if (shape.kind === "rotated-box") return { ...shape, points: pullCorner(shape.points, index, point, aspect) };
  if (isTurned(shape)) return { ...shape, points: pullAxis(shape.points, index, point, aspect) };
  if (!hasCorners(shape)) return { ...shape, points: shape.points.map((old, i) => (i === index ? point : old)) };
  const opposite = handles(shape)[(index + 2) % 4];
  return { ...shape, points: [opposite, shape.kind === "circle" ? roundCorner(opposite, point, aspect) : point] };
}

/**
 * The corner of the square (in millimetres) that is as large as the smaller side asked for, so that it stays where
 * the pointer may be.
 * @param {Point} from
 * @param {Point} to
 * @param {number} aspect
 * @returns {Point}
 */
export function roundCorner(from, to, aspect) {
  const side = Math.min(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]) * aspect);
  return [round(from[0] + Math.sign(to[0] - from[0]) * side), round(from[1] + (Math.sign(to[1] - from[1]) * side) / aspect)];
}

/**
 * A corner of a turned rectangle is pulled: the opposite one stays, both sides keep their direction.
 * @param {Point[]} corners
 * @param {number} index
 * @param {Point} point
 * @param {number} aspect
 * @returns {Point[]}
 */
function pullCorner(corners, index, point, aspect) {
  const opposite = corners[(index + 2) % 4];
  const [before, after] = [corners[(index + 3) % 4], corners[(index + 1) % 4]];
  /** @param {Point} side a corner beside the opposite one @returns {Point} its new place */
  const slide = (side) => {
    const [ux, uy] = [side[0] - opposite[0], (side[1] - opposite[1]) * aspect];
    const along = ((point[0] - opposite[0]) * ux + (point[1] - opposite[1]) * aspect * uy) / (ux * ux + uy * uy || 1);
    return [opposite[0] + along * ux, opposite[1] + (along * uy) / aspect];
  };
  const [first, second] = [slide(before), slide(after)];
  /** @type {Point} */
  const pulled = [first[0] + second[0] - opposite[0], first[1] + second[1] - opposite[1]];
  return corners.map((_, i) => {
    const [x, y] = [pulled, second, opposite, first][(i - index + 4) % 4];
    return [round(x), round(y)];
  });
}

/**
 * An end of an axis is pulled: the other end stays, the axis keeps its direction, the other one goes along.
 * @param {Point[]} ends
 * @param {number} index
 * @param {Point} point
 * @param {number} aspect
 * @returns {Point[]}
 */
function pullAxis(ends, index, point, aspect) {
  const opposite = ends[index ^ 1];
  const [ux, uy] = [ends[index][0] - opposite[0], ends[index][1] - opposite[1]];
  const along = ((point[0] - opposite[0]) * ux + (point[1] - opposite[1]) * uy * aspect * aspect) / (ux * ux + uy * uy * aspect * aspect || 1);
  return ends.map(([x, y], i) => {
    const share = i === index ? along - 1 : i === (index ^ 1) ? 0 : (along - 1) / 2;
    return [round(x + ux * share), round(y + uy * share)];
  });
}

/**
 * The rectangle over a first side whose other side reaches a point.
 * @param {Point} a
 * @param {Point} b the end of the first side
 * @param {Point} reach
 * @param {number} aspect
 * @returns {Point[]} four corners
 */
export function boxOver(a, b, reach, aspect) {
  const [ux, uy] = [b[0] - a[0], (b[1] - a[1]) * aspect];
  const square = ux * ux + uy * uy;
  const across = square === 0 ? 0 : (-(reach[0] - a[0]) * uy + (reach[1] - a[1]) * aspect * ux) / square;
  const [dx, dy] = [-uy * across, (ux * across) / aspect];
  return [a, b, [round(b[0] + dx), round(b[1] + dy)], [round(a[0] + dx), round(a[1] + dy)]];
}

/**
 * @param {Shape} shape
 * @param {number} index
 * @returns {Shape} the same shape when a vertex may not be taken away
 */
export function removeVertex(shape, index) {
  if (!isMany(shape.kind)) return shape;
  const next = { ...shape, points: shape.points.filter((_, i) => i !== index) };
  return isDegenerate(next) ? shape : next;
}

/**
 * Put a vertex on the edge nearest to the point.
 * @param {Shape} shape
 * @param {Point} point
 * @param {number} tolerance
 * @returns {Shape} the same shape when no edge is that near
 */
export function insertVertex(shape, point, tolerance) {
  if (!isMany(shape.kind)) return shape;
  const edges = isRing(shape) ? shape.points.length : shape.points.length - 1;
  let best = -1;
  let near = tolerance;
  for (let i = 0; i < edges; i++) {
    const distance = segmentDistance(point, shape.points[i], shape.points[(i + 1) % shape.points.length]);
    if (distance <= near) {
      near = distance;
      best = i;
    }
  }
  if (best < 0) return shape;
  const points = shape.points.slice();
  points.splice(best + 1, 0, point);
  return { ...shape, points };
}

/**
 * The vertex, or else the place on an edge, of other shapes that a point is drawn to.
 * @param {Point} point
 * @param {Shape[]} shapes
 * @param {number} tolerance image pixels
 * @returns {Point} the same point when nothing is near
 */
export function snap(point, shapes, tolerance) {
  /** @type {Point|null} */
  let corner = null;
  /** @type {Point|null} */
  let edge = null;
  let [toCorner, toEdge] = [tolerance, tolerance];
  for (const shape of shapes) {
    const { x0, y0, x1, y1 } = bounds(shape.points);
    if (point[0] < x0 - tolerance || point[0] > x1 + tolerance || point[1] < y0 - tolerance || point[1] > y1 + tolerance) continue;
    for (const at of handles(shape)) {
      const distance = Math.hypot(at[0] - point[0], at[1] - point[1]);
      if (distance <= toCorner) [corner, toCorner] = [at, distance];
    }
    if (!isRing(shape) && shape.kind !== "box" && shape.kind !== "polyline" && shape.kind !== "length") continue;
    const line = isRing(shape) || shape.kind === "box" ? outline(shape) : shape.points;
    const edges = line === shape.points && !isRing(shape) ? line.length - 1 : line.length;
    for (let i = 0; i < edges; i++) {
      const at = nearestOnSegment(point, line[i], line[(i + 1) % line.length]);
      const distance = Math.hypot(at[0] - point[0], at[1] - point[1]);
      if (distance <= toEdge) [edge, toEdge] = [at, distance];
    }
  }
  const found = corner ?? edge;
  return found ? [round(found[0]), round(found[1])] : point;
}
