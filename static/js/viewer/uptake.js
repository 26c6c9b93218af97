/**
 * PET in two units: as it was recorded, and as uptake by body weight. Fetched for PET only.
 * @typedef {import("./types.js").Series} Series
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Scale} Scale
 * What is asked of the viewer; declared here because a circle of files cannot be hashed by the static files storage.
 * @typedef {object} Shown
 * @property {Series} series
 * @property {Frame[]} frames
 * @property {Frame} frame
 * @property {import("./types.js").Preset[]} presets
 * @property {string} unit
 * @property {import("./types.js").State} state
 * @property {(patch: Partial<import("./types.js").State>) => void} set
 * @property {(text: string) => void} say
 * @property {import("./strings.js").Translate} t
 */

/** Grams of the patient for each gram that would be there if the dose were spread evenly. */
export const UPTAKE = "SUVbw g/ml";

/** The same numbers in another unit, and beside it the first one. @param {Frame} frame @param {number} factor @param {string} unit @returns {Frame} */
export function rescaled(frame, factor, unit) {
  const window = frame.window && { center: frame.window.center * factor, width: frame.window.width * factor };
  return { ...frame, slope: frame.slope * factor, intercept: frame.intercept * factor, window, beside: { factor: 1 / factor, unit } };
}

/**
 * A series of PET in uptake where the server knows its factor; the recorded unit waits in `scales`.
 * @param {Series} series
 * @returns {Series} itself where uptake is not known
 */
export function inUptake(series) {
  const known = series.frames.length > 0 && series.frames.every((frame) => frame.samples === 1 && (frame.uptake_factor ?? 0) > 0);
  if (!known) return series;
  const presets = series.uptake_presets?.length ? series.uptake_presets : series.presets;
  // Recorded as uptake: there is nothing to choose from.
  if (series.frames.every((frame) => frame.uptake_factor === 1)) return { ...series, unit: UPTAKE, presets };
  const factors = series.frames.map((frame) => /** @type {number} */ (frame.uptake_factor));
  /** @type {Scale} */
  const uptake = { unit: UPTAKE, presets, frames: series.frames.map((frame, i) => rescaled(frame, factors[i], series.unit)) };
  /** @type {Scale} */
  const recorded = {
    unit: series.unit,
    presets: series.presets,
    frames: series.frames.map((frame, i) => ({ ...frame, beside: { factor: factors[i], unit: UPTAKE } })),
  };
  return { ...series, ...uptake, scales: [uptake, recorded] };
}

/** Show values in the other unit; without one, say why. @param {Shown} host */
export function nextScale(host) {
  const { scales = [], uptake_problem: problem } = host.series;
  const next = scales.find((scale) => scale.unit !== host.unit);
  if (!next) {
    host.say(problem || host.t("oneScale"));
    return;
  }
  const { state, frame } = host;
  const factor = frame.beside?.factor ?? 1;
  const { window, paint } = state;
  host.frames = next.frames;
  host.presets = next.presets;
  host.unit = next.unit;
  const kept = host.presets.some(({ name }) => name === state.preset) || ["stored", "auto", "tight", "full"].includes(state.preset);
  host.set({
    window: { center: window.center * factor, width: window.width * factor },
    preset: kept ? state.preset : "custom",
    // Limits of the threshold brush are values, too.
    paint: { ...paint, low: paint.low === null ? null : paint.low * factor, high: paint.high === null ? null : paint.high * factor },
    scale: next.unit,
  });
  host.say(host.t("scaleSaid", { unit: next.unit }));
}
