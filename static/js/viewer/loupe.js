/**
 * A round glass over the image that shows it three times as large.
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Point} Point
 */
import { h } from "./ui/dom.js";
import { aspectOf, toScreen, zoomAt } from "./viewport.js";

const POWER = 3;
/** Css pixels across. */
const SIZE = 200;
/** Css pixels between a finger and the glass above it. */
const ABOVE = 28;

/**
 * Where the glass lies: over the place, or above the finger that hides it, but always on the stage.
 * @param {Point} at css pixels @param {boolean} above @param {{width: number, height: number}} room @returns {Point}
 */
export function glassPlace([x, y], above, room) {
  const top = above ? y - ABOVE - SIZE : y - SIZE / 2;
  // No room above the finger: beside it, on the side with more of it.
  const beside = above && top < 0;
  const left = beside ? (x > room.width / 2 ? x - ABOVE - SIZE : x + ABOVE) : x - SIZE / 2;
  return [Math.max(0, Math.min(left, room.width - SIZE)), Math.max(0, Math.min(top, room.height - SIZE))];
}

export class Loupe {
  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.canvas = h("canvas", { class: "viewer-loupe", "aria-hidden": "true" });
    this.context = this.canvas.getContext("2d", { alpha: false });
    stage.append(this.canvas);
  }

  /**
   * @param {import("./render.js").Renderer} renderer
   * @param {Frame} frame
   * @param {State} state
   * @param {CanvasImageSource|null} preview
   * @param {{width: number, height: number}} room
   */
  draw(renderer, frame, state, preview, room) {
    const { loupe, view } = state;
    this.canvas.hidden = !loupe;
    if (!loupe || !view || !this.context) return;
    const pixels = Math.round(SIZE * renderer.ratio);
    if (this.canvas.width !== pixels) this.canvas.width = this.canvas.height = pixels;
    const at = toScreen(view, aspectOf(frame.pixel_spacing), loupe.at);
    const near = zoomAt(view, POWER, at);
    const centred = { ...near, tx: near.tx - at[0] + SIZE / 2, ty: near.ty - at[1] + SIZE / 2 };
    renderer.drawOn(this.context, frame, centred, state.smooth, preview);
    const [left, top] = glassPlace(at, loupe.above, room);
    this.canvas.style.setProperty("transform", `translate(${left}px, ${top}px)`);
  }
}
