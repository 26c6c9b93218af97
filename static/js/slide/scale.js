/** The scale bar: a round length, and how many pixels of the screen it takes. */

/**
 * The longest of 1, 2 or 5 times a power of ten that fits.
 * @param {number} unitsPerPixel units of length to one pixel of the screen, above 0
 * @param {number} most pixels that the bar may take
 * @returns {{length: number, width: number}} in units, and in pixels of the screen
 */
export function scaleBar(unitsPerPixel, most = 140) {
  const longest = unitsPerPixel * most;
  const power = 10 ** Math.floor(Math.log10(longest));
  const length = [5, 2, 1].map((step) => step * power).find((one) => one <= longest * (1 + 1e-9)) ?? power;
  return { length, width: length / unitsPerPixel };
}

/** @param {number} value a length of 1, 2 or 5 times a power of ten */
const plain = (value) => String(Number(value.toPrecision(1)));

/**
 * Micrometres in the unit one would say.
 * @param {number} micrometres
 */
export function lengthWords(micrometres) {
  if (micrometres >= 1000) return `${plain(micrometres / 1000)} mm`;
  return micrometres >= 1 ? `${plain(micrometres)} µm` : `${plain(micrometres * 1000)} nm`;
}

/**
 * Magnification as microscopes have it: one digit behind the point below ten.
 * @param {number} value
 */
export function magnificationWords(value) {
  return value >= 10 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
}
