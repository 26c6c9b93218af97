/**
 * Everything by keyboard. Single letters count only while the focus is inside of the viewer and not in a field.
 * Which key is which command stands in shortcuts.js; here is what the commands do.
 * @typedef {import("./types.js").Host} Host
 * @typedef {import("./types.js").Point} Point
 */
import { clampPoint, handles, isDegenerate, isMany, moveHandle } from "./geometry.js";
import { heldShapes, selecting } from "./selection.js";
import { chord, keymap } from "./shortcuts.js";
import {
  combineSelected, copy, copyToNext, duplicate, growSelected, labelByNumber, nudge, paste, replaceShapes, selectAll, selectNext,
  turnSelected,
} from "./tools/commands.js";
import { isDrawn } from "./tools/drafts.js";
import { fillBetween, isPainted, nextSize } from "./tools/painted.js";
import { alongImage, toImage, toScreen } from "./viewport.js";

/** @type {Record<string, Point>} */
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** Keys that are the same for all, because other ones lean on them. @type {Record<string, (host: Host) => void>} */
const FIXED = {
  PageUp: (host) => host.goTo(host.state.frame - 1),
  PageDown: (host) => host.goTo(host.state.frame + 1),
  Home: (host) => host.goTo(0),
  End: (host) => host.goTo(host.frames.length - 1),
  Enter: (host) => enter(host),
  Escape: (host) => host.set(host.state.draft ? { draft: null } : { ...selecting([]), crosshair: null, loupe: null }),
  "?": (host) => host.help(),
};

/** By the ids of shortcuts.js; tools are chosen by "tool:name". @type {Record<string, (host: Host) => void>} */
const COMMANDS = {
  "zoom-in": (host) => host.zoom("in"),
  "zoom-out": (host) => host.zoom("out"),
  "zoom-fit": (host) => host.zoom("fit"),
  "zoom-actual": (host) => host.zoom("actual"),
  "next-layout": (host) => host.shell.nextLayout(),
  "next-pane": (host) => host.shell.nextPane(1),
  "pane-before": (host) => host.shell.nextPane(-1),
  hang: (host) => host.shell.hang(),
  linkScroll: (host) => host.shell.toggle("linkScroll"),
  linkWindow: (host) => host.shell.toggle("linkWindow"),
  over: (host) => host.toggleOver(),
  play: (host) => host.playPause(),
  "turn-left": (host) => host.pose("left"),
  "turn-right": (host) => host.pose("right"),
  "flip-sides": (host) => host.pose("horizontal"),
  "flip-ends": (host) => host.pose("vertical"),
  "preset-before": (host) => host.stepPreset(-1),
  "preset-after": (host) => host.stepPreset(1),
  "preset-auto": (host) => host.applyPreset("auto"),
  "window-region": (host) => host.windowFromRegion(),
  "next-map": (host) => host.stepMap(1),
  invert: (host) => host.set({ invert: !host.state.invert }),
  scale: (host) => host.nextScale(),
  "next-vertex": (host) => nextVertex(host),
  remove: (host) => (host.state.draft ? stepBack(host) : host.removeSelected()),
  "select-all": (host) => selectAll(host),
  "next-shape": (host) => selectNext(host, 1),
  "shape-before": (host) => selectNext(host, -1),
  copy: (host) => copy(host),
  paste: (host) => paste(host),
  duplicate: (host) => duplicate(host),
  "copy-before": (host) => copyToNext(host, -1),
  "copy-after": (host) => copyToNext(host, 1),
  "shape-left": (host) => turnSelected(host, -5),
  "shape-right": (host) => turnSelected(host, 5),
  simplify: (host) => host.simplify(),
  union: (host) => void combineSelected(host, "union"),
  subtract: (host) => void combineSelected(host, "subtract"),
  "brush-smaller": (host) => resizeBrush(host, -1),
  "brush-larger": (host) => resizeBrush(host, 1),
  interpolate: (host) => void fillBetween(host),
  planes: (host) => host.shell.cutPlanes(),
  undo: (host) => host.undo(),
  redo: (host) => host.redo(),
};

/** For the test that every shortcut means something. @param {string} id */
export function isKnown(id) {
  return id in COMMANDS || id.startsWith("tool:");
}

/**
 * @param {Host} host
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key meant something
 */
