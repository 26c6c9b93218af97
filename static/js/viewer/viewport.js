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

/**
 * The image may lie turned and mirrored: first its left and right change places (`mirror`), then it turns by
 * `turn` quarters clockwise. Both leave `tx`, `ty` the place of the image's origin on the stage.
 * @typedef {Pick<View, "turn"|"mirror">} Pose
 */

/** As it was stored. @type {Pose} */
export const UPRIGHT = { turn: 0, mirror: false };

const COSINES = [1, 0, -1, 0];

/** Where the image's two axes point to on the screen: [x of columns, y of columns, x of rows, y of rows]. @param {Pose} pose */
function axes({ turn, mirror }) {
  const cos = COSINES[turn & 3];
  const sin = COSINES[(turn + 3) & 3];
  const side = mirror ? -1 : 1;
  return [side * cos, side * sin, -sin, cos];
}

/** Css pixels from the image's origin to its far corner. @param {View} view @param {Image} image @returns {Point} */
function extent(view, image) {
  const [a, b, c, d] = axes(view);
  const width = image.columns * view.scale;
  const height = image.rows * view.scale * image.aspect;
  return [a * width + c * height, b * width + d * height];
}

/** @param {number} scale @param {Size} size @param {Image} image @param {Pose} pose @returns {View} */
function centred(scale, size, image, { turn, mirror }) {
  const view = { scale, tx: 0, ty: 0, turn, mirror };
  const [x, y] = extent(view, image);
  return { ...view, tx: (size.width - x) / 2, ty: (size.height - y) / 2 };
}

/** @param {Size} size @param {Image} image @param {Pose} [pose] @returns {View} */
export function fit(size, image, pose = UPRIGHT) {
  const height = image.rows * image.aspect;
  const [wide, high] = pose.turn % 2 ? [height, image.columns] : [image.columns, height];
  return centred(Math.max(Math.min(size.width / wide, size.height / high), 0.0005), size, image, pose);
}

/** One image pixel on one pixel of the screen. @param {Size} size @param {Image} image @param {number} ratio @param {Pose} [pose] @returns {View} */
export function actualSize(size, image, ratio, pose = UPRIGHT) {
  return centred(1 / ratio, size, image, pose);
}

/** The view as the six numbers of a canvas or of SVG: image pixels to css pixels. @param {View} view @param {number} aspect @returns {[number, number, number, number, number, number]} */
export function matrix(view, aspect) {
  const [a, b, c, d] = axes(view);
  const tall = view.scale * aspect;
  return [a * view.scale, b * view.scale, c * tall, d * tall, view.tx, view.ty];
}

/** @param {View} view @param {number} aspect @param {Point} screen @returns {Point} */
export function toImage(view, aspect, [x, y]) {
  const [across, down] = alongImage(view, [x - view.tx, y - view.ty]);
  return [across / view.scale, down / (view.scale * aspect)];
}

/** @param {View} view @param {number} aspect @param {Point} image @returns {Point} */
export function toScreen(view, aspect, [x, y]) {
  const [a, b, c, d, e, f] = matrix(view, aspect);
  return [a * x + c * y + e, b * x + d * y + f];
}

/** A direction on the screen as one along the image's columns and rows. @param {Pose} pose @param {Point} direction @returns {Point} */
export function alongImage(pose, [x, y]) {
  const [a, b, c, d] = axes(pose);
  // The axes stand upright on each other: the inverse is the same table, read the other way.
  return [a * x + b * y + 0, c * x + d * y + 0];
}

/** Zoom so that what lies under the pointer stays there. @param {View} view @param {number} factor @param {Point} at @param {number} [least] css pixels per column @returns {View} */
export function zoomAt(view, factor, [x, y], least = 0.02) {
  const scale = Math.min(Math.max(view.scale * factor, least), 100);
  const real = scale / view.scale;
  return { ...view, scale, tx: x - (x - view.tx) * real, ty: y - (y - view.ty) * real };
}

