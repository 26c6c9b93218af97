/**
 * The viewer of one series: puts the parts together and is what tools and keys talk to. What it shows is in
 * `display.js`, what is done with shapes in `drawing.js`.
 * @typedef {import("./types.js").Host} Host
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Shape} Shape
 */
import { Annotations } from "./annotations.js";
import { Drawing } from "./drawing.js";
import { attachGestures } from "./gestures.js";
import { createGuides } from "./guides.js";
import { handleKey } from "./keys.js";
import { Overlay } from "./overlay.js";
import { createTools } from "./tools/all.js";
import { isPainted } from "./tools/painted.js";
import { isDrawn } from "./tools/drafts.js";
import { createColorBar } from "./ui/colors.js";
import { createCorners } from "./ui/corners.js";
import { h } from "./ui/dom.js";
import { createPanel } from "./ui/panel.js";
import { createSkeleton } from "./ui/skeleton.js";
import { createToolbar } from "./ui/toolbar.js";

/** @implements {Host} */
export class Viewer extends Drawing {
  /**
   * @param {HTMLElement} root
   * @param {object} options
   * @param {import("./types.js").Series} options.series with at least one frame
   * @param {import("./api.js").Api} options.api
   * @param {boolean} options.canDraw
   * @param {import("./strings.js").Translate} options.t
   * @param {import("./types.js").Shell} options.shell
   * @param {number} [options.budget] bytes of stored numbers in memory
   */
  constructor(root, { series, api, canDraw, t, shell, budget }) {
    super(root, { series, api, canDraw, t, shell, budget });
    this.api = api;
    /** @type {import("./loupe.js").Loupe|null} */
    this.loupe = null;
    this.corners = createCorners(this, series);
    this.colorBar = createColorBar(this);
    this.parts = createSkeleton({
      count: this.frames.length,
      t,
      corners: [...this.corners.elements, this.colorBar.element],
      on: {
        finish: () => this.finishDraft(),
        cancel: () => this.set({ draft: null }),
        slide: (index) => this.goTo(index),
        retry: () => this.retry(),
        play: () => this.playPause(),
        speed: (button) => void this.openSpeed(button),
      },
    });
    this.toolbar = createToolbar(this, { history: this.history, fullscreen: () => this.fullscreen() });
    this.panel = createPanel(this, {
      regionOf: (shape) => this.regionOf(shape),
      submit: () => void this.annotations.submit(),
      retry: () => this.annotations.saver.retryNow(),
    });
    this.overlay = new Overlay(this.parts.layer);
    this.guides = createGuides(this.parts.guides);
    this.tools = createTools(this);
    /** @type {import("./masks/kit.js").Kit|null} */
    this.kit = null;
    /** @type {Promise<import("./review/talk.js").Talk>|null} */
    this.talking = null;
    this.gestures = attachGestures(this, this.parts.stage, this.tools);
    this.annotations = new Annotations(this, {
      api,
      series: series.id,
      history: this.history,
      root,
      canDraw,
      isBusy: () => this.gestures.busy || this.state.draft !== null || this.panel.element.querySelector("textarea:focus, .viewer-attributes :focus") !== null,
      onShown: (found) => void this.openTalk(found),
    });
    this.store.subscribe((state, changed) => this.changed(state, changed));
    this.element = h("div", { class: "viewer-main", role: "group" }, this.parts.stage, this.parts.frames, this.parts.live);
    this.toolbar.update(this.state);
    this.panel.update(this.state, null);
    this.observe();
    this.start(this.parts);
  }

  /** Whether shapes of this viewer are saved; one that only shows them follows another. */
  get canSave() {
    return this.annotations.allowed;
  }

  /** @param {string} tool */
  mayUse(tool) {
    return this.state.canDraw ? tool in this.tools || isPainted(tool) : tool in this.tools && !isDrawn(tool);
  }

  observe() {
    const { signal } = this.closing;
    window.addEventListener("online", () => this.annotations.saver.retryNow(), { signal });
    window.addEventListener("beforeunload", (event) => this.annotations.atRisk && event.preventDefault(), { signal });
    const hidden = () => document.visibilityState === "hidden" && void this.annotations.saver.flush();
    document.addEventListener("visibilitychange", hidden, { signal });
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const target = event.target;
    if (event.defaultPrevented || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return;
    if (target instanceof HTMLInputElement) return;
    // Enter and the space bar press the focused button; they place points and play only from the image itself.
    if (target instanceof HTMLButtonElement && (event.key === "Enter" || event.key === " ")) return;
    if (event.key === "Escape" && this.stopGesture()) event.preventDefault();
    else if (handleKey(this, event)) event.preventDefault();
  }

  /** @param {State} state @param {Set<keyof State>} changed */
  changed(state, changed) {
    this.toolbar.update(state);
    this.panel.update(state, changed);
    if (changed.has("draft") || changed.has("crosshair")) {
      this.parts.draftBar.hidden = !["polygon", "polyline"].includes(state.draft?.kind ?? "") || !state.draft || state.draft.points.length < 2;
    }
    if (changed.has("playing")) this.parts.showPlaying(state.playing);
    if (changed.has("loupe") && !this.loupe) void this.openLoupe();
    if (changed.has("failed")) this.parts.showFailure(state.failed);
    if (changed.has("tool") && isPainted(state.tool)) void this.openKit();
    this.kit?.update(state, changed);
    this.element.dataset.tool = state.tool;
    this.shell.heard(this, changed);
    this.repaint();
  }

  paint() {
    if (!super.paint()) return false;
    this.overlay.draw(this.state, this.frame, this.labels);
    if (this.state.view) this.guides.draw(this.state.band, this.state.view, this.aspect);
    this.corners.update(this.pixels);
    this.colorBar.update();
    this.kit?.draw();
    if (this.renderer) this.loupe?.draw(this.renderer, this.frame, this.state, this.standIn, this.size);
    return true;
  }

  async openLoupe() {
    try {
      const { Loupe } = await import("./loupe.js");
      this.loupe ??= new Loupe(this.parts.stage);
      this.repaint();
    } catch (error) {
      this.missing(error);
    }
  }

  /** What paints, fetched when it is first wanted. */
  async openKit() {
    const { Kit } = await import("./masks/kit.js");
    if (!this.kit) {
      this.kit = new Kit(this, this.parts);
      Object.assign(this.tools, this.kit.tools);
    }
    return this.kit;
  }

  /** What is said about layers, fetched where there is something. @param {import("./types.js").Annotation[]} found */
  async openTalk(found) {
    if (!this.talking && !found.some((one) => one.can_review || one.comments || ["accepted", "returned"].includes(one.status))) return;
    this.talking ??= import("./review/talk.js").then(({ Talk }) => new Talk(this));
    try {
      await (await this.talking).show(found);
    } catch (error) {
      this.talking = null;
      this.missing(error);
    }
  }

  /** @param {import("./types.js").Point} point */
  placePoint(point) {
    if (isPainted(this.state.tool)) void this.openKit().then((kit) => kit.place(point));
    else super.placePoint(point);
  }

  stopGesture() {
    return this.gestures.cancel();
  }

  /** @param {Shape[]} shapes */
  shapesChanged(shapes) {
    this.toolbar.update(this.state);
    this.annotations.saver.changed(shapes);
  }

  help() {
    import("./ui/shortcuts.js")
      .then(({ showShortcuts }) => showShortcuts(this.root, this.t, this.state.canDraw))
      .then(() => this.toolbar.update(this.state))
      .catch((error) => this.missing(error));
  }

  close() {
    this.annotations.close();
    super.close();
  }
}
