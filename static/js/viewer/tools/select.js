/**
 * Select, move, reshape, resize and turn one's own shapes; a drag beside them moves the image, with Shift it selects
 * what it touches. "Select several" stands in for Shift where there is no keyboard.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Pointer} Pointer
 * @typedef {{shapes: Shape[], at: Point, change: (p: Pointer) => Shape[]|null}} Held what a pointer holds; `change` may
 *   say null: then nothing moves
 */
import { bounds, boundsOf, clampPoint, extent, gripPoints, hit, insertVertex, isDegenerate, isPlace, moveHandle, onImage, rotate, stretch, translate } from "../geometry.js";
import { heldShapes, ownShapes, selectedIds, selecting, toggling } from "../selection.js";
import { replaceShapes } from "./commands.js";
import { aimed } from "./draw.js";
import { selectionFrame } from "./frame.js";
import { panTool } from "./navigate.js";

/** Degrees that a turn with Shift goes by. */
const NOTCH = 15;

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
    const { x0, y0, x1, y1 } = extent(shape);
    if (at[0] < x0 - tolerance || at[0] > x1 + tolerance || at[1] < y0 - tolerance || at[1] > y1 + tolerance) continue;
    const { outline, inside } = hit(shape, at);
    const value = outline <= tolerance ? outline : inside ? tolerance + outline : Infinity;
    if (value < score) {
      score = value;
      best = shape;
    }
  }
  return best;
}

/** Ids of shapes that a box touches. @param {Shape[]} shapes @param {Point} from @param {Point} to */
export function touched(shapes, from, to) {
  const box = bounds([from, to]);
  return shapes
    .filter(({ points }) => {
      const { x0, y0, x1, y1 } = bounds(points);
      return x0 <= box.x1 && x1 >= box.x0 && y0 <= box.y1 && y1 >= box.y0;
    })
    .map((shape) => shape.id);
}

