/**
 * Tools that change how the image is looked at.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("../types.js").Point} Point
 */
import { zoomAt } from "../viewport.js";

/** A drag across the stage doubles the window several times: steps follow the width, so fine stays fine. */
const WINDOW_GAIN = 1 / 300;

/** @param {Host} host @returns {Tool} */
export function windowTool(host) {
  /** @type {Point|null} */
  let start = null;
  let from = { center: 0, width: 1 };
  return {
    down(p) {
      start = p.screen;
      from = host.state.window;
    },
    move(p) {
      if (!start) return;
      const gain = Math.max(from.width, 1e-6) * WINDOW_GAIN;
      const smallest = Math.min(1, Math.abs(host.frame.slope) || 1);
      host.setWindow(
        {
          width: Math.max(from.width * Math.exp((p.screen[0] - start[0]) / 200), smallest),
          center: from.center + (p.screen[1] - start[1]) * gain,
        },
        "custom",
      );
    },
    up() {
      start = null;
    },
    cancel() {
      if (start) host.setWindow(from, "custom");
      start = null;
    },
  };
}

/** Points at a place, and the other images of the same patient turn to it. @param {Host} host @returns {Tool} */
export function locateTool(host) {
  let held = false;
  /** @param {import("../types.js").Pointer} p */
  const at = (p) => {
    const { rows, columns } = host.frame;
    host.shell.locate(host, [Math.min(Math.max(p.image[0], 0), columns), Math.min(Math.max(p.image[1], 0), rows)]);
  };
  return {
    down(p) {
      held = true;
      at(p);
    },
    move(p) {
      if (held) at(p);
    },
    up() {
      held = false;
    },
    cancel() {
      held = false;
    },
  };
}

/** @param {Host} host @returns {Tool} */
export function panTool(host) {
  /** @type {Point|null} */
  let last = null;
  return {
    down(p) {
      last = p.screen;
    },
    move(p) {
      const view = host.state.view;
      if (!last || !view) return;
      host.setView({ ...view, tx: view.tx + p.screen[0] - last[0], ty: view.ty + p.screen[1] - last[1] });
      last = p.screen;
    },
    up() {
      last = null;
    },
    cancel() {
      last = null;
    },
  };
}

/** @param {Host} host @returns {Tool} */
export function zoomTool(host) {
  /** @type {Point|null} */
  let start = null;
  let y = 0;
  return {
    down(p) {
      start = p.screen;
      y = p.screen[1];
    },
    move(p) {
      const view = host.state.view;
      if (!start || !view) return;
      host.setView(zoomAt(view, Math.exp((y - p.screen[1]) / 150), start, host.leastScale));
      y = p.screen[1];
    },
    up() {
      start = null;
    },
    cancel() {
      start = null;
    },
  };
}

/** Drag a box: the window becomes that of the pixels inside. @param {Host} host @returns {Tool} */
export function regionTool(host) {
  /** @type {Point|null} */
  let start = null;
  return {
    down(p) {
      start = p.image;
    },
    move(p) {
      if (start && p.moved) host.set({ band: [start, p.image] });
    },
    up(p) {
      if (start && p.moved) host.windowFromBox([start, p.image]);
      start = null;
      host.set({ band: null });
    },
    cancel() {
      start = null;
      host.set({ band: null });
    },
  };
}

/** Hold to look closer. @param {Host} host @returns {Tool} */
export function magnifierTool(host) {
  /** @param {import("../types.js").Pointer} p */
  const show = (p) => host.set({ loupe: { at: p.image, above: p.touch } });
  const hide = () => host.set({ loupe: null });
  return { down: show, move: show, up: hide, cancel: hide };
}

/** @param {Host} host @returns {Tool} */
export function scrollTool(host) {
  let from = 0;
  let y = 0;
  return {
    down(p) {
      from = host.state.frame;
      y = p.screen[1];
    },
    move(p) {
      // The whole series within two thirds of the stage, but never so fast that single images are missed.
      const step = Math.min(Math.max((host.size.height * 0.66) / host.frames.length, 4), 24);
      host.goTo(from + Math.round((p.screen[1] - y) / step));
    },
  };
}
