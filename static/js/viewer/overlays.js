/**
 * What models say about parts of an image: heat maps over it, with their values in words. Fetched only when a case
 * has any.
 * @typedef {import("./viewer.js").Viewer} Viewer
 * @typedef {import("./types.js").Point} Point
 * @typedef {{id: number, prediction: number, name: string, collection: string, label: string, series: number, frame: number,
 *   rows: number, columns: number, low: number, high: number, unit: string, outlines: Point[][], url: string}} Overlay
 * @typedef {"diverging"|"hotIron"|"viridis"} Colors
 * @typedef {{overlay: Overlay, on: boolean, opacity: number, colors: Colors, values: Float32Array|null,
 *   picture: HTMLCanvasElement|null, painted: string}} Item
 */
import { colorTable } from "./colormaps.js";
import { h, put } from "./ui/dom.js";
import { icon } from "./ui/icons.js";

/** @type {Colors[]} */
const COLORS = ["diverging", "hotIron", "viridis"];
/** Milliseconds for which the pointer rests before the value under it is said. */
const REST = 500;
/** Ends of the scale that has two sides, in order of red, green, blue; told apart also by who sees red and green alike. */
const AGAINST = [64, 140, 255];
const FOR = [255, 140, 26];

/** The largest distance from 0: the scale is even on both sides, or a faint effect would look like a strong one. @param {Overlay} overlay */
export function reach({ low, high }) {
  return Math.max(Math.abs(low), Math.abs(high));
}

/**
 * The value of the cell that a place lies in.
 * @param {Pick<Overlay, "rows"|"columns">} grid
 * @param {Float32Array} values
 * @param {{rows: number, columns: number}} frame
 * @param {Point} at image pixels
 * @returns {number|null} null outside of the image
 */
export function valueAt(grid, values, frame, [x, y]) {
  if (x < 0 || y < 0 || x >= frame.columns || y >= frame.rows) return null;
  const column = Math.floor((x / frame.columns) * grid.columns);
  return values[Math.floor((y / frame.rows) * grid.rows) * grid.columns + column];
}

/**
 * Colour of a value between -1 and 1: of the scale with two sides none in the middle, where the image stays bare.
 * @param {number} share
 * @param {Colors} colors
 * @returns {[number, number, number, number]} red, green, blue, alpha up to 255
 */
export function colorOf(share, colors) {
  if (colors === "diverging") {
    const [red, green, blue] = share < 0 ? AGAINST : FOR;
    return [red, green, blue, Math.round(255 * Math.min(1, Math.abs(share)))];
  }
  const word = colorTable(colors)[Math.min(255, Math.max(0, Math.round((share + 1) * 127.5)))];
  return [word & 255, (word >> 8) & 255, (word >> 16) & 255, 255];
}

/** With its sign, which tells for from against without any colour. @param {number} value */
export function signed(value) {
  const text = Math.abs(value) < 10 ? Math.abs(value).toFixed(1) : String(Math.round(Math.abs(value)));
  return Number(text) === 0 ? "0" : `${value < 0 ? "−" : "+"}${text}`;
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height @param {(index: number) => number} share @param {Colors} colors */
function fill(canvas, width, height, share, colors) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser has no 2d canvas");
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set(colorOf(share(i), colors), i * 4);
  context.putImageData(image, 0, 0);
}

/** The heat maps of one image area. */
class Pane {
  /** @param {Viewer} viewer @param {Overlay[]} list of its series */
  constructor(viewer, list) {
    this.viewer = viewer;
    /** @type {Item[]} */
    this.items = [];
    this.telling = 0;
    this.section = h("section", { class: "viewer-section viewer-models", "aria-label": viewer.t("models") });
    this.reading = h("div", { class: "viewer-model-reading", "aria-hidden": "true" });
    /** @type {(() => void)[]} */
    this.updates = [];
    viewer.renderer?.layers.push((context) => this.paint(context));
    viewer.parts.stage.append(this.reading);
    viewer.panel.element.querySelector(".viewer-toggles")?.after(this.section);
    viewer.store.subscribe((_, changed) => {
      if (changed.has("hover") || changed.has("frame")) this.read();
      if (changed.has("frame")) this.update();
    });
    this.show(list);
  }

