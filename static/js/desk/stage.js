/**
 * The picture with its boxes: pixels through the viewer's tables on a canvas of the picture's own size, boxes as
 * SVG on top, both scaled together.
 * @typedef {import("../viewer/types.js").Frame} Frame
 * @typedef {import("../viewer/types.js").Pixels} Pixels
 * @typedef {import("./boxes.js").Box} Box
 * @typedef {{kind: "draw"|"move"|"pull", index: number, corner: string, from: [number, number], box: Box|null}} Grip
 */
import { svg } from "../viewer/ui/dom.js";
import { applyTable, autoWindow, buildTable, storedWindow } from "../viewer/windowing.js";
import { between, fitted, pulled } from "./boxes.js";

const CORNERS = ["nw", "ne", "sw", "se"];
/** Screen pixels of a handle: a finger's is larger than what is seen of it. */
const HANDLE = 10;
const REACH = 26;

export class Stage {
  /**
   * @param {HTMLElement} element
   * @param {object} on
   * @param {(box: Pick<Box, "x"|"y"|"width"|"height">) => void} on.drawn
   * @param {(index: number, box: Box) => void} on.changed
   * @param {(index: number) => void} on.chosen
   * @param {(index: number, event: KeyboardEvent) => void} on.key
   * @param {(box: Box, index: number) => string} on.words
   */
  constructor(element, on) {
    this.element = element;
    this.on = on;
    this.paper = /** @type {HTMLElement} */ (element.querySelector(".desk-paper"));
    this.canvas = /** @type {HTMLCanvasElement} */ (element.querySelector("canvas"));
    this.overlay = svg("svg", { class: "desk-overlay" });
    this.paper.append(this.overlay);
    /** @type {Frame|null} */
    this.frame = null;
    /** @type {{box: Box, index: number}[]} */
    this.shown = [];
    this.selected = -1;
    this.scale = 0;
    this.drawing = true;
    this.disabled = false;
    /** @type {Grip|null} */
    this.grip = null;
    this.overlay.addEventListener("pointerdown", (event) => this.down(event));
    this.overlay.addEventListener("pointermove", (event) => this.move(event));
    this.overlay.addEventListener("pointerup", (event) => this.up(event));
    this.overlay.addEventListener("pointercancel", () => this.drop());
    new ResizeObserver(() => this.layOut()).observe(element);
  }

  /** @param {Frame} frame @param {Pixels} pixels */
  develop(frame, pixels) {
    const { canvas } = this;
    canvas.width = frame.columns;
    canvas.height = frame.rows;
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("this browser has no 2d canvas");
    const data = new ImageData(frame.columns, frame.rows);
    const window = storedWindow(frame) ?? autoWindow(pixels, frame);
    applyTable(pixels, buildTable(frame, window, false), frame.samples, new Uint32Array(data.data.buffer));
    context.putImageData(data, 0, 0);
    const resized = this.frame?.columns !== frame.columns || this.frame?.rows !== frame.rows;
    this.frame = frame;
    this.overlay.setAttribute("viewBox", `0 0 ${frame.columns} ${frame.rows}`);
    if (resized) this.layOut();
  }

  /** Screen pixels of one of the picture. */
  get size() {
    if (!this.frame) return 1;
    const fit = Math.min(
      (this.element.clientWidth - 2) / this.frame.columns,
      (this.element.clientHeight - 2) / this.frame.rows,
    );
    return this.scale || Math.max(Math.min(fit, 8), 0.02);
  }

  /** @param {"in"|"out"|"fit"} what */
  zoom(what) {
    const now = this.size;
    this.scale = what === "fit" ? 0 : Math.min(Math.max(what === "in" ? now * 1.5 : now / 1.5, 0.02), 16);
    this.layOut();
  }

  /** @param {boolean} drawing otherwise fingers scroll */
  setDrawing(drawing) {
    this.drawing = drawing;
    this.overlay.classList.toggle("is-scrolling", !drawing);
  }

  layOut() {
    if (!this.frame) return;
    const { size } = this;
    this.paper.style.width = `${Math.max(1, Math.round(this.frame.columns * size))}px`;
    this.paper.style.height = `${Math.max(1, Math.round(this.frame.rows * size))}px`;
    this.paint();
  }

