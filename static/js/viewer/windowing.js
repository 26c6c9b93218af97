/**
 * Stored numbers to grey levels through a table, so that a drag costs one look-up per pixel.
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Window} Window
 * @typedef {import("./types.js").Pixels} Pixels
 * @typedef {import("./types.js").Point} Point
 */
import { colorTable } from "./colormaps.js";

const PALETTE_FRAME = { slope: 1, intercept: 0 };

/**
 * Grey level of one value, as cases/imaging/render.py has it; both suites read tests/js/fixtures/windowing.json.
 * DICOM PS3.3 C.11.2.1.2.1 (linear), C.11.2.1.3.1 (sigmoid) and C.11.2.1.3.2 (exact), which stands in for the
 * linear one in windows of less than one unit, where that is undefined.
 * @param {number} value
 * @param {Window} window
 * @param {import("./types.js").VoiFunction} [kind]
 * @returns {number} 0 to 255
 */
export function level(value, { center, width }, kind = "LINEAR") {
  const span = Math.max(width, 1e-9);
  let share = (value - (center - 0.5)) / (width - 1) + 0.5;
  if (kind === "SIGMOID") share = 1 / (1 + Math.exp((-4 * (value - center)) / span));
  else if (kind === "LINEAR_EXACT" || width < 1) share = (value - center) / span + 0.5;
  else if (width === 1) share = value > center - 0.5 ? 1 : 0;
  return Math.round(Math.min(Math.max(share, 0), 1) * 255);
}

/**
 * One opaque colour per stored value. Signed values are looked up by their 16 bits as they lie in memory.
 * @param {Frame} frame
 * @param {Window} window
 * @param {boolean} invert
 * @param {import("./colormaps.js").ColorMap} [map] ignored where the image has colours of its own
 * @returns {Uint32Array} 256 or 65536 little-endian RGBA
 */
export function buildTable(frame, window, invert, map = "grey") {
  const size = frame.dtype === "uint8" ? 256 : 65536;
  const { slope, intercept } = frame.samples === 3 ? PALETTE_FRAME : frame;
  const flip = invert !== Boolean(frame.invert);
  const colors = colorTable(frame.samples === 3 ? "grey" : map);
  const table = new Uint32Array(size);
  for (let i = 0; i < size; i++) {
    const stored = frame.dtype === "int16" && i >= 32768 ? i - 65536 : i;
    const grey = level(stored * slope + intercept, window, frame.voi_function);
    table[i] = colors[flip ? 255 - grey : grey];
  }
  return table;
}

/**
 * @param {Pixels} pixels
 * @param {Uint32Array} table
 * @param {number} samples 1 or 3
 * @param {Uint32Array} out rows x columns RGBA
 */
export function applyTable(pixels, table, samples, out) {
  const raw = pixels instanceof Int16Array ? new Uint16Array(pixels.buffer, pixels.byteOffset, pixels.length) : pixels;
  if (samples === 1) {
    for (let i = 0; i < out.length; i++) out[i] = table[raw[i]];
    return;
  }
  for (let i = 0, j = 0; i < out.length; i++, j += 3) {
    out[i] =
      (0xff000000 | (table[raw[j]] & 0xff) | (table[raw[j + 1]] & 0xff00) | (table[raw[j + 2]] & 0xff0000)) >>> 0;
  }
}

/**
 * Bytes as they came to numbers.
 * @param {ArrayBuffer} buffer
 * @param {Frame} frame
 * @returns {Pixels}
 */
export function toPixels(buffer, frame) {
  const bytes = frame.dtype === "uint8" ? 1 : 2;
  const expected = frame.rows * frame.columns * frame.samples * bytes;
  if (buffer.byteLength !== expected) {
    throw new RangeError(`image ${frame.index + 1} has ${buffer.byteLength} bytes, ${expected} were expected`);
  }
  if (frame.dtype === "uint8") return new Uint8Array(buffer);
  return frame.dtype === "int16" ? new Int16Array(buffer) : new Uint16Array(buffer);
}

