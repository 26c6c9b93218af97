/**
 * What one series looks like on its stage: loading, painting, and everything that changes the look and no shape.
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Series} Series
 * @typedef {import("./types.js").View} View
 * @typedef {import("./types.js").Window} Window
 * @typedef {import("./types.js").Point} Point
 */
import { COLOR_MAPS } from "./colormaps.js";
import { FrameLoader } from "./frames.js";
import { Renderer } from "./render.js";
import { clampFrame, createStore, initialState, openingFrame } from "./state.js";
import { UPRIGHT, actualSize, aspectOf, fit, keepInSight, pose, toImage, zoomAt } from "./viewport.js";
import { CT_PRESETS, PERCENTILES, autoWindow, boxRuns, short, storedWindow } from "./windowing.js";

/** As many previews as are worth keeping while the numbers are on their way. */
const PREVIEWS = 24;
/** Milliseconds without a turn of the page after which its number is said. */
const REST = 400;
/** Milliseconds that words stay in sight: so long at least, and so long for each letter. */
const SEEN = 3500;
const SEEN_LETTER = 70;

/**
 * @typedef {object} Parts
 * @property {HTMLCanvasElement} canvas
 * @property {HTMLElement} stage
 * @property {HTMLElement} live
 * @property {(index: number) => void} showIndex
 */

/** The viewer adds the parts of the page and the drawing. @abstract */
export class Display {
  /**
   * @param {HTMLElement} root
   * @param {object} options
   * @param {Series} options.series with at least one frame
   * @param {import("./api.js").Api} options.api
   * @param {boolean} options.canDraw
   * @param {import("./strings.js").Translate} options.t
   * @param {import("./types.js").Shell} options.shell
   * @param {number} [options.budget] bytes of stored numbers in memory
   */
  constructor(root, { series, api, canDraw, t, shell, budget }) {
    this.root = root;
    this.series = series;
    this.frames = series.frames;
    this.labels = series.labels ?? [];
    this.t = t;
    this.shell = shell;
    this.unit = series.unit ?? "";
    this.presets = series.presets?.length ? series.presets : series.modality === "CT" ? CT_PRESETS : [];
    const first = { ...initialState(canDraw), frame: openingFrame(this.frames) };
    const stored = storedWindow(this.frames[first.frame]);
    this.store = createStore({ ...first, window: stored ?? first.window, label: this.labels[0]?.label ?? "" });
    this.needsAuto = stored === null;
    this.fitted = true;
    this.size = { width: 0, height: 0 };
    this.scheduled = 0;
    this.telling = 0;
    this.hiding = 0;
    this.closing = new AbortController();
    /** @type {Map<number, HTMLImageElement>} */
    this.previews = new Map();
    this.loader = new FrameLoader({
      frames: this.frames,
      fetchFrame: api.pixels,
      budget,
      onFrame: (index, loaded) => {
        this.set({ loaded: Math.max(loaded, this.state.loaded) });
        if (index === this.state.frame) this.arrived();
      },
      onError: (index) => this.set({ failed: index === this.state.frame ? t("failed", { n: index + 1 }) : this.state.failed }),
    });
    this.resizing = new ResizeObserver(() => this.resize());
    /** @type {Parts|null} */
    this.shown = null;
    /** @type {Promise<import("./cine.js").Cine>|null} */
    this.cine = null;
    /** @type {import("./fusion.js").Fusion|null} */
    this.over = null;
    /** @type {Renderer|null} */
    this.renderer = null;
  }

  /** Begin to show, once there is something to show it on. @param {Parts} parts */
  start(parts) {
    this.shown = parts;
    this.renderer = new Renderer(parts.canvas);
    this.resizing.observe(parts.stage);
    this.loadPreview();
    this.loader.setCurrent(this.state.frame);
    parts.showIndex(this.state.frame);
  }

  get state() {
    return this.store.get();
  }

  get frame() {
    return this.frames[this.state.frame];
  }

  get aspect() {
    return aspectOf(this.frame.pixel_spacing);
  }

  /** Whether tiles are fetched for what is in sight, as of a whole slide. */
  get tiled() {
    return false;
  }

  /** Css pixels per column below which nobody zooms out. */
  get leastScale() {
    return 0.02;
  }

  /** The shown image as the viewport knows it. */
  get image() {
    return { ...this.frame, aspect: this.aspect };
  }

  /** Stored numbers of the shown image, once they are here. */
  get pixels() {
    return this.loader.get(this.state.frame);
  }

  /** @param {Partial<State>} patch */
  set(patch) {
    this.store.set(patch);
  }

