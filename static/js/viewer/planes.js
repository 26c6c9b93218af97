/**
 * Axial, coronal and sagittal planes through a stack: the server cuts them, and each is shown as a series of its own,
 * which nobody draws on. Fetched when one is wanted.
 * @typedef {import("./types.js").Series} Series
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {"axial"|"coronal"|"sagittal"} PlaneName
 * @typedef {"mean"|"max"|"min"} Projection how the layers of a thick slab become one image
 * @typedef {{stack: string, name: PlaneName, slab: number, by: Projection}} Cut
 * @typedef {{name: PlaneName, count: number, rows: number, columns: number, pixel_spacing: [number, number],
 *   orientation: number[], origin: number[], across: number[], step_mm: number, pixels_url: string}} Plane
 * @typedef {{reason: string, dtype: Frame["dtype"], slope: number, intercept: number, invert: boolean, unit: string,
 *   voi_function?: Frame["voi_function"], window: Frame["window"], planes: Plane[]}} Planes the server's answer
 */

/** @type {PlaneName[]} */
export const NAMES = ["axial", "coronal", "sagittal"];
/** @type {Projection[]} */
export const PROJECTIONS = ["mean", "max", "min"];
/** Millimetres; 0 is a single layer. */
export const SLABS = [0, 5, 10, 20, 50];

/** The id under which a plane is opened in the place of a series. @param {Cut} cut */
export function idOf({ stack, name, slab, by }) {
  return `${stack}/${name}/${slab}/${slab ? by : "mean"}`;
}

/** @param {Series["id"]} id @returns {Cut|null} null for a series as it was recorded */
export function cutOf(id) {
  const [stack, name, slab, by] = String(id).split("/");
  const known = NAMES.find((one) => one === name);
  if (!known) return null;
  return { stack, name: known, slab: Number(slab) || 0, by: PROJECTIONS.find((one) => one === by) ?? "mean" };
}

/**
 * The images of one plane, as a series.
 * @param {Series} stack
 * @param {Planes} found
 * @param {Cut} cut
 * @param {import("./strings.js").Translate} t
 * @returns {Series}
 */
export function seriesOf(stack, found, cut, t) {
  const plane = found.planes.find((one) => one.name === cut.name);
  if (!plane) throw new Error(found.reason || t("noPlanes"));
  // Layers of different factors have no common one.
  const factor = stack.frames[0]?.uptake_factor ?? null;
  const uptake_factor = stack.frames.every((frame) => frame.uptake_factor === factor) ? factor : null;
  const query = cut.slab ? `?slab=${cut.slab}&by=${cut.by}` : "";
  const frames = Array.from({ length: plane.count }, (_, index) => ({
    index,
    rows: plane.rows,
    columns: plane.columns,
    samples: 1,
    dtype: found.dtype,
    slope: found.slope,
    intercept: found.intercept,
    window: found.window,
    invert: found.invert,
    voi_function: found.voi_function,
    pixel_spacing: plane.pixel_spacing,
    position: plane.origin.map((start, axis) => start + index * plane.across[axis]),
    orientation: plane.orientation,
    slice_thickness: Math.max(cut.slab, plane.step_mm),
    uptake_factor,
    pixels_url: plane.pixels_url.replace("{index}", String(index)) + query,
    preview_url: null,
  }));
  const description = [t(cut.name), cut.slab ? `${t(cut.by)} ${cut.slab} mm` : ""].filter(Boolean).join(", ");
  return { ...stack, id: idOf(cut), stack: stack.id, unit: found.unit, description, labels: [], frames };
}

/** @param {string} seriesUrl of the stack @returns {Promise<Planes>} */
export async function fetchPlanes(seriesUrl) {
  const answer = await fetch(`${seriesUrl}planes/`, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

/**
 * Where a place of one image lies in the patient.
 * @param {Frame} frame
 * @param {[number, number]} point pixels, (0, 0) at the corner of the first one
 * @returns {number[]|null} millimetres; null where the frame does not know
 */
export function toPatient({ position, orientation, pixel_spacing }, [x, y]) {
  if (!position || !orientation || !pixel_spacing) return null;
  const across = (x - 0.5) * pixel_spacing[1];
  const down = (y - 0.5) * pixel_spacing[0];
  return position.map((start, axis) => start + across * orientation[axis] + down * orientation[axis + 3]);
}

/**
 * The image of a stack that holds a place, and where on it.
 * @param {Frame[]} frames
 * @param {number[]} place millimetres
 * @returns {{index: number, point: [number, number]}|null}
 */
export function fromPatient(frames, place) {
  let best = null;
  let least = Infinity;
  for (const [index, { position, orientation, pixel_spacing }] of frames.entries()) {
    if (!position || !orientation || !pixel_spacing) return null;
    const away = place.map((value, axis) => value - position[axis]);
    /** @param {number} from */
    const along = (from) => away.reduce((sum, value, axis) => sum + value * orientation[from + axis], 0);
    const [across, down] = [along(0), along(3)];
    const distance = away.reduce((sum, value) => sum + value * value, 0) - across * across - down * down;
    if (distance >= least) continue;
    least = distance;
    best = { index, point: /** @type {[number, number]} */ ([across / pixel_spacing[1] + 0.5, down / pixel_spacing[0] + 0.5]) };
  }
  return best;
}