  /** @param {{box: Box, index: number}[]} shown @param {number} selected */
  show(shown, selected) {
    this.shown = shown;
    this.selected = selected;
    this.paint();
  }

  paint() {
    const focused = this.overlay.contains(document.activeElement) ? this.selected : -1;
    this.overlay.replaceChildren(...this.shown.map(({ box, index }) => this.drawn(box, index)));
    if (focused >= 0) this.focus(focused);
  }

  /** @param {number} index */
  focus(index) {
    const group = this.overlay.querySelector(`[data-index="${index}"]`);
    if (group instanceof SVGElement) group.focus({ preventScroll: true });
  }

  /** @param {Box} box @param {number} index */
  drawn(box, index) {
    const { size } = this;
    const chosen = index === this.selected;
    const group = svg(
      "g",
      {
        class: `desk-box${chosen ? " is-chosen" : ""}`,
        tabindex: this.disabled ? -1 : 0,
        role: "button",
        "aria-pressed": chosen ? "true" : "false",
        "aria-label": this.on.words(box, index),
        "data-index": index,
        onfocus: () => {
          if (this.selected !== index) this.on.chosen(index);
        },
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.on.key(index, event),
      },
      svg("rect", { class: "desk-box__area", x: box.x, y: box.y, width: box.width, height: box.height }),
    );
    if (chosen && !this.disabled) {
      for (const corner of CORNERS) {
        const x = corner.includes("w") ? box.x : box.x + box.width;
        const y = corner.includes("n") ? box.y : box.y + box.height;
        for (const [side, name] of /** @type {[number, string][]} */ ([[REACH, "reach"], [HANDLE, "handle"]])) {
          const half = side / 2 / size;
          group.append(
            svg("rect", { class: `desk-box__${name} is-${corner}`, "data-corner": corner, x: x - half, y: y - half, width: 2 * half, height: 2 * half }),
          );
        }
      }
    }
    return group;
  }

  /** @param {PointerEvent} event @returns {[number, number]} */
  place(event) {
    const box = this.overlay.getBoundingClientRect();
    return [(event.clientX - box.left) / this.size, (event.clientY - box.top) / this.size];
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (!this.frame || this.disabled || !event.isPrimary || event.button !== 0) return;
    const target = event.target instanceof Element ? event.target : null;
    const group = target?.closest("[data-index]");
    if (!group && !this.drawing) return;
    const index = group ? Number(group.getAttribute("data-index")) : -1;
    const corner = target?.getAttribute("data-corner") ?? "";
    const box = this.shown.find((one) => one.index === index)?.box ?? null;
    event.preventDefault();
    this.overlay.setPointerCapture(event.pointerId);
    this.grip = { kind: corner ? "pull" : box ? "move" : "draw", index, corner, from: this.place(event), box };
    if (box) {
      this.on.chosen(index);
      this.focus(index);
    }
  }

  /** @param {PointerEvent} event */
  move(event) {
    const changed = this.held(event);
    if (!changed || !this.grip) return;
    const { index } = this.grip;
    const rest = this.shown.filter((one) => one.index !== index);
    this.overlay.replaceChildren(...[...rest, { box: changed, index }].map((one) => this.drawn(one.box, one.index)));
  }

  /** @param {PointerEvent} event @returns {Box|null} the box in hand as it is now */
  held(event) {
    const { grip, frame } = this;
    if (!grip || !frame) return null;
    const to = this.place(event);
    const moved = Math.hypot(to[0] - grip.from[0], to[1] - grip.from[1]) * this.size >= 4;
    if (!moved) return null;
    if (!grip.box) return fitted({ frames: null, score: null, ...between(grip.from, to) }, frame);
    if (grip.kind === "pull") return fitted(pulled(grip.box, grip.corner, to), frame);
    const { box } = grip;
    return fitted({ ...box, x: box.x + to[0] - grip.from[0], y: box.y + to[1] - grip.from[1] }, frame);
  }

  /** @param {PointerEvent} event */
  up(event) {
    const changed = this.held(event);
    const { grip } = this;
    this.grip = null;
    if (grip && changed) {
      if (grip.box) this.on.changed(grip.index, changed);
      else this.on.drawn(changed);
    } else if (grip && !grip.box) {
      this.on.chosen(-1);
    }
  }

  drop() {
    this.grip = null;
    this.paint();
  }
}
