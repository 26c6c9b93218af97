/**
 * The picture below the drawing: OpenSeadragon fetches and places the tiles, and goes where the viewer goes. Only its
 * overview takes pointers, and then the viewer follows.
 * @typedef {import("../viewer/types.js").View} View
 * @typedef {object} Description what the API says of a slide
 * @property {number} width
 * @property {number} height
 * @property {number} tile_size
 * @property {unknown[]} levels the coarsest first
 * @property {[number, number]|null} microns_per_pixel
 * @property {number|null} magnification of the objective
 * @property {string} tile_url with {level}, {x} and {y}
 * @property {{frame: number, scale: number}} overview
 */
import { h } from "../viewer/ui/dom.js";
import { toImage, toScreen } from "../viewer/viewport.js";

/** OpenSeadragon comes as a script of its own, without types. @type {any} */
const OpenSeadragon = /** @type {any} */ (globalThis).OpenSeadragon;

/**
 * The browser refuses the style element that OpenSeadragon adds for touch screens, and says so in the console
 * each time. It adds none where one with its mark stands: here, an element that is none of HTML's and so no
 * style sheet. slide.css has the rule itself.
 */
function spareStyleElement() {
  if (document.querySelector("style[data-openseadragon-mobile-css]")) return;
  const mark = document.createElementNS("urn:medweb:none", "style");
  mark.setAttribute("data-openseadragon-mobile-css", "");
  document.head.append(mark);
}

/** @param {Description} slide */
function tileSource(slide) {
  return {
    width: slide.width,
    height: slide.height,
    tileSize: slide.tile_size,
    tileOverlap: 0,
    minLevel: 0,
    maxLevel: slide.levels.length - 1,
    /** @param {number} level @param {number} x @param {number} y */
    getTileUrl: (level, x, y) =>
      slide.tile_url.replace("{level}", String(level)).replace("{x}", String(x)).replace("{y}", String(y)),
  };
}

export class Tiles {
  /**
   * @param {HTMLElement} stage
   * @param {Description} slide
   * @param {{opened: () => void, failed: () => void, missing: () => void, moved: (place: {scale: number, centre: [number, number]}) => void}} on
   *   `missing`: some tiles; `moved`: by the overview
   */
  constructor(stage, slide, on) {
    spareStyleElement();
    this.on = on;
    /** Somebody moves by the overview. */
    this.guided = false;
    /** @type {{view: View, aspect: number, size: {width: number, height: number}}|null} */
    this.wanted = null;
    this.element = h("div", { class: "slide-tiles", "aria-hidden": "true" });
    stage.prepend(this.element);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    /** @type {any} */
    this.osd = OpenSeadragon({
      element: this.element,
      // The canvas needs no WebGL, and nothing that the content security policy forbids.
      drawer: "canvas",
      tileSources: tileSource(slide),
      showNavigationControl: false,
      showNavigator: true,
      navigatorPosition: "BOTTOM_RIGHT",
      navigatorSizeRatio: 0.18,
      navigatorAutoFade: false,
      navigatorMaintainSizeRatio: true,
      animationTime: still ? 0 : 0.6,
      immediateRender: still,
      preserveImageSizeOnResize: true,
    });
    this.osd.setMouseNavEnabled(false);
    this.osd.setKeyboardNavEnabled(false);
    for (const focusable of this.element.querySelectorAll("[tabindex]")) focusable.setAttribute("tabindex", "-1");
    const map = this.map;
    for (const name of ["pointerdown", "wheel", "dblclick"]) {
      map.addEventListener(name, (/** @type {Event} */ event) => {
        this.guided = true;
        // What happens on the overview is not meant for the tools of the stage.
        event.stopPropagation();
      });
    }
    this.osd.addHandler("animation-finish", () => (this.guided = false));
    this.osd.addHandler("viewport-change", () => this.follow());
    // A window of another size: the viewer says what is to be seen in it.
    this.osd.addHandler("after-resize", () => this.lead());
    this.osd.addHandler("open", () => {
      this.lead();
      on.opened();
    });
    this.osd.addHandler("open-failed", on.failed);
    this.osd.addHandler("tile-load-failed", on.missing);
  }

  /** The overview. @returns {HTMLElement} */
  get map() {
    return this.osd.navigator.element;
  }

  /** Show what the viewer shows. @param {View} view @param {number} aspect @param {{width: number, height: number}} size */
  show(view, aspect, size) {
    this.wanted = { view, aspect, size };
    this.lead();
  }

  lead() {
    const image = this.osd.world.getItemAt(0);
    if (!image || !this.wanted || this.guided) return;
    const { view, aspect, size } = this.wanted;
    const { viewport } = this.osd;
    const [x, y] = toImage(view, aspect, [size.width / 2, size.height / 2]);
    // OpenSeadragon mirrors what it has turned, the viewer turns what it has mirrored.
    viewport.setRotation(view.turn * (view.mirror ? -90 : 90), true);
    viewport.setFlip(view.mirror);
    viewport.zoomTo(image.imageToViewportZoom(view.scale), null, true);
    viewport.panTo(image.imageToViewportCoordinates(x, y), true);
  }

  follow() {
    const image = this.osd.world.getItemAt(0);
    if (!image || !this.guided) return;
    const { viewport } = this.osd;
    const at = image.viewportToImageCoordinates(viewport.getCenter(true));
    this.on.moved({ scale: image.viewportToImageZoom(viewport.getZoom(true)), centre: [at.x, at.y] });
  }

  /** @param {boolean} smooth */
  smooth(smooth) {
    this.osd.drawer.setImageSmoothingEnabled(smooth);
  }

  close() {
    this.osd.destroy();
    this.element.remove();
  }
}

/** The view whose middle is a place of the image. @param {View} view @param {{scale: number, centre: [number, number]}} place @param {number} aspect @param {{width: number, height: number}} size @returns {View} */
export function centredOn(view, { scale, centre }, aspect, size) {
  const [x, y] = toScreen({ ...view, scale, tx: 0, ty: 0 }, aspect, centre);
  return { ...view, scale, tx: size.width / 2 - x, ty: size.height / 2 - y };
}
