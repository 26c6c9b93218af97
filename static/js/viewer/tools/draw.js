/**
 * Tools that make shapes. Pointer and keyboard place points the same way, through `host.placePoint`.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Pointer} Pointer
 * @typedef {import("../types.js").Draft} Draft
 */
import { NEEDED, clampPoint, isDegenerate, isMany, simplify, snap, withoutRepeats } from "../geometry.js";
import { seenShapes } from "../selection.js";
import { isDrawn, placed, settle, shaped } from "./drafts.js";

/** Css pixels within which a point is drawn to another shape. */
const SNAP = 6;
const SNAP_TOUCH = 12;

/** Random also where the page came over plain http and `crypto.randomUUID` is missing. @returns {string} */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** @param {Host} host */
export function paperOf(host) {
  return { aspect: host.aspect, rows: host.frame.rows, columns: host.frame.columns };
}

/**
 * Where a pointer means: on a corner or an edge of another shape when one is near, unless Alt is held.
 * @param {Host} host
 * @param {Pointer} p
 * @param {string[]} [without] ids of shapes that are being changed
 * @returns {Point}
 */
export function aimed(host, p, without = []) {
  if (p.alt) return p.image;
  const shapes = seenShapes(host.state).filter((shape) => !without.includes(shape.id));
  return snap(p.image, shapes, (p.touch ? SNAP_TOUCH : SNAP) / (host.state.view?.scale ?? 1));
}

/**
 * One more point of the shape being drawn; the last one needed completes it.
 * @param {Host} host
 * @param {Point} point
 */
export function placePoint(host, point) {
  const { state } = host;
  if (!isDrawn(state.tool)) return;
  const draft = state.draft;
  if (draft && draft.frame !== state.frame) {
    host.goTo(draft.frame);
    host.say(host.t("onOtherImage", { n: draft.frame + 1 }));
    return;
  }
  const before = draft?.points ?? [];
  const points = [...before, settle(state.tool, before, point, paperOf(host))];
  host.set({ draft: { kind: state.tool, frame: state.frame, points, cursor: null } });
  if (points.length >= placed(state.tool)) finishDraft(host);
}

/**
 * Turn what was drawn into a shape, or say why not.
 * @param {Host} host
 */
export function finishDraft(host) {
  const { draft, label } = host.state;
  if (!draft) return;
  host.set({ draft: null });
  const frame = host.frames[draft.frame];
  const paper = { aspect: host.aspect, rows: frame.rows, columns: frame.columns };
  const points = isMany(draft.kind) ? withoutRepeats(draft.points) : shaped(draft.kind, draft.points, paper);
  const shape = { id: newId(), kind: draft.kind, frame: draft.frame, points, label };
  if (isDegenerate(shape)) host.say(host.t("tooSmall"));
  else if (shape.kind === "text") void write(host, shape);
  else host.add(shape);
}

/** A text without words is nothing, so they are asked for first. @param {Host} host @param {import("../types.js").Shape} shape */
async function write(host, shape) {
  const note = (await host.askWords(host.t("text"), "")).trim();
  if (note) host.add({ ...shape, note });
  else host.say(host.t("noWords"));
}

/** @param {Host} host @param {Point} at */
function hover(host, at) {
  const draft = host.state.draft;
  if (draft) host.set({ draft: { ...draft, cursor: settle(draft.kind, draft.points, at, paperOf(host)) } });
}

/**
 * Everything with a known number of points: click each, or drag two of them at once.
 * @param {Host} host
 * @returns {Tool}
 */
export function pointsTool(host) {
  let opened = false;
  /** @type {Draft|null} */
  let before = null;
  return {
    down(p) {
      const { state } = host;
      before = state.draft;
      const count = before?.points.length ?? 0;
      const left = isDrawn(state.tool) ? placed(state.tool) - count : 0;
      opened = count % 2 === 0 && left > 1;
      if (opened) placePoint(host, aimed(host, p));
    },
    move(p) {
      hover(host, aimed(host, p));
    },
    hover(p) {
      hover(host, aimed(host, p));
    },
    // On release, so that the first finger of a pinch leaves no point behind.
    up(p) {
      if (!opened || p.moved) placePoint(host, aimed(host, p));
    },
    cancel() {
      host.set({ draft: before });
    },
  };
}

/** Click the corners; the first corner (of a line the last one), a double click or Enter ends. @param {Host} host @returns {Tool} */
export function polygonTool(host) {
  return {
    move(p) {
      hover(host, aimed(host, p));
    },
    hover(p) {
      hover(host, aimed(host, p));
    },
    up(p) {
      const draft = host.state.draft;
      if (draft && draft.frame === host.state.frame && draft.points.length >= NEEDED[draft.kind]) {
        const end = draft.kind === "polyline" ? draft.points[draft.points.length - 1] : draft.points[0];
        const distance = Math.hypot(p.image[0] - end[0], (p.image[1] - end[1]) * host.aspect) * (host.state.view?.scale ?? 1);
        if (distance <= (p.touch ? 22 : 10)) {
          finishDraft(host);
          return;
        }
      }
      placePoint(host, aimed(host, p));
    },
    double() {
      const draft = host.state.draft;
      if (draft && withoutRepeats(draft.points).length >= NEEDED[draft.kind]) finishDraft(host);
    },
  };
}

/** Draw round it; letting go closes. @param {Host} host @returns {Tool} */
export function freehandTool(host) {
  return {
    down(p) {
      host.set({ draft: null });
      placePoint(host, p.image);
    },
    move(p) {
      const draft = host.state.draft;
      if (draft && draft.points.length < 20000) placePoint(host, p.image);
    },
    up(p) {
      const draft = host.state.draft;
      if (!draft || !p.moved) return;
      const fine = 0.6 / (host.state.view?.scale ?? 1);
      // On a slide seen from afar three quarters of a pixel would keep every tremor of the hand.
      const tolerance = host.tiled ? fine : Math.min(fine, 0.75);
      const points = simplify(draft.points, tolerance).map((point) => clampPoint(point, host.frame.rows, host.frame.columns));
      host.set({ draft: { ...draft, points: points.length > 4000 ? simplify(points, 1) : points } });
      finishDraft(host);
    },
    cancel() {
      host.set({ draft: null });
    },
  };
}
