/**
 * Masks for the images between two that have one.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Shape} Shape
 */
import { maskOf } from "../geometry/runs.js";
import { newId } from "../tools/draw.js";
import { MOST_COUNTS, around, put, rectOf } from "./bitmap.js";
import { between } from "./interpolate.js";

/**
 * What all masks of an image are together, within a rectangle.
 * @param {Shape[]} masks
 * @param {import("./bitmap.js").Rect} rect
 */
function together(masks, { x0, y0, x1, y1 }) {
  const bitmap = new Uint8Array((x1 - x0) * (y1 - y0));
  for (const mask of masks) {
    const points = /** @type {import("../types.js").Point[]} */ (mask.points.map(([x, y]) => [x - x0, y - y0]));
    put(bitmap, x1 - x0, { ...mask, points }, 1);
  }
  return bitmap;
}

/**
 * How far each image between two lies on the way: by the places of the slices, whose distances may differ. Where some
 * have none, or lie in no order, by their numbers.
 * @param {Pick<import("../types.js").Frame, "position"|"orientation">[]} frames
 * @param {number} a
 * @param {number} b
 * @returns {number[]}
 */
export function sharesBetween(frames, a, b) {
  const between = frames.slice(a, b + 1);
  const normal = normalOf(frames[a].orientation);
  const places = between.map(({ position }) => (position && normal ? position.reduce((sum, value, i) => sum + value * normal[i], 0) : NaN));
  const way = places[places.length - 1] - places[0];
  const shares = places.map((place) => (place - places[0]) / way);
  const rising = shares.every((share, i) => i === 0 || share > shares[i - 1]);
  return (rising ? shares : between.map((_, i) => i / (b - a))).slice(1, -1);
}

/** Upright on rows and columns. @param {number[]|null|undefined} orientation @returns {number[]|null} */
function normalOf(orientation) {
  if (orientation?.length !== 6) return null;
  const [a, b, c, d, e, f] = orientation;
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

/**
 * Masks between those of one label, for each gap between two images that have some.
 * @param {Shape[]} shapes
 * @param {string} label
 * @param {Pick<import("../types.js").Frame, "rows"|"columns"|"position"|"orientation">[]} frames
 * @param {number} aspect
 * @returns {Shape[]} the new ones
 */
export function masksBetween(shapes, label, frames, aspect) {
  /** @type {Map<number, Shape[]>} */
  const found = new Map();
  for (const shape of shapes) {
    if (shape.kind === "mask" && shape.label === label) found.set(shape.frame, [...(found.get(shape.frame) ?? []), shape]);
  }
  const indices = [...found.keys()].sort((a, b) => a - b);
  /** @type {Shape[]} */
  const made = [];
  indices.slice(1).forEach((b, n) => {
    const a = indices[n];
    const same = frames[a]?.rows === frames[b]?.rows && frames[a]?.columns === frames[b]?.columns;
    if (b - a < 2 || !same) return;
    const [first, last] = [found.get(a) ?? [], found.get(b) ?? []];
    const rect = [...first, ...last].map(rectOf).reduce((all, one) => around(all, one) ?? one);
    // A rim, so that there is an outside whatever the masks are.
    const wide = { x0: rect.x0 - 1, y0: rect.y0 - 1, x1: rect.x1 + 1, y1: rect.y1 + 1 };
    const [width, height] = [wide.x1 - wide.x0, wide.y1 - wide.y0];
    between(together(first, wide), together(last, wide), width, height, sharesBetween(frames, a, b), aspect).forEach((bitmap, i) => {
      const mask = maskOf(bitmap, width, height, wide.x0, wide.y0);
      if (mask && mask.counts.length <= MOST_COUNTS) made.push({ id: newId(), kind: "mask", frame: a + 1 + i, label, ...mask });
    });
  });
  return made;
}

/** For the label of the selected mask, or else the chosen one. @param {Host} host */
export function interpolate(host) {
  const { shapes, selected, label } = host.state;
  if (!host.state.canDraw) return;
  const mask = shapes.find((shape) => shape.id === selected && shape.kind === "mask");
  const made = masksBetween(shapes, mask?.label ?? label, host.frames, host.aspect);
  if (made.length === 0) {
    host.say(host.t("interpolateTwo"));
    return;
  }
  host.commit([...shapes, ...made]);
  host.say(host.t("interpolated", { n: made.length }));
}
