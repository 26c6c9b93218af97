/**
 * The page of a whole slide: puts the viewer, its toolbar and panel together, with tools, a scale bar and words over
 * the picture.
 * @typedef {import("./strings.js").Translate} Translate
 * @typedef {import("./tiles.js").Description} Description
 */
import { createApi } from "../viewer/api.js";
import { pageStrings, translator } from "../viewer/strings.js";
import { h } from "../viewer/ui/dom.js";
import { icon } from "../viewer/ui/icons.js";
import { SlideViewer, asSeries } from "./drawing.js";
import { slideApi } from "./pixels.js";
import { lengthWords, magnificationWords, scaleBar } from "./scale.js";
import { alone } from "./shell.js";

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

/**
 * @param {HTMLElement} root with the addresses of the slide, its series and its drawings
 * @param {Translate} t
 */
export function createSlideViewer(root, t) {
  const { slideUrl = "", seriesUrl = "", annotationUrl = "", canDraw } = root.dataset;
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

  const overview = button("eye", t("overview"), () => toggleOverview());
  const full = button("fullscreen", t("fullscreen"), () => void toggleFull());
  const tools = h(
    "div",
    { class: "slide-tools", role: "group", "aria-label": t("tools"), hidden: true },
    button("zoomIn", t("zoomIn"), () => viewer?.zoom("in")),
    button("zoomOut", t("zoomOut"), () => viewer?.zoom("out")),
    button("fit", t("fit"), () => viewer?.zoom("fit")),
    button("actual", t("actual"), () => viewer?.zoom("actual")),
    overview,
    full,
  );
  root.classList.add("viewer");
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", t("viewer"));
  root.append(busy, notice);

  /** @type {SlideViewer|null} */
  let viewer = null;
  /** @type {Description|null} */
  let slide = null;

  function showScale() {
    const zoomed = viewer?.state.view?.scale ?? 0;
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
  }

  function toggleOverview() {
    const map = viewer?.tiles?.map;
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
    tools.hidden = scale.hidden = false;
    showScale();
  }

  /** Once: what is drawn and not saved yet must outlive a second attempt. @param {Description} found */
  async function build(found) {
    const api = slideApi(createApi({ seriesUrl, annotationUrl }), { frame: found.overview.frame, step: found.overview.scale });
    const [series, layers] = await Promise.all([api.series(), api.annotations()]);
    const made = new SlideViewer(
      root,
      { series: asSeries(series, found), api, canDraw: canDraw === "true", t: translator(pageStrings()), shell: alone() },
      { slide: found, words: t, onView: showScale },
    );
    made.annotations.show(layers);
    made.parts.stage.append(tools, scale, notice, busy);
    const grid = h("div", { class: "viewer-grid", "data-layout": "1x1" }, made.element);
    made.element.classList.add("is-active");
    root.append(made.toolbar.element, h("div", { class: "viewer-body" }, grid, made.panel.element));
    root.addEventListener("keydown", (event) => made.onKey(event));
    return made;
  }

  async function start() {
    busy.hidden = false;
    notice.hidden = true;
    tools.hidden = scale.hidden = true;
    root.dataset.state = "loading";
    root.setAttribute("aria-busy", "true");
    try {
      slide = await describe(slideUrl, t);
      viewer ??= await build(slide);
    } catch (error) {
      root.dataset.state = "failed";
      fail(t("failed", { reason: error instanceof Error ? error.message : String(error) }));
      return;
    }
    viewer.open({
      opened: ready,
      failed: () => {
        root.dataset.state = "failed";
        fail(t("failed", { reason: t("parts") }));
      },
      // A finer level of the slide may have arrived: trying again asks for the description anew.
      missing: () => fail(t("parts")),
    });
    overview.setAttribute("aria-pressed", "true");
    if (root.clientWidth < 600) toggleOverview();
  }

  document.addEventListener("fullscreenchange", sayFull);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.classList.contains("is-full")) void toggleFull();
  });
  document.addEventListener("medweb:annotations-changed", (event) => {
    const { series, ...news } = /** @type {CustomEvent<{series?: number, annotation?: number, revision?: number}|null>} */ (event).detail ?? {};
    if (!viewer || (series !== undefined && String(series) !== String(viewer.series.id))) return;
    // A failed refresh leaves what is shown; the next nudge or the next save tells more.
    viewer.annotations.heard(news).catch((error) => console.warn("annotations could not be refreshed", error));
  });
  void start();
}
