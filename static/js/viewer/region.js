/**
 * Numbers of the pixels inside a shape.
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Pixels} Pixels
 * @typedef {{count: number, mean: number, deviation: number, minimum: number, maximum: number, bars: number[]}} Region
 *   `deviation` of the whole region, not of a sample; `bars` count the values in equal steps from the smallest to the
 *   largest one
 */

/** At most: of fewer different whole numbers each gets one, or else there would be gaps between them. */
const BARS = 32;

/**
 * @param {Pixels} pixels
 * @param {Frame} frame
 * @param {[number, number, number][]} runs [row, first column, column after the last]
 * @returns {Region|null} in rescaled units; null of colours and of nothing
 */
export function regionOf(pixels, frame, runs) {
  if (frame.samples !== 1) return null;
  let [count, sum, squares] = [0, 0, 0];
  let [low, high] = [Infinity, -Infinity];
  for (const [row, first, after] of runs) {
    for (let i = row * frame.columns + first; i < row * frame.columns + after; i++) {
      const value = pixels[i];
      count += 1;
      sum += value;
      squares += value * value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (count === 0) return null;
  /** @type {number[]} */
  const bars = new Array(Math.min(BARS, high - low + 1)).fill(0);
  const step = (high - low + 1) / bars.length;
  for (const [row, first, after] of runs) {
    for (let i = row * frame.columns + first; i < row * frame.columns + after; i++) bars[Math.floor((pixels[i] - low) / step)] += 1;
  }
  const mean = sum / count;
  const scaled = (/** @type {number} */ value) => value * frame.slope + frame.intercept;
  // A negative slope turns the order round.
  if (frame.slope < 0) bars.reverse();
  return {
    count,
    mean: scaled(mean),
    deviation: Math.sqrt(Math.max(squares / count - mean * mean, 0)) * Math.abs(frame.slope),
    minimum: Math.min(scaled(low), scaled(high)),
    maximum: Math.max(scaled(low), scaled(high)),
    bars,
  };
}
