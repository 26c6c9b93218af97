/**
 * Brush, eraser and threshold brush: a stroke is shown while it is drawn and becomes one step of the history.
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("./bitmap.js").Rect} Rect
 * @typedef {import("./layer.js").PaintLayer} PaintLayer
 * @typedef {import("../types.js").Host & {pixels: import("../types.js").Pixels|undefined, api: import("../api.js").Api}} Easel
 * @typedef {object} Stroke
 * @property {number} frame
 * @property {boolean} erases
 * @property {string[]} ids masks it changes
 * @property {Uint8Array} touched
 * @property {Uint8Array} paint what the sheet shows
 * @property {Uint32Array} palette
 * @property {number} color of what is added
 * @property {Rect|null} dirty
 * @property {Point} last
 * @property {((index: number) => boolean)|null} allows
 */
import { clampPoint } from "../geometry.js";
import { labelColor } from "../labels.js";
import { newId } from "../tools/draw.js";
import { MOST_COUNTS, around, merged, put, rectOf, take } from "./bitmap.js";
import { sweep } from "./brush.js";

/** The mask that goes on growing: selected, on this image, with the label that is chosen. @param {Easel} host @returns {Shape|null} */
export function growing({ state }) {
  const found = state.shapes.find((shape) => shape.id === state.selected);
  return found?.kind === "mask" && found.frame === state.frame && found.label === state.label && state.visible.mine ? found : null;
}

/** What an eraser works on: the selected mask, or all of one's own here. @param {Easel} host */
function erasable({ state }) {
  if (!state.visible.mine) return [];
  const masks = state.shapes.filter((shape) => shape.kind === "mask" && shape.frame === state.frame);
  const selected = masks.filter((shape) => shape.id === state.selected);
  return selected.length > 0 ? selected : masks;
}

/**
 * Put touched pixels into masks, or take them out, as one step.
 * @param {Easel} host
 * @param {{frame: number, erases: boolean, ids: string[], touched: Uint8Array, dirty: Rect}} change
 */
export function settle(host, { frame, erases, ids, touched, dirty }) {
  const { columns } = host.frames[frame];
  const { shapes, label } = host.state;
  const target = erases ? undefined : shapes.find((shape) => ids.includes(shape.id));
  /** @type {Shape|null} */
  let held = null;
  /** @type {Shape[]} */
  let next;
  if (erases || target) {
    next = shapes.flatMap((shape) => {
      if (!ids.includes(shape.id)) return shape;
      const made = merged(shape, touched, columns, dirty, !erases);
      if (shape === target) held = made;
      return made ?? [];
    });
    if (next.length === shapes.length && next.every((shape, i) => shape === shapes[i])) return;
  } else {
    const made = take(touched, columns, dirty);
    if (!made) return;
    held = { id: newId(), kind: "mask", frame, label, ...made };
    next = [...shapes, held];
  }
  if (next.some((shape) => (shape.counts?.length ?? 0) > MOST_COUNTS)) {
    host.say(host.t("combineFine"));
    return;
  }
  host.commit(next, held?.id ?? host.state.selected);
  if (held) host.say(host.describe(held));
  else host.say(host.t("erased"));
}

export class Strokes {
  /** @param {Easel} host @param {PaintLayer} layer */
  constructor(host, layer) {
    this.host = host;
    this.layer = layer;
    /** @type {Stroke|null} */
    this.stroke = null;
  }

  /** Which pixels the tool may touch; undefined when it cannot work here. @returns {((index: number) => boolean)|null|undefined} */
  limit() {
    const { host } = this;
    if (host.state.tool !== "threshold") return null;
    const { pixels, frame } = host;
    if (frame.samples !== 1) host.say(host.t("notGrey"));
    if (!pixels || frame.samples !== 1) return undefined;
    const { low, high } = range(host);
    return (i) => {
      const value = pixels[i] * frame.slope + frame.intercept;
      return value >= low && value <= high;
    };
  }

  /** @param {Point} at @param {boolean} erases */
  begin(at, erases) {
    const { host, layer } = this;
    this.cancel();
    if (!host.state.canDraw) return;
    if (host.state.locked.mine) {
      host.say(host.t("layerLocked"));
      return;
    }
    const allows = this.limit();
    if (allows === undefined) return;
    const { rows, columns } = host.frame;
    const mask = growing(host);
    const targets = erases ? erasable(host) : mask ? [mask] : [];
    const colors = targets.map((shape) => layer.word(labelColor(host.labels, shape.label)));
    const paint = new Uint8Array(rows * columns);
    const palette = new Uint32Array([0, ...colors, ...(colors.length ? [] : [layer.word(labelColor(host.labels, host.state.label))])].slice(0, 256));
    layer.open(columns, rows);
    /** @type {Rect|null} */
    let seen = null;
    targets.forEach((shape, i) => {
      put(paint, columns, shape, Math.min(i + 1, 255));
      seen = around(seen, rectOf(shape));
    });
    if (seen) layer.show(paint, columns, palette, seen);
    this.stroke = { frame: host.state.frame, erases, ids: targets.map(({ id }) => id), touched: new Uint8Array(rows * columns), paint, palette, color: erases ? 0 : 1, dirty: null, last: at, allows };
    host.set({ painted: this.stroke.ids });
    if (host.state.view) layer.place(host.state.view, host.aspect);
    this.to(at);
  }

  /** @param {Point} at */
  to(at) {
    const { host, stroke, layer } = this;
    if (!stroke) return;
    const { columns } = host.frames[stroke.frame];
    const { size, square } = host.state.paint;
    const dirty = sweep(stroke.touched, columns, stroke.last, at, { size, square, aspect: host.aspect }, stroke.allows);
    stroke.last = at;
    if (!dirty) return;
    for (let y = dirty.y0; y < dirty.y1; y++) {
      for (let i = y * columns + dirty.x0; i < y * columns + dirty.x1; i++) if (stroke.touched[i]) stroke.paint[i] = stroke.color;
    }
    stroke.dirty = around(stroke.dirty, dirty);
    layer.show(stroke.paint, columns, stroke.palette, dirty);
  }

  end() {
    const { stroke, host } = this;
    this.cancel();
    if (stroke?.dirty) settle(host, { ...stroke, dirty: stroke.dirty });
  }

  cancel() {
    if (!this.stroke) return;
    this.stroke = null;
    this.layer.close();
    this.host.set({ painted: [] });
  }

  /** @returns {Tool} */
  tool() {
    const within = (/** @type {import("../types.js").Pointer} */ p) => clampPoint(p.image, this.host.frame.rows, this.host.frame.columns);
    return {
      // The other button of a brush is its rubber.
      down: (p) => this.begin(p.image, this.host.state.tool === "eraser" || p.alt),
      move: (p) => this.to(p.image),
      up: () => this.end(),
      hover: (p) => this.host.set({ hover: within(p) }),
      cancel: () => this.cancel(),
    };
  }

  /** A single dab, for keys. @param {Point} at */
  stamp(at) {
    this.begin(at, this.host.state.tool === "eraser");
    this.end();
  }
}

/** Values that the threshold brush paints; what is not given is the window's. @param {Easel} host @returns {{low: number, high: number}} */
export function range({ state }) {
  const { center, width } = state.window;
  return { low: state.paint.low ?? center - width / 2, high: state.paint.high ?? center + width / 2 };
}
