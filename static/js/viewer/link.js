/**
 * Which image of one series belongs to an image of another: by place in the patient where both know it, otherwise as
 * many images on as the other one went.
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {{id?: number|string, stack?: number|string, frame_of_reference?: string, modality: string, unit?: string}} Kin what of a series tells whether it goes with another
 */

/** Cosine of the angle up to which two stacks count as cut in the same direction: 25 degrees. */
const SIMILAR = Math.cos((25 / 180) * Math.PI);

/** Pictures of these are one of its own each: a cranio-caudal view has nothing to scroll along with an oblique one. */
export const PROJECTIONS_OF_X_RAYS = ["CR", "DX", "MG"];

/** @param {number[]} a @param {number[]} b */
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** The direction in which a stack is piled up. @param {Frame} frame @returns {number[]|null} */
function normal({ orientation }) {
  if (!orientation || orientation.length !== 6 || !orientation.every(Number.isFinite)) return null;
  const [a, b, c, d, e, f] = orientation;
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

/**
 * The image of `frames` nearest to `from`, measured across the stack.
 * @param {Frame} from
 * @param {Frame[]} frames
 * @returns {number|null} null where the two cannot be compared
 */
export function nearestFrame(from, frames) {
  const direction = normal(frames[0]);
  const other = normal(from);
  if (!direction || !other || !from.position || Math.abs(dot(direction, other)) < SIMILAR) return null;
  const place = dot(direction, from.position);
  let best = null;
  let least = Infinity;
  for (const [index, frame] of frames.entries()) {
    if (!frame.position) return null;
    const distance = Math.abs(dot(direction, frame.position) - place);
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

/** Whether two images cross, so that neither follows when the other scrolls. @param {Frame} one @param {Frame} other */
export function crosses(one, other) {
  const [a, b] = [normal(one), normal(other)];
  return a !== null && b !== null && Math.abs(dot(a, b)) < SIMILAR;
}

/** @param {Kin} one @param {Kin} other */
export function sameSpace(one, other) {
  // A plane lies in the space of the stack it is cut from, whether the file names that space or not.
  const cut = one.stack !== undefined || other.stack !== undefined;
  if (cut && String(one.stack ?? one.id) === String(other.stack ?? other.id)) return true;
  return Boolean(one.frame_of_reference) && one.frame_of_reference === other.frame_of_reference;
}

/** Whether numbers mean the same in both, so that one window fits. @param {Kin} one @param {Kin} other */
export function sameScale(one, other) {
  return one.modality === other.modality && (one.unit ?? "") === (other.unit ?? "");
}

/**
 * @param {{series: Kin, frames: Frame[], frame: number, moved: number}} from where it is now, and by how many images it went
 * @param {{series: Kin, frames: Frame[], frame: number}} to
 * @returns {number} the image that `to` should show
 */
export function linkedFrame(from, to) {
  if (PROJECTIONS_OF_X_RAYS.includes(to.series.modality)) return to.frame;
  const together = sameSpace(from.series, to.series);
  const near = together ? nearestFrame(from.frames[from.frame], to.frames) : null;
  if (together && crosses(from.frames[from.frame], to.frames[0])) return to.frame;
  return near ?? Math.min(Math.max(to.frame + from.moved, 0), to.frames.length - 1);
}

/**
 * In which order other series are put beside the shown one: the same modality of another study first, because a
 * reader wants the prior; pictures that only say where slices lie come last.
 * @template {{id: number|string, modality: string, study_uid?: string, is_localiser?: boolean}} T
 * @param {T} shown
 * @param {T[]} all in the order of the case
 * @returns {T[]} without `shown`
 */
export function companions(shown, all) {
  /** @param {T} one */
  const rank = (one) =>
    (one.is_localiser ? 4 : 0) + (one.modality === shown.modality ? 0 : 2) + (one.study_uid && one.study_uid !== shown.study_uid ? 0 : 1);
  return all.filter((one) => one.id !== shown.id).sort((one, other) => rank(one) - rank(other));
}
