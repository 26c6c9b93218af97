/**
 * The viewer of one series: puts the parts together and is what tools and keys talk to.
 * @typedef {import("./types.js").Host} Host
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").Series} Series
 * @typedef {import("./types.js").View} View
 * @typedef {import("./types.js").Window} Window
 * @typedef {import("./types.js").Point} Point
 */
import { Annotations } from "./annotations.js";
import { FrameLoader } from "./frames.js";
import { pixelRuns, removeVertex } from "./geometry.js";
import { attachGestures } from "./gestures.js";
import { History } from "./history.js";
import { handleKey } from "./keys.js";
import { Overlay } from "./overlay.js";
import { Renderer } from "./render.js";
import { clampFrame, createStore, initialState, openingFrame } from "./state.js";
import { createTools } from "./tools/all.js";
import { finishDraft, isDrawn, placePoint } from "./tools/draw.js";
import { createCorners } from "./ui/corners.js";
import { showShortcuts } from "./ui/dialogs.js";
import { h } from "./ui/dom.js";
import { createPanel } from "./ui/panel.js";
import { createSkeleton } from "./ui/skeleton.js";
import { createToolbar } from "./ui/toolbar.js";
import { actualSize, aspectOf, fit, keepInSight, zoomAt } from "./viewport.js";
import { CT_PRESETS, autoWindow, statistics, storedWindow } from "./windowing.js";

/** @implements {Host} */
export class Viewer {
  /**
   * @param {HTMLElement} root
   * @param {object} options
   * @param {Series} options.series with at least one frame
   * @param {import("./api.js").Api} options.api
   * @param {boolean} options.canDraw
   * @param {import("./strings.js").Translate} options.t
   */
  constructor(root, { series, api, canDraw, t }) {
    this.root = root;
    this.series = series;
    this.frames = series.frames;
    this.labels = series.labels ?? [];
    this.t = t;
    this.presets = series.presets?.length ? series.presets : series.modality === "CT" ? CT_PRESETS : [];
    /** @type {History<Shape[]>} */
    this.history = new History(/** @type {Shape[]} */ ([]));
    const first = { ...initialState(canDraw), frame: openingFrame(this.frames) };
    const stored = storedWindow(this.frames[first.frame]);
    this.store = createStore({ ...first, window: stored ?? first.window, label: this.labels[0]?.label ?? "" });
    this.needsAuto = stored === null;
    this.fitted = true;
    this.size = { width: 0, height: 0 };
    this.scheduled = 0;
    this.closing = new AbortController();
    /** @type {Map<number, HTMLImageElement>} */
    this.previews = new Map();
    this.corners = createCorners(this, series);
    this.parts = createSkeleton({
      count: this.frames.length,
      t,
      corners: this.corners.elements,
      on: {
        finish: () => this.finishDraft(),
        cancel: () => this.set({ draft: null }),
        slide: (index) => this.goTo(index),
        retry: () => this.retry(),
      },
    });
    this.toolbar = createToolbar(this, { presets: this.presets, history: this.history, fullscreen: () => this.fullscreen() });
    this.panel = createPanel(this, {
      statistics: (shape) => this.statistics(shape),
      submit: () => void this.annotations.submit(),
      retry: () => this.annotations.saver.retryNow(),
    });
    this.renderer = new Renderer(this.parts.canvas);
    this.overlay = new Overlay(this.parts.layer);
    this.gestures = attachGestures(this, this.parts.stage, createTools(this));
    this.resizing = new ResizeObserver(() => this.resize());
    this.annotations = new Annotations(this, {
      api,
      series: series.id,
      history: this.history,
      root,
      canDraw,
      isBusy: () => this.gestures.busy || this.state.draft !== null,
    });
    this.loader = new FrameLoader({
      frames: this.frames,
      fetchFrame: api.pixels,
      onFrame: (index, loaded) => {
        this.set({ loaded: Math.max(loaded, this.state.loaded) });
        if (index === this.state.frame) this.arrived();
      },
      onError: (index) => this.set({ failed: index === this.state.frame ? t("failed", { n: index + 1 }) : this.state.failed }),
    });
    this.store.subscribe((state, changed) => this.changed(state, changed));
    this.assemble();
    this.observe();
    this.loadPreview();
    this.loader.setCurrent(this.state.frame);
    this.parts.showIndex(this.state.frame);
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

  assemble() {
    const { stage, slider, live } = this.parts;
    this.root.classList.add("viewer");
    this.root.replaceChildren(
      this.toolbar.element,
      h("div", { class: "viewer-body" }, h("div", { class: "viewer-main" }, stage, slider), this.panel.element),
      live,
    );
    this.toolbar.update(this.state);
    this.panel.update(this.state, null);
  }

  observe() {
    this.resizing.observe(this.parts.stage);
    const { signal } = this.closing;
    this.root.addEventListener("keydown", (event) => this.onKey(event), { signal });
    window.addEventListener("online", () => this.annotations.saver.retryNow(), { signal });
    window.addEventListener("beforeunload", (event) => this.annotations.saver.unsaved && event.preventDefault(), { signal });
    const hidden = () => document.visibilityState === "hidden" && void this.annotations.saver.flush();
    document.addEventListener("visibilitychange", hidden, { signal });
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const target = event.target;
    if (event.defaultPrevented || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return;
    if (target instanceof HTMLInputElement) return;
    // Enter presses the focused button; it places points only from the image itself.
    if (target instanceof HTMLButtonElement && event.key === "Enter") return;
    if (event.key === "Escape" && this.gestures.cancel()) event.preventDefault();
    else if (handleKey(this, event)) event.preventDefault();
  }

  /** @param {Partial<State>} patch */
  set(patch) {
    this.store.set(patch);
  }

  /** @param {State} state @param {Set<keyof State>} changed */
  changed(state, changed) {
    this.toolbar.update(state);
    this.panel.update(state, changed);
    if (changed.has("draft") || changed.has("crosshair")) {
      this.parts.draftBar.hidden = state.draft?.kind !== "polygon" || state.draft.points.length < 2;
    }
    if (changed.has("failed")) this.parts.showFailure(state.failed);
    this.root.dataset.tool = state.tool;
    this.repaint();
  }

  repaint() {
    if (this.scheduled || this.closing.signal.aborted) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.paint();
    });
  }

