/**
 * Intelligent scissors: click along an edge, and the line between the clicks follows it. What it makes is a polygon.
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("./strokes.js").Easel} Easel
 */
import { simplify } from "../geometry.js";
import { pixelAt } from "./clicks.js";
import { Wire } from "./wire.js";

/** The way goes from pixel to pixel; a straight edge has no stairs. */
const STAIRS = 0.6;

export class Scissors {
  /** @param {Easel} host */
  constructor(host) {
    this.host = host;
    /** @type {{seed: string, pixels: import("../types.js").Pixels, wire: Wire}|null} */
    this.cached = null;
  }

  /** Ways from the last point of the draft: also when that was taken back. @param {Point} from */
  wireFrom(from) {
    const { pixels, frame } = this.host;
    const pixel = pixelAt(this.host, from);
    if (!pixels || !pixel) return null;
    const seed = pixel.join(" ");
    if (this.cached?.seed !== seed || this.cached.pixels !== pixels) this.cached = { seed, pixels, wire: new Wire(pixels, frame.columns, frame.rows, pixel) };
    return this.cached.wire;
  }

  /** The way from the end of the draft. @param {Point} to @returns {Point[]} */
  way(to) {
    const { draft, frame } = this.host.state;
    const from = draft?.points.at(-1);
    const pixel = pixelAt(this.host, to);
    if (!draft || draft.frame !== frame || !from || !pixel) return [];
    return simplify(this.wireFrom(from)?.path(pixel) ?? [], STAIRS).slice(1);
  }

  /** @param {Point} at */
  hover(at) {
    const { draft } = this.host.state;
    if (draft) this.host.set({ draft: { ...draft, tail: this.way(at), cursor: null } });
  }

  /** Put a point; one on the first point, or twice on the same spot, closes. @param {Point} at @param {number} [near] css pixels */
  place(at, near = 10) {
    const { host } = this;
    const { draft, frame, view } = host.state;
    if (host.frame.samples !== 1) host.say(host.t("notGrey"));
    if (!host.pixels || host.frame.samples !== 1 || !view) return;
    if (draft && draft.frame !== frame) {
      host.goTo(draft.frame);
      host.say(host.t("onOtherImage", { n: draft.frame + 1 }));
      return;
    }
    const pixel = pixelAt(host, at);
    if (!pixel) return;
    const centre = /** @type {Point} */ ([pixel[0] + 0.5, pixel[1] + 0.5]);
    if (!draft) {
      host.set({ draft: { kind: "polygon", frame, points: [centre], cursor: null } });
      return;
    }
    const [first, last] = [draft.points[0], draft.points[draft.points.length - 1]];
    const away = (/** @type {Point} */ p) => Math.hypot(p[0] - at[0], (p[1] - at[1]) * host.aspect) * view.scale;
    const again = last[0] === centre[0] && last[1] === centre[1];
    const start = first[0] === centre[0] && first[1] === centre[1];
    const closes = draft.points.length > 2 && (again || start || away(first) <= near);
    if (again && !closes) return;
    const way = this.way(closes ? first : centre);
    host.set({ draft: { ...draft, points: [...draft.points, ...(closes ? way.slice(0, -1) : way)], tail: [], cursor: null } });
    if (closes) host.finishDraft();
  }

  /** @returns {Tool} */
  tool() {
    return {
      move: (p) => this.hover(p.image),
      hover: (p) => this.hover(p.image),
      up: (p) => this.place(p.image, p.touch ? 22 : 10),
    };
  }
}
