/**
 * A whole slide: OpenSeadragon fetches and places the tiles, this puts tools, a scale bar and words round it.
 * @typedef {import("./strings.js").Translate} Translate
 * @typedef {object} Description what the API says of a slide
 * @property {number} width
 * @property {number} height
 * @property {number} tile_size
 * @property {unknown[]} levels the coarsest first
 * @property {[number, number]|null} microns_per_pixel
 * @property {number|null} magnification of the objective
 * @property {string} tile_url with {level}, {x} and {y}
 */
import { h } from "../viewer/ui/dom.js";
import { icon } from "../viewer/ui/icons.js";
import { lengthWords, magnificationWords, scaleBar } from "./scale.js";

/** OpenSeadragon comes as a script of its own, without types. @type {any} */
const OpenSeadragon = /** @type {any} */ (globalThis).OpenSeadragon;
// Keys of OpenSeadragon that turn or mirror the slide, which nobody expects from letters.
const LETTERS = new Set(["KeyR", "KeyF"]);

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

/** @param {string} url @param {Translate} t @returns {Promise<Description>} */
async function describe(url, t) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, cache: "no-store" });
  } catch (error) {
    throw new Error(t("offline"), { cause: error });
  }
  const kind = response.headers.get("Content-Type") ?? "";
  const body = kind.includes("json") ? await response.json() : {};
  if (!response.ok) throw new Error(String(body.detail ?? body.title ?? `HTTP ${response.status}`));
  return body;
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

/**
 * @param {HTMLElement} root
 * @param {string} url description of the slide
 * @param {Translate} t
 */
export function createSlideViewer(root, url, t) {
  spareStyleElement();
  const stage = h("div", { class: "slide-stage" });
  const bar = h("span", { class: "slide-scale__bar" });
  const length = h("span", { class: "slide-scale__words" });
  const power = h("span", { class: "slide-scale__power", hidden: true });
  const scale = h("div", { class: "slide-scale", role: "img", hidden: true }, power, bar, length);
  const words = h("p", {});
  const again = h("button", { type: "button", class: "button button--small", onclick: () => void start() }, t("retry"));
  const notice = h("div", { class: "slide-notice", role: "status", hidden: true }, words, again);
  const turning = h("span", { class: "slide-busy__wheel", "aria-hidden": "true" });
  const busy = h("div", { class: "slide-busy", role: "status" }, turning, h("span", {}, t("loading")));

  /** @param {import("../viewer/ui/icons.js").IconName} name @param {string} label @param {() => void} action */
  const button = (name, label, action) =>
    h("button", { type: "button", class: "slide-button", "aria-label": label, title: label, onclick: action }, icon(name));

  const overview = button("box", t("overview"), () => toggleOverview());
  const full = button("fullscreen", t("fullscreen"), () => void toggleFull());
  const tools = h(
    "div",
    { class: "slide-tools", role: "group", "aria-label": t("tools") },
    button("zoomIn", t("zoomIn"), () => zoom(1.5)),
    button("zoomOut", t("zoomOut"), () => zoom(1 / 1.5)),
    button("fit", t("fit"), () => viewer?.viewport.goHome()),
    button("actual", t("actual"), () => actual()),
    overview,
    full,
  );
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", t("viewer"));
  root.append(stage, tools, scale, notice, busy);

  /** @type {any} */
  let viewer = null;
  /** @type {Description|null} */
  let slide = null;

  /** @param {number} factor */
  function zoom(factor) {
    viewer?.viewport.zoomBy(factor);
    viewer?.viewport.applyConstraints();
  }

  function actual() {
    const image = viewer?.world.getItemAt(0);
    if (image) viewer.viewport.zoomTo(image.imageToViewportZoom(1 / devicePixelRatio));
  }

  /** Pixels of the screen to one of the slide. */
  function magnified() {
    const image = viewer?.world.getItemAt(0);
    return image ? image.viewportToImageZoom(viewer.viewport.getZoom(true)) : 0;
  }

  function showScale() {
    const zoomed = magnified();
    if (!slide || !(zoomed > 0)) return;
    const microns = slide.microns_per_pixel?.[0] ?? 0;
    const found = scaleBar((microns || 1) / zoomed, Math.min(140, root.clientWidth / 3));
    const text = microns ? lengthWords(found.length) : t("pixels", { n: found.length });
    bar.style.width = `${found.width}px`;
    length.textContent = text;
    power.hidden = !slide.magnification;
    const n = magnificationWords((slide.magnification ?? 0) * zoomed * devicePixelRatio);
    power.textContent = `${n}×`;
    const said = [t("scale", { length: text }), slide.magnification ? t("magnification", { n }) : ""];
    scale.setAttribute("aria-label", said.filter(Boolean).join(", "));
    scale.hidden = false;
  }

  function toggleOverview() {
    const map = viewer?.navigator?.element;
    if (!map) return;
    map.hidden = !map.hidden;
    overview.setAttribute("aria-pressed", String(!map.hidden));
  }

  async function toggleFull() {
    if (document.fullscreenElement === root) await document.exitFullscreen();
    else if (root.classList.contains("is-full")) root.classList.remove("is-full");
    // Telephones give only videos the whole screen.
    else if (root.requestFullscreen) await root.requestFullscreen().catch(() => root.classList.add("is-full"));
    else root.classList.add("is-full");
    sayFull();
  }

  function sayFull() {
    const on = document.fullscreenElement === root || root.classList.contains("is-full");
    full.setAttribute("aria-label", on ? t("leave") : t("fullscreen"));
    full.title = on ? t("leave") : t("fullscreen");
    full.setAttribute("aria-pressed", String(on));
  }

  /** @param {string} text */
  function fail(text) {
    busy.hidden = true;
    root.removeAttribute("aria-busy");
    words.textContent = text;
    notice.hidden = false;
  }

  function ready() {
    busy.hidden = true;
    root.removeAttribute("aria-busy");
    root.dataset.state = "open";
    tools.hidden = false;
    showScale();
  }

  async function start() {
    viewer?.destroy();
    viewer = null;
    busy.hidden = false;
    notice.hidden = true;
    tools.hidden = true;
    scale.hidden = true;
    root.dataset.state = "loading";
    root.setAttribute("aria-busy", "true");
    try {
      slide = await describe(url, t);
    } catch (error) {
      root.dataset.state = "failed";
      fail(t("failed", { reason: error instanceof Error ? error.message : String(error) }));
      return;
    }
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    viewer = OpenSeadragon({
      element: stage,
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
      maxZoomPixelRatio: 4,
      visibilityRatio: 0.5,
      minZoomImageRatio: 0.6,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      preserveImageSizeOnResize: true,
    });
    viewer.canvas.setAttribute("role", "application");
    viewer.canvas.setAttribute("aria-label", t("stage"));
    overview.setAttribute("aria-pressed", "true");
    if (root.clientWidth < 600) toggleOverview();
    viewer.addHandler("open", ready);
    viewer.addHandler("open-failed", () => {
      root.dataset.state = "failed";
      fail(t("failed", { reason: t("parts") }));
    });
    viewer.addHandler("update-viewport", showScale);
    // A finer level of the slide may have arrived: trying again asks for the description anew.
    viewer.addHandler("tile-load-failed", () => fail(t("parts")));
    viewer.addHandler("canvas-key", (/** @type {any} */ event) => {
      if (LETTERS.has(event.originalEvent.code)) event.preventDefaultAction = true;
    });
  }

  document.addEventListener("fullscreenchange", sayFull);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.classList.contains("is-full")) void toggleFull();
  });
  void start();
}
