/**
 * A sheet above the image and below the shapes, a pixel of it for each one of the image: shows what a brush does
 * while it does it. The browser scales and turns it, so a move costs the pixels that were touched and no others.
 * @typedef {import("./bitmap.js").Rect} Rect
 * @typedef {import("../types.js").View} View
 */
import { h } from "../ui/dom.js";
import { matrix } from "../viewport.js";

/** As the filling of a mask that is selected; a little more, as it has no outline yet. */
const ALPHA = 100;

export class PaintLayer {
  /** @param {Element} below */
  constructor(below) {
    this.canvas = h("canvas", { class: "viewer-paint", "aria-hidden": "true" });
    this.canvas.hidden = true;
    below.after(this.canvas);
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("the browser gives no canvas to paint on");
    this.context = context;
  }

  /** @param {number} columns @param {number} rows */
  open(columns, rows) {
    // Also empties it.
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.canvas.hidden = false;
  }

  close() {
    this.canvas.hidden = true;
    this.canvas.width = this.canvas.height = 1;
  }

  /** A colour of the style sheets as one number of image data. @param {string} color @param {number} [alpha] 0 to 255 */
  word(color, alpha = ALPHA) {
    this.context.fillStyle = color;
    const plain = String(this.context.fillStyle);
    const parts = plain.startsWith("#") ? [1, 3, 5].map((at) => parseInt(plain.slice(at, at + 2), 16)) : (plain.match(/\d+/g) ?? ["0", "0", "0"]).slice(0, 3).map(Number);
    return new Uint32Array(new Uint8Array([...parts, alpha]).buffer)[0];
  }

  /**
   * @param {Uint8Array} paint which colour each pixel of the image has; 0 has none
   * @param {number} columns
   * @param {Uint32Array} palette
   * @param {Rect} dirty
   */
  show(paint, columns, palette, { x0, y0, x1, y1 }) {
    const width = x1 - x0;
    const data = this.context.createImageData(width, y1 - y0);
    const words = new Uint32Array(data.data.buffer);
    for (let y = y0, to = 0; y < y1; y++) {
      for (let i = y * columns + x0; i < y * columns + x1; i++) words[to++] = palette[paint[i]];
    }
    this.context.putImageData(data, x0, y0);
  }

  /** Add pixels to what is shown. @param {Uint8Array} touched @param {number} columns @param {number} word @param {Rect} dirty */
  mark(touched, columns, word, { x0, y0, x1, y1 }) {
    const data = this.context.getImageData(x0, y0, x1 - x0, y1 - y0);
    const words = new Uint32Array(data.data.buffer);
    for (let y = y0, to = 0; y < y1; y++) {
      for (let i = y * columns + x0; i < y * columns + x1; i++, to++) if (touched[i]) words[to] = word;
    }
    this.context.putImageData(data, x0, y0);
  }

  /** @param {View} view @param {number} aspect */
  place(view, aspect) {
    if (!this.canvas.hidden) this.canvas.style.setProperty("transform", `matrix(${matrix(view, aspect).join(",")})`);
  }
}
