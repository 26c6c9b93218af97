/**
 * Several closed shapes become one: outlines stay outlines (polygon-clipping, loaded when it is first needed), masks
 * and whatever would have a hole become a mask, which can have one.
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Frame} Frame
 * @typedef {"union"|"subtract"} What
 * @typedef {Point[][][]} Regions outlines with their holes
 * @typedef {{union: (first: Point[][], ...more: Point[][][]) => Regions, difference: (first: Point[][], ...more: Point[][][]) => Regions}} Clipper
 */
import { boundsOf, clampPoint, isClosed, isDegenerate, outline, pixelRuns, simplifyRing, withoutRepeats } from "../geometry.js";
import { maskOf } from "../geometry/runs.js";

const MOST_POINTS = 5000;
const MOST_COUNTS = 50_000;

/** The page knows under which name its file lies. @returns {Promise<Clipper>} */
async function fromPage() {
  const files = JSON.parse(document.getElementById("viewer-files")?.textContent ?? "{}");
  if (!files.clipper) throw new Error("the page does not name the file of polygon-clipping");
  // A classic script, loaded as a module, leaves its name in the global object.
  await import(files.clipper);
  const found = /** @type {{polygonClipping?: Clipper}} */ (globalThis).polygonClipping;
  if (!found) throw new Error("polygon-clipping has brought nothing");
  return found;
}

/** Pixels of a bitmap that shapes are joined on. */
const MOST_PIXELS = 2 ** 26;

/**
 * @param {Shape[]} shapes the first one is what others are added to or taken from
 * @param {What} what
 * @param {() => string} newId
 * @param {Pick<Frame, "rows"|"columns">} frame
 * @param {() => Promise<Clipper>} [load]
 * @returns {Promise<Shape[]|"combineTwo"|"combineNothing"|"combineFine">} or why there is nothing
 */
export async function combine(shapes, what, newId, frame, load = fromPage) {
  const closed = shapes.filter(isClosed);
  if (closed.length < 2) return "combineTwo";
  const rings = closed.some((shape) => shape.kind === "mask") ? null : clip(closed, what, await load());
  if (rings === null || rings.some((region) => region.length > 1)) return paint(closed, what, frame);
  const { counts: _, ...first } = closed[0];
  const made = rings.map(([ring]) => {
    const clean = withoutRepeats(ring.map((point) => clampPoint(point, frame.rows, frame.columns)));
    const points = clean.length > MOST_POINTS ? simplifyRing(clean, 0.5) : clean;
    return /** @type {Shape} */ ({ ...first, kind: "polygon", points });
  });
  const kept = made.filter((shape) => !isDegenerate(shape) && shape.points.length <= MOST_POINTS);
  if (kept.length === 0) return "combineNothing";
  return kept.map((shape, i) => (i === 0 ? shape : { ...shape, id: newId() }));
}

/** @param {Shape[]} shapes @param {What} what @param {Clipper} library @returns {Regions|null} null when the outlines are too entangled */
function clip(shapes, what, library) {
  const [first, ...others] = shapes.map((shape) => [outline(shape)]);
  try {
    return what === "union" ? library.union(first, ...others) : library.difference(first, ...others);
  } catch (error) {
    // Known for some outlines that nearly touch; pixels have no such trouble.
    console.info("the outlines are combined as pixels:", error);
    return null;
  }
}

/** @param {Shape[]} shapes @param {What} what @param {Pick<Frame, "rows"|"columns">} frame @returns {Shape[]|"combineNothing"|"combineFine"} */
function paint(shapes, what, { rows, columns }) {
  const { x0, y0, x1, y1 } = boundsOf(shapes);
  const [left, top] = [Math.floor(x0), Math.floor(y0)];
  const [width, height] = [Math.ceil(x1) - left, Math.ceil(y1) - top];
  // Of a slide, more than a browser holds.
  if (width * height > MOST_PIXELS) return "combineFine";
  const bitmap = new Uint8Array(width * height);
  shapes.forEach((shape, i) => {
    const value = i === 0 || what === "union" ? 1 : 0;
    for (const [row, from, after] of pixelRuns(shape, rows, columns)) {
      const start = (row - top) * width - left;
      bitmap.fill(value, start + from, start + after);
    }
  });
  const mask = maskOf(bitmap, width, height, left, top);
  if (!mask) return "combineNothing";
  if (mask.counts.length > MOST_COUNTS) return "combineFine";
  return [{ ...shapes[0], kind: "mask", ...mask }];
}