export function handleKey(host, event) {
  const pressed = chord(event);
  const direction = ARROWS[event.key];
  if (direction && event.altKey && !event.ctrlKey && !event.metaKey) return growSelected(host, [direction[0] * pace(host), direction[1] * pace(host)]);
  if (direction && !event.ctrlKey && !event.metaKey && !event.altKey) return arrow(host, direction, event.shiftKey);
  if (pressed in FIXED) {
    FIXED[pressed](host);
    return true;
  }
  if (host.state.canDraw && /^[1-9]$/.test(pressed) && keymap.command(pressed) === null) {
    labelByNumber(host, Number(pressed));
    return true;
  }
  const command = keymap.command(pressed);
  if (command === null) return false;
  if (command.startsWith("tool:")) {
    const tool = command.slice("tool:".length);
    if (!host.state.canDraw && (isDrawn(tool) || isPainted(tool))) return false;
    const glass = host.state.loupe !== null;
    host.setTool(tool);
    if (tool === "magnifier") host.set({ loupe: glass ? null : inTheMiddle(host) });
    return true;
  }
  COMMANDS[command](host);
  return true;
}

/** Image pixels that a key moves by: of a slide seen from afar, one would not be seen. @param {Host} host */
function pace({ state, tiled }) {
  return tiled && state.view ? Math.max(1, 1 / state.view.scale) : 1;
}

/** The glass that the arrows move. @param {Host} host */
function inTheMiddle({ state, size, aspect }) {
  return state.view && { at: toImage(state.view, aspect, [size.width / 2, size.height / 2]), above: false };
}

/** @param {Host} host @param {Point} direction @param {boolean} far */
function arrow(host, direction, far) {
  const { state, frame } = host;
  // Up on the keyboard is up on the screen, however the image lies there.
  const [dx, dy] = state.view ? alongImage(state.view, direction) : direction;
  const step = (far ? 10 : 1) * pace(host);
  if (state.loupe && state.view) {
    const at = toScreen(state.view, host.aspect, state.loupe.at);
    const to = toImage(state.view, host.aspect, [at[0] + direction[0] * 5 * step, at[1] + direction[1] * 5 * step]);
    host.set({ loupe: { ...state.loupe, at: clampPoint(to, frame.rows, frame.columns) } });
    return true;
  }
  if (isDrawn(state.tool) || isPainted(state.tool)) {
    const from = state.crosshair ?? state.draft?.points.at(-1) ?? [frame.columns / 2, frame.rows / 2];
    const at = clampPoint([from[0] + dx * step, from[1] + dy * step], frame.rows, frame.columns);
    host.set({ crosshair: at, hover: at, draft: state.draft && { ...state.draft, cursor: isDrawn(state.tool) ? at : null } });
    return true;
  }
  if (state.tool === "locate") {
    // The middle of a pixel: on the border between two, either plane would do.
    const from = state.crosshair ?? [Math.floor(frame.columns / 2) + 0.5, Math.floor(frame.rows / 2) + 0.5];
    host.shell.locate(host, clampPoint([from[0] + dx * step, from[1] + dy * step], frame.rows, frame.columns));
    return true;
  }
  const held = heldShapes(state);
  if (held.length > 0) {
    const first = held.find((shape) => shape.id === state.selected) ?? held[0];
    const corner = state.vertex === null ? undefined : handles(first)[state.vertex];
    if (held.length > 1 || corner === undefined || state.vertex === null) {
      nudge(host, [dx * step, dy * step]);
      return true;
    }
    const to = clampPoint([corner[0] + dx * step, corner[1] + dy * step], frame.rows, frame.columns);
    const next = moveHandle(first, state.vertex, to, host.aspect);
    if (!isDegenerate(next)) replaceShapes(host, [next]);
    return true;
  }
  if ((far || host.tiled) && state.view) {
    host.setView({ ...state.view, tx: state.view.tx - direction[0] * 40, ty: state.view.ty - direction[1] * 40 });
    return true;
  }
  host.goTo(state.frame + (direction[0] || direction[1]));
  return true;
}

/** @param {Host} host */
function enter(host) {
  const { state, frame } = host;
  if (isPainted(state.tool) && state.crosshair) host.placePoint(state.crosshair);
  else if (isPainted(state.tool)) host.set({ crosshair: [frame.columns / 2, frame.rows / 2] });
  if (!isDrawn(state.tool)) return;
  if (!state.crosshair) {
    if (state.draft) host.finishDraft();
    else host.set({ crosshair: [frame.columns / 2, frame.rows / 2] });
    return;
  }
  const last = state.draft?.points.at(-1);
  const again = last && last[0] === state.crosshair[0] && last[1] === state.crosshair[1];
  if (again && isMany(state.tool)) host.finishDraft();
  else if (!again) host.placePoint(state.crosshair);
}

/** @param {Host} host @param {1|-1} step */
function resizeBrush(host, step) {
  const size = nextSize(host.state.paint.size, step);
  host.set({ paint: { ...host.state.paint, size } });
  host.say(`${host.t("brushSize")}: ${size}`);
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