  paint() {
    const { state, frame } = this;
    if (!state.view) return;
    const pixels = this.loader.get(state.frame);
    const preview = this.previews.get(state.frame);
    if (pixels) this.renderer.develop(frame, pixels, state.window, state.invert);
    this.renderer.draw(frame, state.view, state.smooth, !pixels && preview?.complete && preview.naturalWidth ? preview : null);
    this.overlay.draw(state, frame, this.labels);
    this.corners.update(pixels);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.parts.stage;
    if (width === 0 || height === 0) return;
    this.size = { width, height };
    this.renderer.resize(width, height, window.devicePixelRatio || 1);
    const image = { ...this.frame, aspect: this.aspect };
    const view = this.state.view;
    this.set({ view: view && !this.fitted ? keepInSight(view, this.size, image) : fit(this.size, image) });
    // Changing its size has emptied the canvas: waiting for the next frame would show a flash of black.
    this.paint();
  }

  loadPreview() {
    const { state, frame } = this;
    if (!frame.preview_url || this.loader?.get(state.frame) || this.previews.has(state.frame)) return;
    const image = new Image();
    image.onload = () => this.repaint();
    image.src = frame.preview_url;
    this.previews.set(state.frame, image);
    const [oldest] = this.previews.keys();
    if (this.previews.size > 24) this.previews.delete(oldest);
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
    if (other && this.size.width) patch.view = fit(this.size, { ...frame, aspect: aspectOf(frame.pixel_spacing) });
    this.set(patch);
    this.loader.setCurrent(next);
    this.loadPreview();
    this.parts.showIndex(next);
    const detail = { series: this.series.id, frame: next };
    this.root.dispatchEvent(new CustomEvent("medweb:frame-changed", { bubbles: true, detail }));
  }

  /** @param {View} view */
  setView(view) {
    this.fitted = false;
    this.set({ view: keepInSight(view, this.size, { ...this.frame, aspect: this.aspect }) });
  }

  /** @param {"fit"|"actual"|"in"|"out"} what */
  zoom(what) {
    const { view } = this.state;
    const image = { ...this.frame, aspect: this.aspect };
    if (!view) return;
    const middle = /** @type {Point} */ ([this.size.width / 2, this.size.height / 2]);
    if (what === "fit") this.set({ view: fit(this.size, image) });
    else if (what === "actual") this.setView(actualSize(this.size, image, window.devicePixelRatio || 1));
    else this.setView(zoomAt(view, what === "in" ? 1.25 : 0.8, middle));
    this.fitted = what === "fit";
  }

