/**
 * Select, move and reshape one's own shapes; a drag beside them moves the image.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Pointer} Pointer
 */
import { clampPoint, gripPoints, hit, insertVertex, isDegenerate, moveHandle, translate } from "../geometry.js";
import { panTool } from "./navigate.js";

/** @param {Pointer} p a finger is blunter than a mouse */
function reach(p) {
  return p.touch ? 24 : 9;
}

/**
 * The shape a person means: the nearest outline within reach, or else the smallest one around the pointer.
 * @param {Shape[]} shapes
 * @param {Point} at
 * @param {number} tolerance image pixels
 * @returns {Shape|null}
 */
export function pick(shapes, at, tolerance) {
  /** @type {Shape|null} */
  let best = null;
  let score = Infinity;
  for (const shape of shapes) {
    const { outline, inside } = hit(shape, at);
    const value = outline <= tolerance ? outline : inside ? tolerance + outline : Infinity;
    if (value < score) {
      score = value;
      best = shape;
    }
  }
  return best;
}

/** @param {Host} host @returns {Tool} */
export function selectTool(host) {
  const pan = panTool(host);
  /** @type {{shape: Shape, handle: number|null, at: Point}|null} */
  let held = null;
  let panning = false;

  /** @param {Shape} next */
  const show = (next) => host.preview(host.state.shapes.map((shape) => (shape.id === next.id ? next : shape)));

  return {
    down(p, event) {
      const { state, frame } = host;
      const scale = state.view?.scale ?? 1;
      const tolerance = reach(p) / scale;
      const own = state.visible.mine ? state.shapes.filter((shape) => shape.frame === state.frame) : [];
      const selected = own.find((shape) => shape.id === state.selected);
      if (selected && state.canDraw) {
        const grips = gripPoints(selected);
        const distances = grips.map(([x, y]) => Math.hypot(x - p.image[0], (y - p.image[1]) * host.aspect));
        const nearest = distances.indexOf(Math.min(...distances));
        if (nearest >= 0 && distances[nearest] <= tolerance && selected.kind !== "point") {
          host.set({ vertex: nearest });
          held = { shape: selected, handle: nearest, at: p.image };
          return;
        }
      }
      const others = [...(state.visible.reference ? state.reference : []), ...(state.visible.other ? state.other : [])];
      const found = pick(own, p.image, tolerance) ?? pick(others.filter((s) => s.frame === state.frame), p.image, tolerance);
      host.set({ selected: found?.id ?? null, vertex: null });
      if (found && own.includes(found) && state.canDraw && frame) held = { shape: found, handle: null, at: p.image };
      else {
        panning = true;
        pan.down?.(p, event);
      }
    },
    move(p, event) {
      if (panning) pan.move?.(p, event);
      if (!held || !p.moved) return;
      const { rows, columns } = host.frame;
      if (held.handle === null) {
        show(translate(held.shape, p.image[0] - held.at[0], p.image[1] - held.at[1], rows, columns));
        return;
      }
      const next = moveHandle(held.shape, held.handle, clampPoint(p.image, rows, columns));
      if (!isDegenerate(next)) show(next);
    },
    up(p, event) {
      if (panning) pan.up?.(p, event);
      if (held && p.moved) host.commit(host.state.shapes, held.shape.id);
      held = null;
      panning = false;
    },
    double(p) {
      const selected = host.state.shapes.find((shape) => shape.id === host.state.selected);
      if (!selected || !host.state.canDraw) return;
      const point = clampPoint(p.image, host.frame.rows, host.frame.columns);
      const next = insertVertex(selected, point, reach(p) / (host.state.view?.scale ?? 1));
      if (next !== selected) host.commit(host.state.shapes.map((s) => (s.id === next.id ? next : s)), next.id);
    },
    cancel() {
      if (held) host.rollback();
      pan.cancel?.();
      held = null;
      panning = false;
    },
  };
}