  repaint() {
    if (this.scheduled || this.closing.signal.aborted) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.paint();
    });
  }

  /** Paint again, because a layer over the image has changed. */
  renew() {
    this.renderer?.renew();
    this.repaint();
  }

  /** @returns {boolean} false when there is nothing to paint on yet */
  paint() {
    const { state, frame, pixels, renderer } = this;
    if (!state.view || !renderer) return false;
    if (pixels) renderer.develop(frame, pixels, state.window, state.invert, state.map);
    renderer.draw(frame, state.view, state.smooth, this.standIn);
    return true;
  }

  /** The server's preview, as long as the numbers are on their way. */
  get standIn() {
    const preview = this.pixels ? undefined : this.previews.get(this.state.frame);
    return preview?.complete && preview.naturalWidth ? preview : null;
  }

  resize() {
    if (!this.shown || !this.renderer) return;
    const { clientWidth: width, clientHeight: height } = this.shown.stage;
    if (width === 0 || height === 0) return;
    this.size = { width, height };
    this.renderer.resize(width, height, window.devicePixelRatio || 1);
    const view = this.state.view;
    this.set({ view: view && !this.fitted ? keepInSight(view, this.size, this.image) : fit(this.size, this.image, view ?? UPRIGHT) });
    // Changing its size has emptied the canvas: waiting for the next frame would show a flash of black.
    this.paint();
  }

  loadPreview() {
    const { state, frame } = this;
    if (!frame.preview_url || this.pixels || this.previews.has(state.frame)) return;
    const image = new Image();
    image.onload = () => this.repaint();
    image.src = frame.preview_url;
    this.previews.set(state.frame, image);
    const [oldest] = this.previews.keys();
    if (this.previews.size > PREVIEWS) this.previews.delete(oldest);
  }

  /** The numbers of the shown image are here. */
  arrived() {
    if (this.needsAuto) this.applyPreset("auto");
    if (this.state.failed) this.set({ failed: "" });
    this.repaint();
  }

  /** @param {number} index */
  goTo(index) {
    const next = clampFrame(index, this.frames.length);
    if (next === this.state.frame) return;
    const before = this.frame;
    const frame = this.frames[next];
    /** @type {Partial<State>} */
    const patch = { frame: next, hover: null, crosshair: null, failed: "" };
    const stored = this.state.preset === "stored" ? storedWindow(frame) : null;
    if (stored) patch.window = stored;
    const other = before.rows !== frame.rows || before.columns !== frame.columns;
    if (other && this.size.width) patch.view = fit(this.size, { ...frame, aspect: aspectOf(frame.pixel_spacing) }, this.state.view ?? UPRIGHT);
    this.set(patch);
    this.loader.setCurrent(next);
    this.loadPreview();
    this.shown?.showIndex(next);
    this.tellFrame();
    const detail = { series: this.series.id, frame: next };
    this.root.dispatchEvent(new CustomEvent("medweb:frame-changed", { bubbles: true, detail }));
  }

  /** Say which image is shown once it stays: while somebody scrolls, every one would be too many. */
  tellFrame() {
    window.clearTimeout(this.telling);
    // Of several that scroll together one voice is enough.
    if (this.state.playing || !this.shell.isActive(this)) return;
    this.telling = window.setTimeout(() => this.say(this.t("image", { n: this.state.frame + 1, count: this.frames.length }), false), REST);
  }

  /** @param {View} view */
  setView(view) {
    this.fitted = false;
    this.set({ view: keepInSight(view, this.size, this.image) });
  }

  /** @param {"fit"|"actual"|"in"|"out"} what */
  zoom(what) {
    const { view } = this.state;
    if (!view) return;
    const middle = /** @type {Point} */ ([this.size.width / 2, this.size.height / 2]);
    if (what === "fit") this.set({ view: fit(this.size, this.image, view) });
    else if (what === "actual") this.setView(actualSize(this.size, this.image, window.devicePixelRatio || 1, view));
    else this.setView(zoomAt(view, what === "in" ? 1.25 : 0.8, middle, this.leastScale));
    this.fitted = what === "fit";
  }

  /** @param {"left"|"right"|"horizontal"|"vertical"} what */
  pose(what) {
    const { view } = this.state;
    if (!view) return;
    const next = pose(view, what, [this.size.width / 2, this.size.height / 2]);
    this.set({ view: this.fitted ? fit(this.size, this.image, next) : keepInSight(next, this.size, this.image) });
    const said = /** @type {const} */ ({ left: "turnLeft", right: "turnRight", horizontal: "flipSides", vertical: "flipEnds" });
    this.say(this.t(said[what]));
  }

  /** Lie so, in all of its size. @param {number} turn quarters clockwise @param {boolean} mirror */
  lie(turn, mirror) {
    this.fitted = true;
    if (this.size.width) this.set({ view: fit(this.size, this.image, { turn, mirror }) });
    else this.set({ view: { scale: 1, tx: 0, ty: 0, turn, mirror } });
  }

  /** @param {Window} window @param {string} preset */
  setWindow(window, preset) {
    this.needsAuto = false;
    this.set({ window, preset });
  }

  /** @param {string} name */
  applyPreset(name) {
    const preset = this.presets.find((item) => item.name === name);
    const stored = name === "stored" ? storedWindow(this.frame) : null;
    if (preset) this.setWindow({ center: preset.center, width: preset.width }, name);
    else if (stored) this.setWindow(stored, "stored");
    else if (this.pixels) this.setWindow(autoWindow(this.pixels, this.frame, PERCENTILES[name]), name);
    else this.needsAuto = true;
  }

  /** @param {number} step */
  stepPreset(step) {
    const names = ["stored", ...Object.keys(PERCENTILES), ...this.presets.map((preset) => preset.name)];
    const at = Math.max(names.indexOf(this.state.preset), 0);
    const name = names[(at + step + names.length) % names.length];
    this.applyPreset(name);
    this.sayWindow(name === "stored" || name in PERCENTILES ? this.t(/** @type {"stored"} */ (name)) : name);
  }

  /** @param {string} name */
  sayWindow(name) {
    const { center, width } = this.state.window;
    this.say(this.t("windowSaid", { name, width: short(width), center: short(center) }));
  }

  /** @param {[number, number, number][]} runs of pixels; none leave the window as it is */
  windowFromRuns(runs) {
    if (!this.pixels || runs.length === 0) return;
    this.setWindow(autoWindow(this.pixels, this.frame, PERCENTILES.auto, runs), "custom");
    this.sayWindow(this.t("custom"));
  }

  /** @param {[Point, Point]} box image pixels */
  windowFromBox(box) {
    this.windowFromRuns(boxRuns(box, this.frame));
  }

  /** The part of the image on the stage, turned or not. @returns {[Point, Point]} */
  inSight() {
    const view = this.state.view ?? fit(this.size, this.image);
    return [toImage(view, this.aspect, [0, 0]), toImage(view, this.aspect, [this.size.width, this.size.height])];
  }

  /** @param {number} step */
  stepMap(step) {
    if (this.frame.samples !== 1) return;
    const at = COLOR_MAPS.indexOf(this.state.map) + step + COLOR_MAPS.length;
    const map = COLOR_MAPS[at % COLOR_MAPS.length];
    this.set({ map });
    this.say(this.t(map));
  }

  nextScale() {
    import("./uptake.js").then(({ nextScale }) => nextScale(this)).catch((error) => this.missing(error));
  }

  playPause() {
    if (this.frames.length < 2) return;
    this.openCine()
      .then((cine) => cine.toggle())
      .catch((error) => this.missing(error));
  }

  /** A part of the viewer that is fetched when it is wanted did not come. @param {unknown} error */
  missing(error) {
    console.warn("a part of the viewer could not be fetched", error);
    this.say(this.t("missing"));
  }

  /** Fetched when it is first wanted: few visits play a stack. @returns {Promise<import("./cine.js").Cine>} */
  openCine() {
    this.cine ??= import("./cine.js").then(({ Cine }) => new Cine(this, (index) => this.loader.get(index) !== undefined));
    // The next attempt begins anew.
    this.cine.catch(() => (this.cine = null));
    return this.cine;
  }

  /** @param {HTMLButtonElement} button */
  async openSpeed(button) {
    try {
      const sheet = (await this.openCine()).createSheet(button);
      button.after(sheet);
      sheet.showPopover();
    } catch (error) {
      this.missing(error);
    }
  }

  /** What chooses the second image over this one; fetched when it is wanted. */
  async openOver() {
    const [{ Fusion }, list] = await Promise.all([import("./fusion.js"), this.shell.listSeries()]);
    if (!this.shown) throw new Error("there is no image yet");
    if (!this.over) {
      const over = new Fusion(this, { list, stage: this.shown.stage, urlOf: (id) => this.shell.urlOf(id) });
      this.renderer?.layers.push((context) => over.paint(context));
      this.over = over;
    }
    return this.over.createControls();
  }

  toggleOver() {
    if (this.over?.over) this.over.toggle();
    else this.say(this.t("overUnset"));
  }

  /** Said aloud by screen readers and shown for all. @param {string} text @param {boolean} [seen] false: only said */
  say(text, seen = true) {
    if (!this.shown) return;
    const { live } = this.shown;
    // Which image is shown waits for the hand to rest, and must not talk over what was done since.
    for (const timer of [this.telling, this.hiding]) window.clearTimeout(timer);
    live.textContent = text;
    live.classList.toggle("is-seen", seen);
    // The words stay for screen readers, whatever their speed.
    if (seen) this.hiding = window.setTimeout(() => live.classList.remove("is-seen"), Math.max(SEEN, text.length * SEEN_LETTER));
  }

  fullscreen() {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (this.root.requestFullscreen) void this.root.requestFullscreen();
    // Telephones that give no full screen to a page's part get the whole window.
    else this.root.classList.toggle("is-full");
  }

  retry() {
    this.set({ failed: "" });
    this.loader.retry(this.state.frame);
  }

  close() {
    this.closing.abort();
    this.cine?.then((cine) => cine.stop()).catch((error) => console.warn("nothing was playing", error));
    for (const timer of [this.telling, this.hiding]) window.clearTimeout(timer);
    this.over?.close();
    this.resizing.disconnect();
    this.loader.close();
    if (this.scheduled) cancelAnimationFrame(this.scheduled);
  }
}
