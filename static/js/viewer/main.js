/**
 * Mounts viewers: `<div data-behaviour="viewer" data-series-url="…" data-annotation-url="…" data-can-draw="true">`.
 * With `data-case-series-url` other series of the case may be shown beside it. The element gets
 * `.viewer = {goTo(frame, series?), visit(frame, series), reloadAnnotations(series?, news?), close()}`. Links with
 * `data-series` and `data-frame` on the page lead to images in it; `?image=` opens one.
 */
import { pageStrings, translator } from "./strings.js";
import { h } from "./ui/dom.js";
import { Workspace } from "./workspace.js";

/**
 * @typedef {{goTo: (frame: number, series?: string|number) => void, visit: (frame: number, series: string) => Promise<void>,
 *   reloadAnnotations: (series?: string|number, news?: News) => Promise<void>, close: () => void}} Handle
 * @typedef {{series?: string|number, annotation?: number, revision?: number}} News
 * @typedef {HTMLElement & {viewer?: Handle}} ViewerElement
 */

/** @type {Set<ViewerElement>} */
const mounted = new Set();

/**
 * @param {ViewerElement} element
 * @returns {Promise<import("./viewer.js").Viewer|null>} null when there is nothing to show; the element then says why
 */
export async function mount(element) {
  if (mounted.has(element)) return null;
  mounted.add(element);
  element.classList.add("viewer");
  const t = translator(pageStrings());
  const { seriesUrl, annotationUrl = "", caseSeriesUrl = "", presenceUrl = "", overlaysUrl = "", user = "", hanging = "{}", canDraw } = element.dataset;
  if (!seriesUrl) throw new Error("a viewer needs data-series-url");
  const draws = canDraw === "true" && annotationUrl !== "";
  const room = new Workspace(element, { t, canDraw: draws, seriesUrl, annotationUrl, caseSeriesUrl, presenceUrl, overlaysUrl, user, hanging: JSON.parse(hanging) });
  element.setAttribute("aria-busy", "true");
  let viewer;
  try {
    const loaded = await room.load(null);
    if (!mounted.has(element)) return null;
    if (loaded.series.frames.length === 0) {
      complain(element, t("empty"), t("retry"));
      return null;
    }
    viewer = room.begin(loaded);
    const image = Number(new URLSearchParams(window.location.search).get("image"));
    if (Number.isInteger(image) && image > 0) viewer.goTo(image - 1);
    element.viewer = {
      goTo: (frame, series) => (series === undefined ? room.active : room.showing(series)[0])?.goTo(frame),
      visit: async (frame, series) => {
        const { visit } = await import("./places.js");
        await visit(room, frame, series);
      },
      reloadAnnotations: async (series, news = {}) => {
        await Promise.all(room.showing(series).map((pane) => annotationUrl && pane.annotations.heard(news)));
      },
      close: () => unmount(element, room),
    };
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

/** @param {ViewerElement} element @param {Workspace} room */
function unmount(element, room) {
  room.close();
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
  for (const element of mounted) element.viewer?.goTo(frame, series);
});
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-frame][data-series]") : null;
  const viewer = [...mounted].find((element) => element.viewer)?.viewer;
  if (!(link instanceof HTMLAnchorElement) || !viewer || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  viewer.visit(Number(link.dataset.frame), link.dataset.series ?? "").catch((error) => {
    console.warn("the image is opened with its page", error);
    window.location.assign(link.href);
  });
});
document.addEventListener("medweb:annotations-changed", (event) => {
  const news = /** @type {CustomEvent<News|null>} */ (event).detail ?? {};
  for (const element of mounted) {
    // A failed refresh leaves what is shown; the next nudge or the next save tells more.
    element.viewer?.reloadAnnotations(news.series, news).catch((error) => console.warn("annotations could not be refreshed", error));
  }
});