/** Shares of the pixels below the window and below its upper end. @type {Record<string, [number, number]>} */
export const PERCENTILES = { auto: [0.01, 0.99], tight: [0.05, 0.95], full: [0, 1] };

/**
 * Runs of the pixels that a box touches.
 * @param {[Point, Point]} box two corners in image pixels
 * @param {Frame} frame
 * @returns {[number, number, number][]} row, first column, column after the last; none outside of the image
 */
export function boxRuns([[x0, y0], [x1, y1]], frame) {
  /** @param {number} a @param {number} b @param {number} count */
  const ends = (a, b, count) => [Math.max(Math.floor(Math.min(a, b)), 0), Math.min(Math.ceil(Math.max(a, b)), count)];
  const [left, right] = ends(x0, x1, frame.columns);
  const [top, bottom] = ends(y0, y1, frame.rows);
  /** @type {[number, number, number][]} */
  const runs = [];
  if (left < right) for (let row = top; row < bottom; row++) runs.push([row, left, right]);
  return runs;
}

/**
 * The window between two percentiles of the image or of a part of it.
 * @param {Pixels} pixels
 * @param {Frame} frame
 * @param {[number, number]} [shares] 0 to 1
 * @param {[number, number, number][]} [runs] the part; all by default
 * @returns {Window}
 */
export function autoWindow(pixels, frame, shares = PERCENTILES.auto, runs = [[0, 0, pixels.length]]) {
  if (frame.samples === 3) return { center: 128, width: 256 };
  const offset = frame.dtype === "int16" ? 32768 : 0;
  const counts = new Uint32Array(65536);
  let total = 0;
  for (const [row, first, after] of runs) {
    const start = row * frame.columns;
    for (let i = start + first; i < start + after; i++) counts[pixels[i] + offset]++;
    total += after - first;
  }
  /** @param {number} share */
  const quantile = (share) => {
    let left = Math.min(share * total, total - 1);
    for (let i = 0; i < counts.length; i++) {
      left -= counts[i];
      if (left < 0) return i - offset;
    }
    return counts.length - 1 - offset;
  };
  const low = quantile(shares[0]) * frame.slope + frame.intercept;
  const high = quantile(shares[1]) * frame.slope + frame.intercept;
  const width = Math.max(Math.abs(high - low), Math.abs(frame.slope));
  return { center: (low + high) / 2, width };
}

/**
 * What a frame asks for itself, or the whole range of its numbers.
 * @param {Frame} frame
 * @returns {Window|null} null when only the pixels can tell
 */
export function storedWindow(frame) {
  if (frame.window && frame.window.width > 0) return { center: frame.window.center, width: frame.window.width };
  return frame.dtype === "uint8" ? { center: 128, width: 256 } : null;
}

/** A number of the window as people write it. @param {number} value */
export function short(value) {
  return Math.abs(value) < 10 && !Number.isInteger(value) ? value.toPrecision(3) : String(Math.round(value));
}

/**
 * @param {Pixels} pixels
 * @param {Frame} frame
 * @param {string} unit
 * @param {number} column
 * @param {number} row
 * @returns {string} "" outside of the image
 */
export function valueText(pixels, frame, unit, column, row) {
  if (column < 0 || row < 0 || column >= frame.columns || row >= frame.rows) return "";
  const at = (row * frame.columns + column) * frame.samples;
  if (frame.samples === 3) return `${pixels[at]}, ${pixels[at + 1]}, ${pixels[at + 2]}`;
  const value = pixels[at] * frame.slope + frame.intercept;
  const text = Number.isInteger(value) ? String(value) : value.toPrecision(4);
  const { beside } = frame;
  const second = beside ? `   ${(value * beside.factor).toPrecision(4)} ${beside.unit}` : "";
  return (unit ? `${text} ${unit}` : text) + second;
}

/** What radiologists expect when the server names no presets. */
export const CT_PRESETS = [
  { name: "Lungs", center: -600, width: 1500 },
  { name: "Bone", center: 400, width: 1800 },
  { name: "Soft tissue", center: 40, width: 400 },
  { name: "Brain", center: 40, width: 80 },
];
