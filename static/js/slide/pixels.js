/**
 * Shapes of a slide, kept in pixels of its overview and drawn in those of its finest level. The overview is the frame
 * of the series: so the same drawing shows on both, and whatever reads drawings knows slides. One pixel of the
 * overview is `step` pixels wide, a power of two, so that numbers come back as they went.
 * @typedef {import("../viewer/types.js").Shape} Shape
 * @typedef {import("../viewer/types.js").Point} Point
 * @typedef {import("../viewer/types.js").Annotation} Annotation
 */
import { maskOf, maskRuns } from "../viewer/geometry/runs.js";

/** Counts of a mask beyond which it is not unfolded into pixels of the slide. */
const MOST_COUNTS = 200_000;

/** @param {Shape} shape @param {number} step @returns {Shape} points of `shape` times `step` */
function scaled(shape, step) {
  return { ...shape, points: shape.points.map(([x, y]) => /** @type {Point} */ ([x * step, y * step])) };
}

/**
 * A shape of the overview on the slide; each pixel of a mask becomes a square of them.
 * @param {Shape} shape
 * @param {number} step
 * @returns {Shape|null} null of a mask that would be too much to show
 */
export function inward(shape, step) {
  const moved = { ...scaled(shape, step), frame: 0 };
  if (shape.kind !== "mask" || step === 1) return moved;
  const [[x0, y0], [x1, y1]] = shape.points;
  const width = (x1 - x0) * step;
  /** @type {number[]} */
  const counts = [0];
  let inside = false;
  /** @param {boolean} value @param {number} count */
  const push = (value, count) => {
    if (count === 0) return;
    if (value !== inside) {
      inside = value;
      counts.push(0);
    }
    counts[counts.length - 1] += count;
  };
  /** @type {Map<number, [number, number][]>} */
  const rows = new Map();
  for (const [row, first, after] of maskRuns(shape)) rows.set(row, [...(rows.get(row) ?? []), [(first - x0) * step, (after - x0) * step]]);
  for (let row = y0; row < y1; row++) {
    for (let again = 0; again < step; again++) {
      let at = 0;
      for (const [first, after] of rows.get(row) ?? []) {
        push(false, first - at);
        push(true, after - first);
        at = after;
      }
      push(false, width - at);
    }
    if (counts.length > MOST_COUNTS) return null;
  }
  return { ...moved, counts };
}

/**
 * The way back; of a mask each pixel of the overview says what its middle says.
 * @param {Shape} shape
 * @param {number} step
 * @param {number} frame number of the overview in its series
 * @returns {Shape|null} null of a mask between the middles of all pixels
 */
export function outward(shape, step, frame) {
  if (shape.kind !== "mask" || step === 1) return { ...scaled(shape, 1 / step), frame };
  const [[left, top], [right, bottom]] = shape.points;
  const [x0, y0] = [Math.floor(left / step), Math.floor(top / step)];
  const [width, height] = [Math.ceil(right / step) - x0, Math.ceil(bottom / step) - y0];
  const bitmap = new Uint8Array(width * height);
  const middle = Math.floor(step / 2);
  for (const [row, first, after] of maskRuns(shape)) {
    if ((row - middle) % step !== 0) continue;
    const line = (row - middle) / step - y0;
    const from = Math.ceil((first - middle) / step);
    for (let column = Math.max(from, x0); column * step + middle < after; column++) bitmap[line * width + column - x0] = 1;
  }
  const made = maskOf(bitmap, width, height, x0, y0);
  return made && { ...shape, ...made, frame };
}

/**
 * What an `Api` says of drawings, in pixels of the slide. Shapes that are on other pictures of the series, or too
 * much to show, are kept aside and sent along with every save.
 * @param {import("../viewer/api.js").Api} api
 * @param {{frame: number, step: number}} where
 * @returns {import("../viewer/api.js").Api}
 */
export function slideApi(api, { frame, step }) {
  /** @type {Shape[]} */
  let aside = [];

  /** @param {Shape[]} shapes @returns {[Shape[], Shape[]]} those that are shown, and those that are not */
  function parted(shapes) {
    /** @type {Shape[]} */
    const shown = [];
    /** @type {Shape[]} */
    const rest = [];
    for (const shape of shapes) {
      const here = shape.frame === frame ? inward(shape, step) : null;
      if (here) shown.push(here);
      else rest.push(shape);
    }
    return [shown, rest];
  }

  /** @template {{shapes: Shape[]}} T @param {T} layer @param {boolean} mine @returns {T} */
  function read(layer, mine) {
    const [shapes, rest] = parted(layer.shapes);
    if (mine) aside = rest;
    return { ...layer, shapes };
  }

  /** @param {Shape[]} shapes */
  const sent = (shapes) => [...aside, ...shapes.flatMap((shape) => outward(shape, step, frame) ?? [])];

  /** @param {Promise<Annotation>} answer */
  async function saved(answer) {
    try {
      return read(await answer, true);
    } catch (error) {
      const problem = /** @type {{problem?: {current?: Annotation}}} */ (error).problem;
      if (problem?.current) problem.current = read(problem.current, true);
      throw error;
    }
  }

  return {
    ...api,
    annotations: async () => (await api.annotations()).map((layer) => read(layer, layer.layer === "mine")),
    create: (series, shapes) => saved(api.create(series, sent(shapes))),
    update: (id, revision, shapes) => saved(api.update(id, revision, sent(shapes))),
    submit: (id, revision) => saved(api.submit(id, revision)),
    // Tiles come by themselves.
    pixels: (_frame, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  };
}