/** @param {Point} a @param {Point} b */
function apart(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** @param {Host} host @returns {Tool} */
export function selectTool(host) {
  const pan = panTool(host);
  /** @type {Held|null} */
  let held = null;
  /** What happens when it was no drag. @type {(() => void)|null} */
  let clicked = null;
  /** @type {Point|null} */
  let marked = null;
  let panning = false;

  /** @param {Shape[]} shapes */
  function show(shapes) {
    const byId = new Map(shapes.map((shape) => [shape.id, shape]));
    host.preview(host.state.shapes.map((shape) => byId.get(shape.id) ?? shape));
  }

  /** @param {Shape[]} shapes @param {Point} at @returns {Held} */
  function moving(shapes, at) {
    const { rows, columns } = host.frame;
    const { x0, y0, x1, y1 } = boundsOf(shapes);
    return {
      shapes,
      at,
      change: (p) => {
        const dx = Math.min(Math.max(p.image[0] - at[0], -x0), columns - x1);
        const dy = Math.min(Math.max(p.image[1] - at[1], -y0), rows - y1);
        return shapes.map((shape) => translate(shape, dx, dy, rows, columns));
      },
    };
  }

  /** @param {Shape} shape @param {number} index @param {Point} at @returns {Held} */
  function bending(shape, index, at) {
    const { rows, columns } = host.frame;
    return {
      shapes: [shape],
      at,
      change: (p) => {
        const next = moveHandle(shape, index, clampPoint(aimed(host, p, [shape.id]), rows, columns), host.aspect);
        return isDegenerate(next) || !onImage([next], rows, columns) ? null : [next];
      },
    };
  }

  /** @param {Shape[]} shapes @param {import("./frame.js").FrameCorner} grip @param {Point} at @returns {Held} */
  function resizing(shapes, { corner, opposite }, at) {
    const { rows, columns } = host.frame;
    const [width, height] = [corner[0] - opposite[0], corner[1] - opposite[1]];
    return {
      shapes,
      at,
      change: (p) => {
        let sx = width ? Math.max((width + p.image[0] - at[0]) / width, 0.02) : 1;
        let sy = height ? Math.max((height + p.image[1] - at[1]) / height, 0.02) : 1;
        if (p.shift) sx = sy = Math.max(sx, sy);
        const next = shapes.map((shape) => stretch(shape, opposite, sx, sy));
        return next.some(isDegenerate) || !onImage(next, rows, columns) ? null : next;
      },
    };
  }

  /** @param {Shape[]} shapes @param {Point} middle @param {Point} at @returns {Held} */
  function turning(shapes, middle, at) {
    const { rows, columns } = host.frame;
    /** @param {Point} p */
    const angle = (p) => Math.atan2((p[1] - middle[1]) * host.aspect, p[0] - middle[0]);
    return {
      shapes,
      at,
      change: (p) => {
        const step = (NOTCH * Math.PI) / 180;
        const turn = angle(p.image) - angle(at);
        const next = shapes.map((shape) => rotate(shape, middle, p.shift ? Math.round(turn / step) * step : turn, host.aspect));
        return onImage(next, rows, columns) ? next : null;
      },
    };
  }

  /** The handle, corner or knob under a pointer. @param {Pointer} p @param {Shape[]} shapes @returns {Held|null} */
  function grip(p, shapes) {
    const { view } = host.state;
    if (shapes.length === 0 || !view) return null;
    const [only] = shapes;
    if (shapes.length === 1 && !isPlace(only)) {
      const distances = gripPoints(only).map(([x, y]) => Math.hypot(x - p.image[0], (y - p.image[1]) * host.aspect) * view.scale);
      const nearest = distances.indexOf(Math.min(...distances));
      if (nearest >= 0 && distances[nearest] <= reach(p)) {
        host.set({ vertex: nearest });
        return bending(only, nearest, p.image);
      }
    }
    const frame = selectionFrame(shapes, view, host.aspect);
    if (frame?.knob && apart(frame.knob, p.screen) <= reach(p)) return turning(shapes, frame.middle, p.image);
    const corner = frame?.resizes ? frame.corners.find(({ at }) => apart(at, p.screen) <= reach(p)) : undefined;
    return corner ? resizing(shapes, corner, p.image) : null;
  }

  return {
    down(p, event) {
      const { state } = host;
      const more = p.shift || state.several;
      const chosen = heldShapes(state);
      // Shift is asked again by what is held: it keeps proportions, and turns by notches.
      held = state.several ? null : grip(p, chosen);
      if (held) return;
      const tolerance = reach(p) / (state.view?.scale ?? 1);
      const own = state.locked.mine ? [] : ownShapes(state);
      const others = /** @type {const} */ (["reference", "other"]).flatMap((layer) => (state.visible[layer] && !state.locked[layer] ? state[layer] : []));
      const mine = pick(own, p.image, tolerance);
      if (mine && more) {
        host.set(toggling(state, mine.id));
      } else if (mine && state.canDraw) {
        const among = selectedIds(state).includes(mine.id);
        // A click on one of many means that one; a drag moves all of them.
        if (among) clicked = () => host.set(selecting([mine.id]));
        else host.set(selecting([mine.id]));
        held = moving(among ? chosen : [mine], p.image);
      } else if (more) {
        marked = p.image;
      } else {
        const found = mine ?? pick(others.filter((shape) => shape.frame === state.frame), p.image, tolerance);
        host.set(selecting(found ? [found.id] : []));
        panning = true;
        pan.down?.(p, event);
      }
    },
    move(p, event) {
      if (panning) pan.move?.(p, event);
      if (!p.moved) return;
      if (marked) host.set({ band: [marked, p.image] });
      const next = held?.change(p);
      if (next) show(next);
    },
    up(p, event) {
      if (panning) pan.up?.(p, event);
      if (held && p.moved) host.commit(host.state.shapes);
      else clicked?.();
      if (marked) {
        const ids = p.moved ? touched(ownShapes(host.state), marked, p.image) : [];
        host.set({ ...selecting([...new Set([...selectedIds(host.state), ...ids])]), band: null });
        if (p.moved) host.say(host.t("selectedMany", { n: selectedIds(host.state).length }));
      }
      held = clicked = marked = null;
      panning = false;
    },
    double(p) {
      const selected = heldShapes(host.state).find((shape) => shape.id === host.state.selected);
      if (!selected) return;
      if (selected.kind === "text") {
        void rewrite(host, selected);
        return;
      }
      const point = clampPoint(p.image, host.frame.rows, host.frame.columns);
      const next = insertVertex(selected, point, reach(p) / (host.state.view?.scale ?? 1));
      if (next !== selected) replaceShapes(host, [next]);
    },
    cancel() {
      if (held) host.rollback();
      if (marked) host.set({ band: null });
      pan.cancel?.();
      held = clicked = marked = null;
      panning = false;
    },
  };
}

/** @param {Host} host @param {Shape} shape */
async function rewrite(host, shape) {
  const note = (await host.askWords(host.t("text"), shape.note ?? "")).trim();
  const now = host.state.shapes.find((other) => other.id === shape.id);
  if (note && now && note !== now.note) replaceShapes(host, [{ ...now, note }]);
}
