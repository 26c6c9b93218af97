/**
 * Tools that make shapes. Pointer and keyboard place points the same way, through `host.placePoint`.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("../types.js").Kind} Kind
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Draft} Draft
 */
import { clampPoint, isDegenerate, simplify, withoutRepeats } from "../geometry.js";

/** @type {Kind[]} */
export const DRAWN = ["point", "box", "ellipse", "polygon", "freehand", "length"];

/** @param {string} tool @returns {tool is Kind} */
export function isDrawn(tool) {
  return DRAWN.includes(/** @type {Kind} */ (tool));
}

/** @param {Kind} kind */
function needed(kind) {
  if (kind === "point") return 1;
  return kind === "polygon" || kind === "freehand" ? Infinity : 2;
}

/** Random also where the page came over plain http and `crypto.randomUUID` is missing. @returns {string} */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * One more point of the shape being drawn; the last one needed completes it.
 * @param {Host} host
 * @param {Point} point
 */
export function placePoint(host, point) {
  const { state, frame } = host;
  if (!isDrawn(state.tool)) return;
  const draft = state.draft;
  if (draft && draft.frame !== state.frame) {
    host.goTo(draft.frame);
    host.say(host.t("onOtherImage", { n: draft.frame + 1 }));
    return;
  }
  const points = [...(draft?.points ?? []), clampPoint(point, frame.rows, frame.columns)];
  host.set({ draft: { kind: state.tool, frame: state.frame, points, cursor: null } });
  if (points.length >= needed(state.tool)) finishDraft(host);
}

/**
 * Turn what was drawn into a shape, or say why not.
 * @param {Host} host
 */
export function finishDraft(host) {
  const { draft, label } = host.state;
  if (!draft) return;
  host.set({ draft: null });
  const points = needed(draft.kind) === Infinity ? withoutRepeats(draft.points) : draft.points;
  const shape = { id: newId(), kind: draft.kind, frame: draft.frame, points, label };
  if (isDegenerate(shape)) host.say(host.t("tooSmall"));
  else host.add(shape);
}

/** Point, and everything with two corners: drag, or click twice. @param {Host} host @returns {Tool} */
export function cornersTool(host) {
  let opened = false;
  return {
    down(p) {
      opened = !host.state.draft;
      if (opened && host.state.tool !== "point") placePoint(host, p.image);
    },
    move(p) {
      hover(host, p.image);
    },
    hover(p) {
      hover(host, p.image);
    },
    up(p) {
      if (host.state.tool === "point" || !opened || p.moved) placePoint(host, p.image);
    },
    cancel() {
      host.set({ draft: null });
    },
  };
}

/** @param {Host} host @param {Point} image */
function hover(host, image) {
  const draft = host.state.draft;
  if (!draft) return;
  host.set({ draft: { ...draft, cursor: clampPoint(image, host.frame.rows, host.frame.columns) } });
}

/** Click the corners; the first corner, a double click or Enter closes. @param {Host} host @returns {Tool} */
export function polygonTool(host) {
  return {
    move(p) {
      hover(host, p.image);
    },
    hover(p) {
      hover(host, p.image);
    },
    // On release, so that the first finger of a pinch leaves no corner behind.
    up(p) {
      const draft = host.state.draft;
      const first = draft?.points[0];
      const scale = host.state.view?.scale ?? 1;
      if (draft && first && draft.frame === host.state.frame && draft.points.length > 2) {
        const distance = Math.hypot(p.image[0] - first[0], (p.image[1] - first[1]) * host.aspect) * scale;
        if (distance <= (p.touch ? 22 : 10)) {
          finishDraft(host);
          return;
        }
      }
      placePoint(host, p.image);
    },
    double() {
      const points = host.state.draft ? withoutRepeats(host.state.draft.points) : [];
      if (points.length > 2) finishDraft(host);
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
      const tolerance = Math.min(0.6 / (host.state.view?.scale ?? 1), 0.75);
      const points = simplify(draft.points, tolerance).map((point) => clampPoint(point, host.frame.rows, host.frame.columns));
      host.set({ draft: { ...draft, points: points.length > 4000 ? simplify(points, 1) : points } });
      finishDraft(host);
    },
    cancel() {
      host.set({ draft: null });
    },
  };
}
