/**
 * Draws the image on the canvas: stored numbers through the table into a picture of the image's own size, and
 * that picture, scaled, on the stage.
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Pixels} Pixels
 * @typedef {import("./types.js").View} View
 * @typedef {import("./types.js").Window} Window
 */
import { applyTable, buildTable } from "./windowing.js";
import { aspectOf, matrix } from "./viewport.js";

/** Whether an image was drawn in its full depth: once is enough for whoever measures. */
let deep = false;

export class Renderer {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("this browser has no 2d canvas");
    this.context = context;
    this.picture = document.createElement("canvas");
    this.ratio = 1;
    /** @type {Uint32Array|null} */
    this.table = null;
    this.tableKey = "";
    this.pictureKey = "";
    /** What the canvas shows, as the arguments it was drawn with. @type {unknown[]} */
    this.shown = [];
    /** Painted over the image, one after the other; the units of the context are pixels of the image. @type {((context: CanvasRenderingContext2D) => void)[]} */
    this.layers = [];
  }

  /** A layer looks different now: what was drawn counts no longer. */
  renew() {
    this.shown = [];
  }

  /** @param {number} width css pixels @param {number} height @param {number} ratio device pixels per css pixel */
  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.shown = [];
  }

  /** @param {Frame} frame @param {Pixels} pixels @param {Window} window @param {boolean} invert @param {import("./colormaps.js").ColorMap} map */
  develop(frame, pixels, window, invert, map) {
    const kind = `${frame.dtype}/${frame.samples}/${frame.slope}/${frame.intercept}/${frame.invert}/${frame.voi_function}`;
    const tableKey = `${kind}/${window.center}/${window.width}/${invert}/${map}`;
    if (!this.table || tableKey !== this.tableKey) {
      this.table = buildTable(frame, window, invert, map);
      this.tableKey = tableKey;
    }
    const pictureKey = `${frame.index}/${tableKey}`;
    if (pictureKey === this.pictureKey) return;
    this.pictureKey = pictureKey;
    const picture = this.picture;
    if (picture.width !== frame.columns || picture.height !== frame.rows || !this.data) {
      picture.width = frame.columns;
      picture.height = frame.rows;
      this.pictureContext = picture.getContext("2d", { alpha: false });
      this.data = new ImageData(frame.columns, frame.rows);
      this.words = new Uint32Array(this.data.data.buffer);
    }
    if (!this.words || !this.pictureContext) throw new Error("the picture could not be prepared");
    applyTable(pixels, this.table, frame.samples, this.words);
    this.pictureContext.putImageData(this.data, 0, 0);
  }

  /**
   * @param {Frame} frame
   * @param {View} view
   * @param {boolean} smooth
   * @param {CanvasImageSource|null} preview drawn instead while the numbers are on their way
   */
  draw(frame, view, smooth, preview) {
    // A shape that moves leaves the image as it is.
    const wanted = [this.pictureKey, frame, view, smooth, preview];
    if (wanted.every((value, i) => value === this.shown[i])) return;
    this.shown = wanted;
    this.drawOn(this.context, frame, view, smooth, preview);
  }

  /**
   * The same on another canvas of as many device pixels per css pixel.
   * @param {CanvasRenderingContext2D} context
   * @param {Frame} frame
   * @param {View} view
   * @param {boolean} smooth
   * @param {CanvasImageSource|null} preview
   */
  drawOn(context, frame, view, smooth, preview) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    const source = preview ?? (this.pictureKey.startsWith(`${frame.index}/`) ? this.picture : null);
    if (!source) return;
    const ratio = this.ratio;
    context.imageSmoothingEnabled = smooth;
    context.imageSmoothingQuality = view.scale * ratio < 1 ? "high" : "low";
    const [a, b, c, d, e, f] = matrix(view, aspectOf(frame.pixel_spacing)).map((number) => number * ratio);
    context.setTransform(a, b, c, d, e, f);
    context.drawImage(source, 0, 0, frame.columns, frame.rows);
    if (!deep && !preview) performance.mark("medweb:full-depth");
    deep ||= !preview;
    for (const layer of this.layers) layer(context);
  }
}
