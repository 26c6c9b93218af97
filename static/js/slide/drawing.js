/**
 * A whole slide under the drawing layer of the viewer: the same tools, panel, keys and saving; tiles instead of pixels.
 * @typedef {import("../viewer/types.js").State} State
 * @typedef {import("../viewer/types.js").Shape} Shape
 * @typedef {import("./tiles.js").Description} Description
 */
import { DRAWN } from "../viewer/tools/drafts.js";
import { ONLY_PIXELS, isPainted } from "../viewer/tools/painted.js";
import { Viewer } from "../viewer/viewer.js";
import { fit, zoomAt } from "../viewer/viewport.js";
import { inward, outward } from "./pixels.js";
import { Tiles, centredOn } from "./tiles.js";

/** Pixels of the slide across or down beyond which nothing is painted: a brush holds all of them in memory. */
export const PAINTABLE = 4096;
/** @type {Set<string>} */
const OFFERED = new Set(["pan", "zoom", "select", ...DRAWN, ...ONLY_PIXELS]);
const MOST = 32;

/** The slide as the one frame of its series. @param {import("../viewer/types.js").Series} series @param {Description} slide @returns {import("../viewer/types.js").Series} */
export function asSeries(series, slide) {
  const { width, height, microns_per_pixel: microns, overview } = slide;
  const frame = series.frames[overview.frame];
  const pixel_spacing = /** @type {import("../viewer/types.js").Spacing} */ (microns && [microns[1] / 1000, microns[0] / 1000]);
  return { ...series, frames: [{ ...frame, index: 0, rows: height, columns: width, pixel_spacing, pixels_url: "", preview_url: null }] };
}

export class SlideViewer extends Viewer {
  /** @type {Tiles|null} */
  tiles = null;

  /**
   * @param {HTMLElement} root
   * @param {Omit<ConstructorParameters<typeof Viewer>[1], "budget">} options
   * @param {object} about
   * @param {Description} about.slide
   * @param {import("./strings.js").Translate} about.words
   * @param {(view: import("../viewer/types.js").View) => void} about.onView
   */
  constructor(root, options, { slide, words, onView }) {
    super(root, options);
    this.slide = slide;
    this.words = words;
    this.onView = onView;
    this.parts.stage.setAttribute("aria-label", words("stage"));
    this.set({ tool: "pan" });
  }

  get tiled() {
    return true;
  }

  get leastScale() {
    return this.size.width ? Math.min(fit(this.size, this.image).scale / 2, 1) : 0.0005;
  }

  /** Fetch and show the tiles, anew when some did not come. @param {Omit<ConstructorParameters<typeof Tiles>[2], "moved">} on */
  open(on) {
    this.tiles?.close();
    this.tiles = new Tiles(this.parts.stage, this.slide, {
      ...on,
      moved: (place) => this.state.view && super.setView(centredOn(this.state.view, place, this.aspect, this.size)),
    });
    this.lead();
  }

  lead() {
    if (this.tiles && this.state.view) this.tiles.show(this.state.view, this.aspect, this.size);
  }

  /** @param {State} state @param {Set<keyof State>} changed */
  changed(state, changed) {
    super.changed(state, changed);
    if (changed.has("smooth")) this.tiles?.smooth(state.smooth);
    if (changed.has("invert")) this.element.classList.toggle("is-inverted", state.invert);
    if (!changed.has("view") || !state.view) return;
    this.lead();
    this.onView?.(state.view);
  }

  /** @param {import("../viewer/types.js").View} view */
  setView(view) {
    const middle = /** @type {[number, number]} */ ([this.size.width / 2, this.size.height / 2]);
    super.setView(view.scale > MOST ? zoomAt(view, MOST / view.scale, middle, this.leastScale) : view);
  }

  /** @param {"fit"|"actual"|"in"|"out"} what */
  zoom(what) {
    const { view } = this.state;
    // One to one of where one is: the middle of a slide is far away.
    if (what !== "actual" || !view) super.zoom(what);
    else this.setView(zoomAt(view, 1 / (window.devicePixelRatio || 1) / view.scale, [this.size.width / 2, this.size.height / 2], this.leastScale));
  }

  /** @param {string} tool */
  mayUse(tool) {
    return OFFERED.has(tool) && super.mayUse(tool);
  }

  /** @param {string} tool */
  setTool(tool) {
    const { width, height } = this.slide;
    if (!OFFERED.has(tool)) this.say(this.words("notHere"));
    else if (isPainted(tool) && Math.max(width, height) > PAINTABLE) this.say(this.words("tooLargeToPaint", { n: PAINTABLE }));
    else super.setTool(tool);
  }

  /**
   * Masks are kept in pixels of the overview: what is painted is shown as it is kept.
   * @param {Shape[]} shapes
   * @param {string|null} [selected]
   */
  commit(shapes, selected = this.state.selected) {
    const known = new Set(this.history.present);
    const { scale, frame } = this.slide.overview;
    const kept = shapes.flatMap((shape) => {
      if (shape.kind !== "mask" || scale === 1 || known.has(shape)) return [shape];
      const stored = outward(shape, scale, frame);
      return (stored && inward(stored, scale)) ?? [];
    });
    return super.commit(kept, selected);
  }

  // What asks for grey levels is answered; the keys are the same as in the viewer.
  applyPreset() {
    this.say(this.words("notHere"));
  }

  stepPreset() {
    this.say(this.words("notHere"));
  }

  windowFromRegion() {
    this.say(this.words("notHere"));
  }

  /** Comments are pinned in pixels of the overview: a layer is reviewed there, where it shows all the same. */
  async openTalk() {}

  close() {
    this.tiles?.close();
    super.close();
  }
}
