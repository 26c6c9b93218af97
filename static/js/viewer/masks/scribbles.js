/**
 * A few strokes inside and outside; the server finds the outline (GrabCut or watershed) and gives a mask.
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("./strokes.js").Easel} Easel
 * @typedef {import("./layer.js").PaintLayer} PaintLayer
 * @typedef {{points: Point[], outside: boolean}} Scribble
 */
import { ApiError } from "../api.js";
import { clampPoint, simplify } from "../geometry.js";
import { labelColor } from "../labels.js";
import { newId } from "../tools/draw.js";
import { sweep } from "./brush.js";

/** Css pixels of a stroke. */
const WIDTH = 4;
const OUTSIDE = "#ffffff";

export class Scribbles {
  /** @param {Easel} host @param {PaintLayer} layer */
  constructor(host, layer) {
    this.host = host;
    this.layer = layer;
    /** @type {Scribble[]} */
    this.all = [];
    /** @type {Scribble|null} */
    this.drawn = null;
    /** The mask that the strokes have made. */
    this.made = "";
    this.frame = -1;
    this.asked = 0;
  }

  /** Strokes belong to one mask: they go when it is let go of, and with the image. */
  check() {
    const { state } = this.host;
    const other = this.made !== "" && (state.selected !== this.made || !state.shapes.some((shape) => shape.id === this.made));
    if (this.all.length > 0 && (other || state.frame !== this.frame)) this.clear();
  }

  clear() {
    this.all = [];
    this.drawn = null;
    this.made = "";
    this.asked += 1;
    this.layer.close();
  }

  /** @param {Point} at @param {boolean} outside */
  begin(at, outside) {
    const { host, layer } = this;
    if (!host.state.canDraw) return;
    if (host.state.locked.mine) {
      host.say(host.t("layerLocked"));
      return;
    }
    this.check();
    if (this.all.length === 0) {
      layer.open(host.frame.columns, host.frame.rows);
      this.frame = host.state.frame;
    }
    this.drawn = { points: [], outside };
    this.to(at);
  }

  /** @param {Point} at */
  to(at) {
    const { host, drawn } = this;
    if (!drawn) return;
    const { rows, columns } = host.frames[this.frame];
    const point = clampPoint(at, rows, columns);
    const last = drawn.points.at(-1) ?? point;
    drawn.points.push(point);
    this.line(last, point, drawn.outside);
  }

  /** @param {Point} from @param {Point} to @param {boolean} outside */
  line(from, to, outside) {
    const { host, layer } = this;
    const { rows, columns } = host.frames[this.frame];
    const touched = new Uint8Array(rows * columns);
    const size = Math.max(WIDTH / (host.state.view?.scale ?? 1), 1);
    const dirty = sweep(touched, columns, from, to, { size, square: false, aspect: host.aspect });
    if (dirty) layer.mark(touched, columns, layer.word(outside ? OUTSIDE : labelColor(host.labels, host.state.label), 255), dirty);
  }

  end() {
    const { drawn, host } = this;
    this.drawn = null;
    if (!drawn) return;
    const points = simplify(drawn.points, 0.5);
    this.all.push({ outside: drawn.outside, points });
    if (this.all.some((one) => !one.outside)) void this.ask();
    else host.say(host.t("smartInside"));
  }

  /** A pinch has begun, or the crosshair has gone: the stroke was none. */
  cancel() {
    if (!this.drawn) return;
    this.drawn = null;
    this.redraw();
  }

  redraw() {
    if (this.all.length === 0) {
      this.layer.close();
      return;
    }
    const { rows, columns } = this.host.frames[this.frame];
    this.layer.open(columns, rows);
    for (const { points, outside } of this.all) points.forEach((point, i) => this.line(points[Math.max(i - 1, 0)], point, outside));
  }

  /** Several strokes may be under way; only what the last one gives counts. */
  async ask() {
    const { host, frame } = this;
    const turn = ++this.asked;
    const { label, window, paint } = host.state;
    const strokes = (/** @type {boolean} */ outside) => this.all.filter((one) => one.outside === outside).map((one) => one.points);
    try {
      const found = await host.api.segment(host.frames[frame], {
        method: paint.watershed ? "watershed" : "grabcut",
        foreground: strokes(false),
        background: strokes(true),
        window: host.frames[frame].samples === 1 ? window : null,
      });
      if (turn !== this.asked) return;
      const { shapes } = host.state;
      const before = shapes.find((shape) => shape.id === this.made);
      const shape = { ...(before ?? { id: newId(), kind: /** @type {const} */ ("mask"), frame, label }), ...found };
      this.made = shape.id;
      host.commit(before ? shapes.map((one) => (one === before ? shape : one)) : [...shapes, shape], shape.id);
      host.say(host.describe(shape));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The last stroke is what the server could not use.
      if (turn !== this.asked) return;
      this.all.pop();
      this.redraw();
      host.say(error.message);
    }
  }

  /** @returns {Tool} */
  tool() {
    return {
      down: (p) => this.begin(p.image, p.alt || this.host.state.paint.outside),
      move: (p) => this.to(p.image),
      up: () => this.end(),
      cancel: () => this.cancel(),
    };
  }

  /** For keys: where a stroke begins, then where it ends. @param {Point} at */
  place(at) {
    if (!this.drawn) {
      this.begin(at, this.host.state.paint.outside);
      return;
    }
    this.to(at);
    this.end();
  }
}
