/**
 * What is done to selected shapes, by keys and by the buttons of the panel.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 */
import { boundsOf, canResize, canTurn, isDegenerate, onImage, rotate, stretch, translate } from "../geometry.js";
import { heldShapes, ownShapes, selectedIds, selectedShapes, selecting } from "../selection.js";
import { newId } from "./draw.js";

/** What was copied last, for all viewers of the page. @type {Shape[]} */
let clipboard = [];

/** Put changed shapes in the place of the old ones. @param {Host} host @param {Shape[]} changed @returns {boolean} whether they may be changed */
export function replaceShapes(host, changed) {
  const byId = new Map(changed.map((shape) => [shape.id, shape]));
  return host.commit(host.state.shapes.map((shape) => byId.get(shape.id) ?? shape));
}

/** @param {Host} host @param {Shape[]} added */
function addShapes(host, added) {
  const done = host.commit([...host.state.shapes, ...added], added[0].id);
  if (done) host.set(selecting(added.map((shape) => shape.id)));
  return done;
}

/** @param {Host} host */
export function selectAll(host) {
  const own = ownShapes(host.state);
  host.set({ ...selecting(own.map((shape) => shape.id)), tool: "select" });
  host.say(host.t("selectedMany", { n: own.length }));
}

/** The next of one's own shapes on this image, in the order of drawing. @param {Host} host @param {number} step */
export function selectNext(host, step) {
  const own = ownShapes(host.state);
  if (own.length === 0) return;
  const at = own.findIndex((shape) => shape.id === host.state.selected);
  const next = own[(at < 0 ? (step > 0 ? 0 : own.length - 1) : at + step + own.length) % own.length];
  if (host.state.tool !== "select") host.setTool("select");
  host.set(selecting([next.id]));
  host.say(host.describe(next));
}

/** @param {Host} host @param {string} label for what comes next and, in the select tool, for what is selected */
export function chooseLabel(host, label) {
  const { state } = host;
  host.set({ label });
  // While drawing, a label is for the next shape: the one just made keeps the label it was made with.
  if (state.tool !== "select" || !state.canDraw) return;
  const changed = selectedShapes(state).filter((shape) => shape.label !== label);
  if (changed.length > 0) replaceShapes(host, changed.map((shape) => ({ ...shape, label })));
}

/** @param {Host} host @param {number} number of the label, from 1 */
export function labelByNumber(host, number) {
  const label = host.labels[number - 1];
  if (!label) return;
  chooseLabel(host, label.label);
  host.say(`${host.t("label")}: ${label.label}`);
}

/** @param {Host} host */
export function copy(host) {
  const shapes = selectedShapes(host.state);
  if (shapes.length === 0) return;
  clipboard = shapes;
  host.say(host.t("copied", { n: shapes.length }));
}

/**
 * Copies on an image, beside the old ones when they would lie on them. What is larger than the image stays away.
 * @param {Host} host
 * @param {Shape[]} shapes
 * @param {number} index
 * @param {number} offset image pixels
 * @returns {boolean} whether any came
 */
function place(host, shapes, index, offset) {
  const { rows, columns } = host.frames[index];
  const fitting = shapes.map((shape) => translate({ ...shape, id: newId(), frame: index }, offset, offset, rows, columns)).filter((shape) => onImage([shape], rows, columns));
  if (fitting.length < shapes.length) host.say(host.t("tooLarge", { n: shapes.length - fitting.length }));
  return fitting.length > 0 && addShapes(host, fitting);
}

/** @param {Host} host */
function beside(host) {
  return Math.max(2, Math.round(12 / (host.state.view?.scale ?? 1)));
}

/** @param {Host} host */
export function paste(host) {
  if (clipboard.length === 0 || !host.state.canDraw) return;
  if (host.state.tool !== "select") host.setTool("select");
  const here = clipboard.some((shape) => host.state.shapes.some((other) => other.frame === host.state.frame && other.id === shape.id));
  if (place(host, clipboard, host.state.frame, here ? beside(host) : 0)) host.say(host.t("pasted", { n: clipboard.length }));
}

/** @param {Host} host */
export function duplicate(host) {
  const shapes = heldShapes(host.state);
  if (shapes.length > 0 && place(host, shapes, host.state.frame, beside(host))) host.say(host.t("pasted", { n: shapes.length }));
}

/** Copy to the image before or after, and go there. @param {Host} host @param {number} step */
export function copyToNext(host, step) {
  const shapes = heldShapes(host.state);
  const index = host.state.frame + step;
  if (shapes.length === 0 || !host.frames[index]) return;
  if (!place(host, shapes, index, 0)) return;
  host.goTo(index);
  host.say(host.t("copiedTo", { n: index + 1 }));
}

/** @param {Host} host @param {number} degrees clockwise */
export function turnSelected(host, degrees) {
  const shapes = heldShapes(host.state);
  if (!canTurn(shapes)) return;
  const { x0, y0, x1, y1 } = boundsOf(shapes);
  const { rows, columns } = host.frame;
  const turned = shapes.map((shape) => rotate(shape, [(x0 + x1) / 2, (y0 + y1) / 2], (degrees * Math.PI) / 180, host.aspect));
  if (onImage(turned, rows, columns)) replaceShapes(host, turned);
  else host.say(host.t("noRoom"));
}

/** Wider or narrower, higher or lower, by a pixel on each side. @param {Host} host @param {Point} direction */
export function growSelected(host, [dx, dy]) {
  const shapes = heldShapes(host.state);
  if (shapes.length === 0 || (!canResize(shapes) && !["box", "ellipse", "circle"].includes(shapes[0].kind))) return false;
  const { x0, y0, x1, y1 } = boundsOf(shapes);
  // To the right and down grows, to the left and up shrinks.
  const sx = x1 > x0 ? Math.max((x1 - x0 + 2 * dx) / (x1 - x0), 0.05) : 1;
  const sy = y1 > y0 ? Math.max((y1 - y0 + 2 * dy) / (y1 - y0), 0.05) : 1;
  const grown = shapes.map((shape) => stretch(shape, [(x0 + x1) / 2, (y0 + y1) / 2], sx, sy));
  if (onImage(grown, host.frame.rows, host.frame.columns) && !grown.some(isDegenerate)) replaceShapes(host, grown);
  else host.say(host.t("noRoom"));
  return true;
}

/** @param {Host} host @param {Point} direction image pixels */
export function nudge(host, [dx, dy]) {
  const { rows, columns } = host.frame;
  const shapes = heldShapes(host.state);
  const { x0, y0, x1, y1 } = boundsOf(shapes);
  const [mx, my] = [Math.min(Math.max(dx, -x0), columns - x1), Math.min(Math.max(dy, -y0), rows - y1)];
  replaceShapes(host, shapes.map((shape) => translate(shape, mx, my, rows, columns)));
}

/** @param {Host} host @param {"union"|"subtract"} what */
export async function combineSelected(host, what) {
  const chosen = new Set(selectedIds(host.state));
  const shapes = heldShapes(host.state).sort((a, b) => Number(b.id === host.state.selected) - Number(a.id === host.state.selected));
  const { combine } = await import("./combine.js");
  const made = await combine(shapes, what, newId, host.frame);
  if (typeof made === "string") {
    host.say(host.t(made));
    return;
  }
  const kept = host.state.shapes.filter((shape) => !chosen.has(shape.id));
  if (!host.commit([...kept, ...made], made[0].id)) return;
  host.set(selecting(made.map((shape) => shape.id)));
  host.say(host.t("combined", { n: shapes.length, made: made.length }));
}