  /** @param {Window} window @param {string} preset */
  setWindow(window, preset) {
    this.needsAuto = false;
    this.set({ window, preset });
  }

  /** @param {string} name */
  applyPreset(name) {
    const preset = this.presets.find((item) => item.name === name);
    const pixels = this.loader.get(this.state.frame);
    const stored = name === "stored" ? storedWindow(this.frame) : null;
    if (preset) this.setWindow({ center: preset.center, width: preset.width }, name);
    else if (stored) this.setWindow(stored, "stored");
    else if (pixels) this.setWindow(autoWindow(pixels, this.frame), name);
    else this.needsAuto = true;
  }

  /** @param {number} step */
  stepPreset(step) {
    const names = ["stored", "auto", ...this.presets.map((preset) => preset.name)];
    const at = Math.max(names.indexOf(this.state.preset), 0);
    this.applyPreset(names[(at + step + names.length) % names.length]);
  }

  /** @param {string} tool */
  setTool(tool) {
    this.gestures.cancel();
    const draft = this.state.draft?.kind === tool ? this.state.draft : null;
    this.set({ tool, draft, crosshair: null, ...(isDrawn(tool) ? { selected: null, vertex: null } : {}) });
  }

  /** @param {Shape[]} shapes */
  preview(shapes) {
    this.set({ shapes });
  }

  rollback() {
    this.set({ shapes: this.history.present });
  }

  /** @param {Shape[]} shapes @param {string|null} [selected] */
  commit(shapes, selected = this.state.selected) {
    if (!this.state.canDraw) return;
    this.history.commit(shapes);
    this.adopt(shapes, selected);
  }

  /** @param {Shape[]} shapes @param {string|null} selected */
  adopt(shapes, selected) {
    const kept = shapes.some((shape) => shape.id === selected) ? selected : null;
    this.set({ shapes, selected: kept, vertex: kept ? this.state.vertex : null });
    this.toolbar.update(this.state);
    this.annotations.saver.changed(shapes);
  }

  undo() {
    if (this.state.draft) this.set({ draft: null });
    else if (this.state.canDraw && this.history.canUndo) this.adopt(this.history.undo(), this.state.selected);
  }

  redo() {
    if (this.state.canDraw && this.history.canRedo) this.adopt(this.history.redo(), this.state.selected);
  }

  /** @param {Shape} shape */
  add(shape) {
    this.commit([...this.state.shapes, shape], shape.id);
    this.say(this.t("added", { kind: this.t(shape.kind) }));
  }

  removeSelected() {
    const { shapes, selected, vertex } = this.state;
    const shape = shapes.find((item) => item.id === selected);
    if (!shape || !this.state.canDraw) return;
    if (vertex !== null) {
      const next = removeVertex(shape, vertex);
      if (next !== shape) {
        this.set({ vertex: null });
        this.commit(shapes.map((item) => (item === shape ? next : item)));
        return;
      }
    }
    this.commit(shapes.filter((item) => item !== shape), null);
    this.say(this.t("removed", { kind: this.t(shape.kind) }));
  }

  finishDraft() {
    finishDraft(this);
  }

  /** @param {Point} point */
  placePoint(point) {
    placePoint(this, point);
  }

  /** @param {Shape} shape */
  statistics(shape) {
    const pixels = shape.frame === this.state.frame ? this.loader?.get(shape.frame) : undefined;
    const frame = this.frames[shape.frame];
    const found = pixels && statistics(pixels, frame, pixelRuns(shape, frame.rows, frame.columns));
    if (!found) return "";
    const digits = Math.abs(found.mean) < 10 ? 2 : 1;
    return `${this.t("mean", { mean: found.mean.toFixed(digits), sd: found.deviation.toFixed(digits) })} ${this.series.unit ?? ""}`.trim();
  }

  /** Said aloud by screen readers and shown for all. @param {string} text */
  say(text) {
    this.parts.live.textContent = text;
  }

  help() {
    void showShortcuts(this.root, this.t, this.state.canDraw);
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
    void this.annotations.saver.flush();
    this.closing.abort();
    this.resizing.disconnect();
    this.loader.close();
    if (this.scheduled) cancelAnimationFrame(this.scheduled);
  }
}
