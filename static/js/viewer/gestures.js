/**
 * Pointers to tools: one pointer is the tool's, two fingers zoom and move, the wheel turns the pages.
 * @typedef {import("./types.js").Host} Host
 * @typedef {import("./types.js").Point} Point
 * @typedef {import("./types.js").Pointer} Pointer
 * @typedef {import("./types.js").Tool} Tool
 */
import { UPRIGHT, toImage, zoomAt } from "./viewport.js";

/** Css pixels below which a press is a click. */
const STILL = 3;
const NOTCH = 60;

/**
 * @param {Host} host
 * @param {HTMLElement} stage
 * @param {Record<string, Tool>} tools
 */
export function attachGestures(host, stage, tools) {
  /** @type {Map<number, Point>} */
  const fingers = new Map();
  /** @type {Tool|null} */
  let active = null;
  /** @type {Point} */
  let origin = [0, 0];
  let moved = false;
  let pinching = false;
  let wheel = 0;

  /** @param {MouseEvent} event @returns {Point} */
  const screen = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  /** @param {MouseEvent} event @returns {Pointer} */
  const pointer = (event) => {
    const at = screen(event);
    const view = host.state.view ?? { scale: 1, tx: 0, ty: 0, ...UPRIGHT };
    const touch = event instanceof PointerEvent && event.pointerType === "touch";
    return { image: toImage(view, host.aspect, at), screen: at, touch, moved, alt: event.altKey, shift: event.shiftKey };
  };

  /** @param {PointerEvent} event */
  const toolFor = (event) => {
    if (event.button === 1) return tools.pan;
    if (event.button === 2) return host.state.tool === "window" ? tools.zoom : tools.window;
    return tools[host.state.tool] ?? null;
  };

  stage.addEventListener("pointerdown", (event) => {
    if (!host.state.view || (event.target instanceof Element && event.target.closest("button"))) return;
    stage.focus({ preventScroll: true });
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, screen(event));
    host.set({ crosshair: null });
    if (fingers.size === 1) {
      pinching = false;
      moved = false;
      origin = screen(event);
      active = toolFor(event);
      active?.down?.(pointer(event), event);
    } else {
      active?.cancel?.();
      active = null;
      pinching = true;
    }
  });

  stage.addEventListener("pointermove", (event) => {
    const at = screen(event);
    const before = fingers.get(event.pointerId);
    if (pinching && before && fingers.size === 2) {
      const other = [...fingers.entries()].find(([id]) => id !== event.pointerId);
      if (other) pinch(before, at, other[1]);
      fingers.set(event.pointerId, at);
      return;
    }
    if (before) fingers.set(event.pointerId, at);
    if (Math.hypot(at[0] - origin[0], at[1] - origin[1]) > STILL) moved = true;
    const p = pointer(event);
    if (event.pointerType !== "touch") host.set({ hover: p.image });
    if (active) active.move?.(p, event);
    else if (fingers.size === 0) {
      if (host.state.crosshair && host.state.tool !== "locate") host.set({ crosshair: null });
      tools[host.state.tool]?.hover?.(p);
    }
  });

  /** @param {Point} before @param {Point} now @param {Point} other */
  function pinch(before, now, other) {
    const view = host.state.view;
    if (!view) return;
    const old = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const next = Math.hypot(now[0] - other[0], now[1] - other[1]);
    const centre = /** @type {Point} */ ([(before[0] + other[0]) / 2, (before[1] + other[1]) / 2]);
    const zoomed = zoomAt(view, old > 0 ? next / old : 1, centre, host.leastScale);
    host.setView({ ...zoomed, tx: zoomed.tx + (now[0] - before[0]) / 2, ty: zoomed.ty + (now[1] - before[1]) / 2 });
  }

  /** @param {PointerEvent} event */
  const lift = (event) => {
    fingers.delete(event.pointerId);
    if (fingers.size === 0) pinching = false;
  };

  stage.addEventListener("pointerup", (event) => {
    const known = fingers.has(event.pointerId);
    lift(event);
    if (!known || !active) return;
    const tool = active;
    active = null;
    tool.up?.(pointer(event), event);
  });

  stage.addEventListener("pointercancel", (event) => {
    lift(event);
    active?.cancel?.();
    active = null;
  });

  stage.addEventListener("pointerleave", () => host.set({ hover: null }));
  stage.addEventListener("dblclick", (event) => {
    if (event.target instanceof Element && event.target.closest("button")) return;
    tools[host.state.tool]?.double?.(pointer(event));
  });
  stage.addEventListener("contextmenu", (event) => event.preventDefault());

  stage.addEventListener(
    "wheel",
    (event) => {
      const view = host.state.view;
      if (!view) return;
      if (event.ctrlKey || event.metaKey || host.tiled) {
        event.preventDefault();
        host.setView(zoomAt(view, Math.exp(-event.deltaY / (event.deltaMode === 0 ? 240 : 8)), screen(event), host.leastScale));
        return;
      }
      // A single image leaves the wheel to the page.
      if (host.frames.length < 2) return;
      event.preventDefault();
      const delta = event.deltaMode === 0 ? event.deltaY : event.deltaY * 30;
      if (Math.sign(delta) !== Math.sign(wheel)) wheel = 0;
      wheel += delta;
      const steps = Math.trunc(wheel / NOTCH);
      if (steps !== 0) {
        wheel -= steps * NOTCH;
        // One notch of most mice is 100 or 120: it must turn one page, not two.
        host.goTo(host.state.frame + (Math.abs(delta) >= 90 ? Math.sign(steps) * Math.max(1, Math.round(Math.abs(delta) / 120)) : steps));
        if (Math.abs(delta) >= 90) wheel = 0;
      }
    },
    { passive: false },
  );

  return {
    /** Stop what is being done; true when something was. */
    cancel() {
      if (!active) return false;
      active.cancel?.();
      active = null;
      return true;
    },
    get busy() {
      return active !== null || pinching;
    },
  };
}
