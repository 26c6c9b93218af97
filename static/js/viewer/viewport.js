/**
 * From image pixels to css pixels and back. Pixels need not be square: `aspect` is row spacing / column spacing.
 * @typedef {import("./types.js").View} View
 * @typedef {import("./types.js").Point} Point
 * @typedef {{width: number, height: number}} Size
 * @typedef {{columns: number, rows: number, aspect: number}} Image
 */

/** @param {import("./types.js").Spacing} spacing */
export function aspectOf(spacing) {
  return spacing && spacing[0] > 0 && spacing[1] > 0 ? spacing[0] / spacing[1] : 1;
}

/** @param {number} scale @param {Size} size @param {Image} image @returns {View} */
function centred(scale, size, image) {
  return {
    scale,
    tx: (size.width - image.columns * scale) / 2,
    ty: (size.height - image.rows * scale * image.aspect) / 2,
  };
}

/** @param {Size} size @param {Image} image @returns {View} */
export function fit(size, image) {
  const scale = Math.min(size.width / image.columns, size.height / (image.rows * image.aspect));
  return centred(Math.max(scale, 0.01), size, image);
}

/** One image pixel on one pixel of the screen. @param {Size} size @param {Image} image @param {number} ratio @returns {View} */
export function actualSize(size, image, ratio) {
  return centred(1 / ratio, size, image);
}

/** @param {View} view @param {number} aspect @param {Point} screen @returns {Point} */
export function toImage(view, aspect, [x, y]) {
  return [(x - view.tx) / view.scale, (y - view.ty) / (view.scale * aspect)];
}

/** @param {View} view @param {number} aspect @param {Point} image @returns {Point} */
export function toScreen(view, aspect, [x, y]) {
  return [x * view.scale + view.tx, y * view.scale * aspect + view.ty];
}

/** Zoom so that what lies under the pointer stays there. @param {View} view @param {number} factor @param {Point} at @returns {View} */
export function zoomAt(view, factor, [x, y]) {
  const scale = Math.min(Math.max(view.scale * factor, 0.02), 100);
  const real = scale / view.scale;
  return { scale, tx: x - (x - view.tx) * real, ty: y - (y - view.ty) * real };
}

/** Keep some of the image on the stage: a picture dragged out of sight looks like lost work. @param {View} view @param {Size} size @param {Image} image @returns {View} */
export function keepInSight(view, size, image) {
  const margin = 48;
  const width = image.columns * view.scale;
  const height = image.rows * view.scale * image.aspect;
  return {
    scale: view.scale,
    tx: Math.min(Math.max(view.tx, margin - width), size.width - margin),
    ty: Math.min(Math.max(view.ty, margin - height), size.height - margin),
  };
}

/** The longest of 1, 2, 5, 10 … that fits. @param {number} limit */
export function niceLength(limit) {
  if (!(limit > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(limit));
  const step = [5, 2, 1].find((n) => n * power <= limit) ?? 1;
  return step * power;
}

/**
 * Letters at the four sides from the direction cosines (DICOM PS3.3 C.7.6.2.1.1; the patient axes point to
 * L, P and H). A second letter is added when the direction is clearly oblique.
 * @param {number[]|null} orientation row cosines then column cosines
 */
export function sideLetters(orientation) {
  if (!orientation || orientation.length !== 6 || !orientation.every(Number.isFinite)) return null;
  /** @param {number[]} v */
  const letters = (v) =>
    v
      .map((value, axis) => ({ size: Math.abs(value), letter: value >= 0 ? "LPH"[axis] : "RAF"[axis] }))
      .sort((a, b) => b.size - a.size)
      .filter((item, i) => (i === 0 ? item.size > 0.01 : item.size > 0.35))
      .map((item) => item.letter)
      .join("");
  const row = orientation.slice(0, 3);
  const column = orientation.slice(3);
  /** @param {number[]} v */
  const back = (v) => v.map((n) => -n);
  return { right: letters(row), left: letters(back(row)), bottom: letters(column), top: letters(back(column)) };
}
