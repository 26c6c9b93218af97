/**
 * Everything by keyboard. Single letters count only while the focus is inside of the viewer and not in a field.
 * @typedef {import("./types.js").Host} Host
 * @typedef {import("./types.js").Point} Point
 */
import { clampPoint, handles, isDegenerate, moveHandle, translate } from "./geometry.js";
import { isDrawn } from "./tools/draw.js";

/** @type {Record<string, string>} */
export const TOOL_KEYS = {
  w: "window",
  s: "scroll",
  h: "pan",
  z: "zoom",
  v: "select",
  p: "point",
  b: "box",
  e: "ellipse",
  g: "polygon",
  f: "freehand",
  l: "length",
};

/** @type {Record<string, Point>} */
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/**
 * @param {Host} host
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key meant something
 */
export function handleKey(host, event) {
  const { state } = host;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (key === "z" && event.shiftKey) host.redo();
    else if (key === "z") host.undo();
    else if (key === "y") host.redo();
    else return false;
    return true;
  }
  if (event.altKey) return false;
  if (key in ARROWS) return arrow(host, ARROWS[key], event.shiftKey);
  if (key in TOOL_KEYS) {
    if (!state.canDraw && isDrawn(TOOL_KEYS[key])) return false;
    host.setTool(TOOL_KEYS[key]);
    return true;
  }
  /** @type {Record<string, () => void>} */
  const actions = {
    PageUp: () => host.goTo(state.frame - 1),
    PageDown: () => host.goTo(state.frame + 1),
    Home: () => host.goTo(0),
    End: () => host.goTo(host.frames.length - 1),
    Enter: () => enter(host),
    Escape: () => host.set(state.draft ? { draft: null } : { selected: null, vertex: null, crosshair: null }),
    Backspace: () => (state.draft ? stepBack(host) : host.removeSelected()),
    Delete: () => host.removeSelected(),
    k: () => nextVertex(host),
    i: () => host.set({ invert: !state.invert }),
    a: () => host.applyPreset("auto"),
    "[": () => host.stepPreset(-1),
    "]": () => host.stepPreset(1),
    "+": () => host.zoom("in"),
    "=": () => host.zoom("in"),
    "-": () => host.zoom("out"),
    0: () => host.zoom("fit"),
    1: () => host.zoom("actual"),
    "?": () => host.help(),
  };
  if (!(key in actions)) return false;
  actions[key]();
  return true;
}

/** @param {Host} host @param {Point} direction @param {boolean} far */
function arrow(host, [dx, dy], far) {
  const { state, frame } = host;
  const step = far ? 10 : 1;
  if (isDrawn(state.tool)) {
    const from = state.crosshair ?? state.draft?.points.at(-1) ?? [frame.columns / 2, frame.rows / 2];
    const at = clampPoint([from[0] + dx * step, from[1] + dy * step], frame.rows, frame.columns);
    host.set({ crosshair: at, hover: at, draft: state.draft && { ...state.draft, cursor: at } });
    return true;
  }
  const selected = state.shapes.find((shape) => shape.id === state.selected && shape.frame === state.frame);
  if (selected && state.canDraw) {
    const corner = state.vertex === null ? undefined : handles(selected)[state.vertex];
    const next =
      corner === undefined || state.vertex === null
        ? translate(selected, dx * step, dy * step, frame.rows, frame.columns)
        : moveHandle(selected, state.vertex, clampPoint([corner[0] + dx * step, corner[1] + dy * step], frame.rows, frame.columns));
    if (!isDegenerate(next)) host.commit(state.shapes.map((s) => (s.id === next.id ? next : s)), next.id);
    return true;
  }
  if (far && state.view) {
    host.setView({ ...state.view, tx: state.view.tx - dx * 40, ty: state.view.ty - dy * 40 });
    return true;
  }
  host.goTo(state.frame + (dx || dy));
  return true;
}

/** @param {Host} host */
function enter(host) {
  const { state, frame } = host;
  if (!isDrawn(state.tool)) return;
  if (!state.crosshair) {
    if (state.draft) host.finishDraft();
    else host.set({ crosshair: [frame.columns / 2, frame.rows / 2] });
    return;
  }
  const last = state.draft?.points.at(-1);
  const again = last && last[0] === state.crosshair[0] && last[1] === state.crosshair[1];
  if (again && (state.tool === "polygon" || state.tool === "freehand")) host.finishDraft();
  else if (!again) host.placePoint(state.crosshair);
}

/** @param {Host} host */
function stepBack(host) {
  const draft = host.state.draft;
  if (!draft) return;
  host.set({ draft: draft.points.length > 1 ? { ...draft, points: draft.points.slice(0, -1) } : null });
}

/** @param {Host} host */
function nextVertex(host) {
  const { state } = host;
  const selected = state.shapes.find((shape) => shape.id === state.selected);
  if (!selected || selected.kind === "point") return;
  const next = (state.vertex ?? -1) + 1;
  host.set({ vertex: next < handles(selected).length ? next : null });
}
