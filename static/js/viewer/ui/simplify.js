/**
 * Fewer points for lines and outlines: a slider says how many, the image shows them before anything is done.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {Host & {store: {subscribe: (listener: (state: State, changed: Set<keyof State>) => void) => () => void}}} Subject
 */
import { isDegenerate, isMany, isRing, simplify, simplifyRing } from "../geometry.js";
import { heldShapes } from "../selection.js";
import { replaceShapes } from "../tools/commands.js";
import { h } from "./dom.js";

/** Css pixels by which an outline may leave its old place: what the eye cannot tell apart, and the most. */
const UNSEEN = 1.5;
const MOST = 20;

/** @param {Shape[]} shapes */
function count(shapes) {
  return shapes.reduce((sum, shape) => sum + shape.points.length, 0);
}

/** Those of `shapes` that have fewer points then. @param {Shape[]} shapes @param {number} tolerance image pixels @returns {Shape[]} */
export function simpler(shapes, tolerance) {
  return shapes
    .map((shape) => ({ ...shape, points: (isRing(shape) ? simplifyRing : simplify)(shape.points, tolerance) }))
    .filter((shape, i) => shape.points.length < shapes[i].points.length && !isDegenerate(shape));
}

/** Ask for the selected shapes, at the lower edge of the image. @param {Subject} host @param {HTMLElement} stage */
export function openSimplify(host, stage) {
  const { t } = host;
  const shapes = heldShapes(host.state).filter((shape) => isMany(shape.kind));
  const open = stage.querySelector(".viewer-simplify");
  if (open) open.querySelector("input")?.focus();
  if (open || shapes.length === 0 || !host.state.canDraw) return;
  const before = count(shapes);
  const drawn = host.state.shapes;
  const scale = host.state.view?.scale ?? 1;
  /** @type {Shape[]} */
  let changed = [];
  let shown = drawn;

  const field = h("input", { type: "range", min: "0", max: String(MOST), step: "0.5", value: String(UNSEEN), "aria-label": t("tolerance"), oninput: () => preview() });
  const said = h("output", {});
  const element = h(
    "div",
    { class: "viewer-paint-bar viewer-simplify", role: "group", "aria-label": t("simplify") },
    h("label", { class: "viewer-paint-line" }, h("span", {}, t("tolerance")), field),
    said,
    h("button", { type: "button", class: "viewer-action is-main", onclick: () => apply() }, t("apply")),
    h("button", { type: "button", class: "viewer-action", onclick: () => cancel() }, t("cancel")),
  );
  // What is pressed in here is not meant for the image below.
  for (const name of ["pointerdown", "pointermove", "dblclick", "wheel"]) element.addEventListener(name, (event) => event.stopPropagation());
  element.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") cancel();
    else if (event.key !== "Enter" || event.target !== field) return;
    else apply();
    event.preventDefault();
  });

  function preview() {
    changed = simpler(shapes, Math.max(Number(field.value), 0.01) / scale);
    const byId = new Map(changed.map((shape) => [shape.id, shape]));
    shown = drawn.map((shape) => byId.get(shape.id) ?? shape);
    host.preview(shown);
    const after = count(shapes.map((shape) => byId.get(shape.id) ?? shape));
    said.textContent = t("pointsLeft", { before, after });
    field.setAttribute("aria-valuetext", said.textContent);
    return after;
  }

  function close() {
    leave();
    const focused = element.contains(document.activeElement);
    element.remove();
    if (focused) stage.focus({ preventScroll: true });
  }

  function apply() {
    const after = preview();
    close();
    host.rollback();
    if (changed.length > 0) replaceShapes(host, changed);
    host.say(t("simplified", { before, after }));
  }

  function cancel() {
    close();
    host.rollback();
  }

  const leave = host.store.subscribe((state, keys) => {
    // Somebody undid, or another layer came: there is nothing left to go back to.
    if (keys.has("shapes") && state.shapes !== shown) close();
    else if (["selected", "also", "tool", "frame", "canDraw", "locked"].some((key) => keys.has(/** @type {keyof State} */ (key)))) cancel();
  });
  stage.append(element);
  preview();
  field.focus();
}
