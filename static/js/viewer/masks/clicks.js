/**
 * Tools that paint with one click: fill a hole, and the magic wand.
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("./strokes.js").Easel} Easel
 */
import { put } from "./bitmap.js";
import { hole, wand } from "./grow.js";
import { growing, settle } from "./strokes.js";

/** The pixel at a place. @param {Easel} host @param {Point} at @returns {[number, number]|null} null beside the image */
export function pixelAt({ frame: { rows, columns } }, [x, y]) {
  // The far edge belongs to the last pixel: the crosshair goes up to it.
  const pixel = /** @type {[number, number]} */ ([Math.min(Math.floor(x), columns - 1), Math.min(Math.floor(y), rows - 1)]);
  return x >= 0 && y >= 0 && x <= columns && y <= rows ? pixel : null;
}

/** @param {Easel} host @param {Point} at */
export function fill(host, at) {
  const pixel = pixelAt(host, at);
  if (!pixel || !host.state.visible.mine) return;
  const { rows, columns } = host.frame;
  const { shapes, selected, frame } = host.state;
  const masks = shapes.filter((shape) => shape.kind === "mask" && shape.frame === frame);
  // The selected one first: two may lie round the same place.
  masks.sort((a, b) => Number(b.id === selected) - Number(a.id === selected));
  for (const mask of masks) {
    const bitmap = new Uint8Array(rows * columns);
    put(bitmap, columns, mask, 1);
    const found = hole(bitmap, columns, pixel[1] * columns + pixel[0]);
    if (found) {
      settle(host, { frame, erases: false, ids: [mask.id], ...found });
      return;
    }
  }
  host.say(host.t("fillOpen"));
}

/** @param {Easel} host @param {Point} at */
export function pick(host, at) {
  const { state, frame, pixels } = host;
  const pixel = pixelAt(host, at);
  if (frame.samples !== 1) host.say(host.t("notGrey"));
  if (!pixel || !pixels || frame.samples !== 1) return;
  const tolerance = (state.paint.tolerance * state.window.width) / 100 / (Math.abs(frame.slope) || 1);
  const found = wand(pixels, frame.columns, frame.rows, pixel, { tolerance, reach: state.paint.reach, aspect: host.aspect });
  const mask = growing(host);
  if (found) settle(host, { frame: state.frame, erases: false, ids: mask ? [mask.id] : [], ...found });
}

/** @param {Easel} host @param {(host: Easel, at: Point) => void} act @returns {Tool} */
export function clickTool(host, act) {
  // On release, so that the first finger of a pinch changes nothing.
  return { up: (p) => act(host, p.image) };
}