/**
 * Turn or mirror as the eye sees it, about a place on the stage, which stays where it is.
 * @param {View} view
 * @param {"left"|"right"|"horizontal"|"vertical"} what quarters to the left or right; left and right, or top and bottom change places
 * @param {Point} about
 * @returns {View}
 */
export function pose(view, what, about) {
  const flips = what === "horizontal" || what === "vertical";
  const turn = flips ? (what === "vertical" ? 2 : 0) - view.turn : view.turn + (what === "right" ? 1 : -1);
  const next = { ...view, turn: (turn + 8) % 4, mirror: flips ? !view.mirror : view.mirror };
  const [x, y] = alongImage(view, [view.tx - about[0], view.ty - about[1]]);
  const [a, b, c, d] = axes(next);
  return { ...next, tx: about[0] + a * x + c * y, ty: about[1] + b * x + d * y };
}

/** Keep some of the image on the stage: a picture dragged out of sight looks like lost work. @param {View} view @param {Size} size @param {Image} image @returns {View} */
export function keepInSight(view, size, image) {
  const margin = 48;
  const [width, height] = extent(view, image);
  /** @param {number} origin @param {number} length @param {number} room */
  const kept = (origin, length, room) =>
    Math.min(Math.max(origin, margin - Math.max(length, 0)), room - margin - Math.min(length, 0));
  return { ...view, tx: kept(view.tx, width, size.width), ty: kept(view.ty, height, size.height) };
}

/** The longest of 1, 2, 5, 10 … that fits. @param {number} limit */
export function niceLength(limit) {
  if (!(limit > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(limit));
  const step = [5, 2, 1].find((n) => n * power <= limit) ?? 1;
  return step * power;
}

/** @type {Record<string, string>} */
const OPPOSITE = { L: "R", R: "L", A: "P", P: "A", F: "H", H: "F" };

/**
 * Letters at the four sides of a projection, whose header names where its rows and columns lead (0020,0020).
 * @param {string|undefined} sides as "P\\F"
 * @param {Pose} [seen] how the image lies on the screen
 */
export function writtenSides(sides, seen = UPRIGHT) {
  const [row, column] = (sides ?? "").split("\\");
  if (!row || !column) return null;
  /** @param {string} letters */
  const back = (letters) => [...letters].map((letter) => OPPOSITE[letter] ?? "").join("");
  /** @param {Point} direction on the screen */
  const along = (direction) => {
    const [x, y] = alongImage(seen, direction);
    if (Math.abs(x) > Math.abs(y)) return x > 0 ? row : back(row);
    return y > 0 ? column : back(column);
  };
  return { right: along([1, 0]), left: along([-1, 0]), bottom: along([0, 1]), top: along([0, -1]) };
}

/**
 * Letters at the four sides from the direction cosines (DICOM PS3.3 C.7.6.2.1.1; the patient axes point to
 * L, P and H). A second letter is added when the direction is clearly oblique.
 * @param {number[]|null} orientation row cosines then column cosines
 * @param {Pose} [seen] how the image lies on the screen
 */
export function sideLetters(orientation, seen = UPRIGHT) {
  if (!orientation || orientation.length !== 6 || !orientation.every(Number.isFinite)) return null;
  /** @param {number[]} v */
  const letters = (v) =>
    v
      .map((value, axis) => ({ size: Math.abs(value), letter: value >= 0 ? "LPH"[axis] : "RAF"[axis] }))
      .sort((a, b) => b.size - a.size)
      .filter((item, i) => (i === 0 ? item.size > 0.01 : item.size > 0.35))
      .map((item) => item.letter)
      .join("");
  /** @param {Point} direction on the screen */
  const along = (direction) => {
    const [x, y] = alongImage(seen, direction);
    return [0, 1, 2].map((axis) => x * orientation[axis] + y * orientation[axis + 3]);
  };
  const row = along([1, 0]);
  const column = along([0, 1]);
  /** @param {number[]} v */
  const back = (v) => v.map((n) => -n);
  return { right: letters(row), left: letters(back(row)), bottom: letters(column), top: letters(back(column)) };
}