  /** Offer these; what is on stays on. @param {Overlay[]} list */
  show(list) {
    const known = new Map(this.items.map((item) => [item.overlay.id, item]));
    this.items = list.map((overlay) => known.get(overlay.id) ?? this.begin(overlay, this.items.find((item) => item.overlay.prediction === overlay.prediction)));
    this.updates = [];
    this.section.replaceChildren(h("h3", { class: "viewer-heading" }, this.viewer.t("models")), ...this.items.map((item) => this.createRow(item)));
    this.section.hidden = this.items.length === 0;
    this.update();
    this.viewer.renew();
  }

  /** @param {Overlay} overlay @param {Item} [before] the map of an earlier answer of the same model @returns {Item} */
  begin(overlay, before) {
    /** @type {Item} */
    const item = { overlay, on: false, opacity: before?.opacity ?? 0.5, colors: before?.colors ?? "diverging", values: null, picture: null, painted: "" };
    if (before?.on) void this.turn(item, true);
    return item;
  }

  /** @param {Item} item @param {boolean} on */
  async turn(item, on) {
    const { viewer } = this;
    const { overlay } = item;
    const name = viewer.t("modelLayer", { name: overlay.name });
    try {
      item.values ??= await fetchValues(overlay);
    } catch (error) {
      console.warn("a heat map could not be fetched", error);
      viewer.say(viewer.t("missing"));
      return;
    }
    item.on = on;
    if (on) viewer.goTo(overlay.frame);
    this.update();
    viewer.renew();
    const range = { low: signed(overlay.low), high: signed(overlay.high), unit: overlay.unit, label: overlay.label };
    viewer.say(on ? `${name}. ${viewer.t("modelRange", range)}` : viewer.t("switchedOff", { name }));
  }

  /** @param {Item} item */
  createRow(item) {
    const { viewer } = this;
    const { t } = viewer;
    const { overlay } = item;
    const name = t("modelLayer", { name: overlay.name });
    const toggle = h("button", { type: "button", class: "viewer-toggle", title: overlay.collection, onclick: () => void this.turn(item, !item.on) }, icon("eye"), h("span", {}, name));
    const strip = h("canvas", { class: "viewer-model-strip", role: "img" });
    const most = reach(overlay);
    put(strip, "aria-label", t("modelRange", { low: signed(-most), high: signed(most), unit: overlay.unit, label: overlay.label }));
    const ticks = h("div", { class: "viewer-ends", "aria-hidden": "true" }, h("span", {}, signed(-most)), h("span", {}, "0"), h("span", {}, `${signed(most)} ${overlay.unit}`));
    const opacity = h("input", {
      type: "range", min: "10", max: "100", step: "5", value: String(item.opacity * 100), "aria-label": t("opacity", { layer: name }),
      oninput: () => {
        item.opacity = Number(opacity.value) / 100;
        put(opacity, "aria-valuetext", `${opacity.value}%`);
        viewer.renew();
      },
    });
    const colors = h("select", { class: "viewer-select", "aria-label": t("colorBar") }, ...COLORS.map((one) => h("option", { value: one, selected: one === item.colors }, t(one))));
    const paintStrip = () => fill(strip, 256, 1, (i) => i / 127.5 - 1, item.colors);
    colors.addEventListener("change", () => {
      item.colors = /** @type {Colors} */ (colors.value);
      paintStrip();
      viewer.renew();
    });
    paintStrip();
    const jump = h("button", { type: "button", class: "viewer-action", onclick: () => viewer.goTo(overlay.frame) }, t("modelGoTo", { n: overlay.frame + 1 }));
    const more = h("div", { class: "viewer-model-more" }, h("p", { class: "viewer-empty" }, t("modelText", { label: overlay.label })), strip, ticks, h("div", { class: "viewer-model-fields" }, opacity, colors), jump, h("p", { class: "viewer-empty" }, t("modelEducation")));
    this.updates.push(() => {
      put(toggle, "aria-pressed", item.on);
      more.hidden = !item.on;
      jump.hidden = viewer.state.frame === overlay.frame;
    });
    return h("div", { class: "viewer-model" }, toggle, more);
  }

  update() {
    for (const one of this.updates) one();
    this.read();
  }

