/**
 * The painting tools of one viewer, fetched when the first of them is chosen.
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Tool} Tool
 * @typedef {import("./strokes.js").Easel} Easel
 */
import { isStroke } from "../tools/painted.js";
import { h } from "../ui/dom.js";
import { toScreen } from "../viewport.js";
import { createBar } from "./bar.js";
import { clickTool, fill, pick } from "./clicks.js";
import { PaintLayer } from "./layer.js";
import { Scissors } from "./scissors.js";
import { Scribbles } from "./scribbles.js";
import { Strokes } from "./strokes.js";

export class Kit {
  /** @param {Easel} host @param {{stage: HTMLElement, canvas: HTMLCanvasElement}} parts */
  constructor(host, { stage, canvas }) {
    this.host = host;
    this.layer = new PaintLayer(canvas);
    this.strokes = new Strokes(host, this.layer);
    this.scissors = new Scissors(host);
    this.sheet = new PaintLayer(canvas);
    this.scribbles = new Scribbles(host, this.sheet);
    this.bar = createBar(host, stage);
    this.ring = h("div", { class: "viewer-ring", "aria-hidden": "true" });
    stage.append(this.ring);
    const stroke = this.strokes.tool();
    /** @type {Record<string, Tool>} */
    this.tools = {
      brush: stroke,
      eraser: stroke,
      threshold: stroke,
      fill: clickTool(host, fill),
      wand: clickTool(host, pick),
      scissors: this.scissors.tool(),
      smart: this.scribbles.tool(),
    };
    this.update(host.state, new Set());
    this.draw();
  }

  /** From the keyboard. @param {Point} at */
  place(at) {
    const { tool } = this.host.state;
    if (isStroke(tool)) this.strokes.stamp(at);
    else if (tool === "fill") fill(this.host, at);
    else if (tool === "wand") pick(this.host, at);
    else if (tool === "scissors") this.scissors.place(at);
    else if (tool === "smart") this.scribbles.place(at);
  }

  /** @param {State} state @param {Set<keyof State>} changed */
  update(state, changed) {
    // Another image, another sheet.
    if (changed.has("frame") || changed.has("tool")) this.strokes.cancel();
    if (changed.has("tool") && state.tool !== "smart") this.scribbles.clear();
    if (changed.has("crosshair") && !state.crosshair) this.scribbles.cancel();
    this.scribbles.check();
    this.bar.update(state);
    // The keys move the crosshair: the way follows it as it follows a pointer.
    if (changed.has("crosshair") && state.crosshair && state.tool === "scissors") this.scissors.hover(state.crosshair);
  }

  /** What the brush would cover, and the sheet, where they belong now. */
  draw() {
    const { state, aspect } = this.host;
    const at = state.crosshair ?? state.hover;
    this.ring.hidden = !at || !state.view || !isStroke(state.tool);
    if (!state.view) return;
    for (const layer of [this.layer, this.sheet]) layer.place(state.view, aspect);
    if (this.ring.hidden || !at) return;
    const [x, y] = toScreen(state.view, aspect, at);
    const side = state.paint.size * state.view.scale;
    for (const [name, value] of Object.entries({ left: x - side / 2, top: y - side / 2, width: side, height: side })) this.ring.style.setProperty(name, `${value}px`);
    this.ring.classList.toggle("is-square", state.paint.square);
  }
}
