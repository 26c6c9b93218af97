/**
 * Mounts viewers: `<div data-behaviour="viewer" data-series-url="…" data-annotation-url="…" data-can-draw="true">`.
 * The element gets `.viewer = {goTo(frame), reloadAnnotations(), close()}`.
 */
import { createApi } from "./api.js";
import { pageStrings, translator } from "./strings.js";
import { h } from "./ui/dom.js";
import { Viewer } from "./viewer.js";

/**
 * @typedef {{goTo: (frame: number) => void, reloadAnnotations: () => Promise<void>, close: () => void}} Handle
 * @typedef {HTMLElement & {viewer?: Handle}} ViewerElement
 */

/** @type {Set<ViewerElement>} */
const mounted = new Set();

/**
 * @param {ViewerElement} element
 * @returns {Promise<Viewer|null>} null when there is nothing to show; the element then says why
 */
export async function mount(element) {
  if (mounted.has(element)) return null;
  mounted.add(element);
  element.classList.add("viewer");
  const t = translator(pageStrings());
  const { seriesUrl, annotationUrl = "", canDraw } = element.dataset;
  if (!seriesUrl) throw new Error("a viewer needs data-series-url");
  const api = createApi({ seriesUrl, annotationUrl });
  element.setAttribute("aria-busy", "true");
  let viewer;
  try {
    const [series, annotations] = await Promise.all([api.series(), annotationUrl ? api.annotations() : []]);
    if (!mounted.has(element)) return null;
    if (series.frames.length === 0) {
      complain(element, t("empty"), t("retry"));
      return null;
    }
    const draws = canDraw === "true" && annotationUrl !== "";
    viewer = new Viewer(element, { series, api, canDraw: draws, t });
    viewer.annotations.show(annotations);
    const shown = viewer;
    element.viewer = {
      goTo: (frame) => shown.goTo(frame),
      reloadAnnotations: () => (annotationUrl ? shown.annotations.reload() : Promise.resolve()),
      close: () => unmount(element, shown),
    };
    element.dataset.series = String(series.id);
  } catch (error) {
    if (viewer) throw error;
    complain(element, t("failedSeries", { reason: error instanceof Error ? error.message : String(error) }), t("retry"));
    return null;
  } finally {
    element.removeAttribute("aria-busy");
  }
  return viewer;
}

/** @param {ViewerElement} element @param {string} text @param {string} retry */
function complain(element, text, retry) {
  const again = () => {
    mounted.delete(element);
    element.replaceChildren();
    void mount(element);
  };
  element.replaceChildren(
    h("div", { class: "viewer-failure", role: "alert" }, h("p", {}, text), h("button", { type: "button", class: "viewer-action", onclick: again }, retry)),
  );
}

/** @param {ViewerElement} element @param {Viewer} viewer */
function unmount(element, viewer) {
  viewer.close();
  mounted.delete(element);
  delete element.viewer;
}

/** @param {ParentNode} root */
export function mountAll(root) {
  if (root instanceof HTMLElement && root.matches("[data-behaviour~=viewer]")) void mount(root);
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-behaviour~=viewer]"))) void mount(element);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => mountAll(document));
else mountAll(document);
document.addEventListener("htmx:load", (event) => {
  if (event.target instanceof HTMLElement) mountAll(event.target);
});
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  for (const element of mounted) if (element === event.target) element.viewer?.close();
});
document.addEventListener("medweb:show-frame", (event) => {
  const { series, frame } = /** @type {CustomEvent<{series: string|number, frame: number}>} */ (event).detail;
  for (const element of mounted) if (element.dataset.series === String(series)) element.viewer?.goTo(frame);
});
document.addEventListener("medweb:annotations-changed", (event) => {
  const series = /** @type {CustomEvent<{series?: string|number}|null>} */ (event).detail?.series;
  for (const element of mounted) {
    if (series !== undefined && element.dataset.series !== String(series)) continue;
    // A failed refresh leaves what is shown; the next nudge or the next save tells more.
    element.viewer?.reloadAnnotations().catch((error) => console.warn("annotations could not be refreshed", error));
  }
});