  /** Those that lie over the shown image. */
  get shown() {
    const { frame } = this.viewer.state;
    return this.items.filter((item) => item.on && item.values && item.overlay.frame === frame);
  }

  /** The value under the pointer: written at once, said when it rests. */
  read() {
    const { viewer } = this;
    window.clearTimeout(this.telling);
    const at = viewer.state.hover;
    const words = at
      ? this.shown.map(({ overlay, values }) => {
          const value = values && valueAt(overlay, values, viewer.frame, at);
          return value === null ? "" : viewer.t("modelValue", { value: signed(value), unit: overlay.unit, label: overlay.label });
        })
      : [];
    const text = words.filter(Boolean).join("\n");
    if (this.reading.textContent !== text) this.reading.textContent = text;
    // Only of the cross-hair, which keys move: who has a mouse reads it.
    if (text && viewer.state.crosshair) this.telling = window.setTimeout(() => viewer.say(text, false), REST);
  }

  /** @param {CanvasRenderingContext2D} context in pixels of the image */
  paint(context) {
    const { frame } = this.viewer;
    for (const item of this.shown) {
      const { overlay, values } = item;
      if (!values) continue;
      item.picture ??= h("canvas");
      if (item.painted !== item.colors) {
        const most = reach(overlay);
        fill(item.picture, overlay.columns, overlay.rows, (i) => values[i] / most, item.colors);
        item.painted = item.colors;
      }
      context.save();
      context.globalAlpha = item.opacity;
      context.imageSmoothingEnabled = true;
      context.drawImage(item.picture, 0, 0, frame.columns, frame.rows);
      context.globalAlpha = 1;
      this.outline(context, overlay);
      context.restore();
    }
  }

  /** Dark under white, to be seen on any colour. @param {CanvasRenderingContext2D} context @param {Overlay} overlay */
  outline(context, overlay) {
    const path = new Path2D();
    for (const ring of overlay.outlines) {
      ring.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
      path.closePath();
    }
    const { a, b } = context.getTransform();
    const pixel = 1 / (Math.hypot(a, b) || 1);
    for (const [width, color] of /** @type {[number, string][]} */ ([[4, "rgb(0 0 0 / 70%)"], [2, "#fff"]])) {
      context.lineWidth = width * pixel;
      context.strokeStyle = color;
      context.stroke(path);
    }
  }
}

/** @param {Overlay} overlay */
async function fetchValues(overlay) {
  const answer = await fetch(overlay.url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const values = new Float32Array(await answer.arrayBuffer());
  if (values.length !== overlay.rows * overlay.columns) throw new Error("the heat map has another size");
  return values;
}

/** The heat maps of all image areas. */
export class ModelLayers {
  /** @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(root, signal) {
    this.root = root;
    /** @type {Overlay[]} */
    this.list = [];
    /** @type {Map<Viewer, Pane>} */
    this.panes = new Map();
    document.addEventListener("click", (event) => this.asked(event), { signal });
  }

  /** A button of the analysis below wants to see its map. @param {Event} event */
  asked(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-shows-overlay]") : null;
    const overlay = button instanceof HTMLElement && this.list.find((one) => String(one.prediction) === button.dataset.showsOverlay);
    if (!overlay) return;
    const found = [...this.panes.values()].find((pane) => pane.viewer.element.isConnected && String(pane.viewer.series.id) === String(overlay.series));
    if (!found) {
      location.assign(`?series=${overlay.series}#pictures`);
      return;
    }
    const item = found.items.find((one) => one.overlay === overlay);
    this.root.scrollIntoView({ block: "nearest" });
    found.viewer.parts.stage.focus();
    if (item) void found.turn(item, true);
  }

  /** @param {Overlay[]} list */
  show(list) {
    this.list = list;
    for (const pane of this.panes.values()) pane.show(this.of(pane.viewer));
  }

  /** @param {Viewer} viewer */
  of(viewer) {
    return this.list.filter((one) => String(one.series) === String(viewer.series.id));
  }

  /** @param {Viewer} viewer */
  attach(viewer) {
    for (const known of this.panes.keys()) if (known.closing.signal.aborted) this.panes.delete(known);
    this.panes.set(viewer, new Pane(viewer, this.of(viewer)));
  }
}
