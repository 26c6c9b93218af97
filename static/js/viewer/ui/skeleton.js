/**
 * The parts that hold the image; what goes into them comes from elsewhere.
 */
import { h, svg } from "./dom.js";

/**
 * @param {object} options
 * @param {number} options.count images in the series
 * @param {import("../strings.js").Translate} options.t
 * @param {Element[]} options.corners
 * @param {{finish: () => void, cancel: () => void, slide: (index: number) => void, retry: () => void}} options.on
 */
export function createSkeleton({ count, t, corners, on }) {
  const canvas = h("canvas", { class: "viewer-canvas", "aria-hidden": "true" });
  const layer = svg("svg", { class: "viewer-overlay", "aria-hidden": "true" });
  const guides = svg("svg", { class: "viewer-overlay", "aria-hidden": "true" });
  const failure = h("div", { class: "viewer-failure", role: "alert" });
  const draftBar = h(
    "div",
    { class: "viewer-draft" },
    h("button", { type: "button", class: "viewer-action is-main", onclick: on.finish }, t("finish")),
    h("button", { type: "button", class: "viewer-action", onclick: on.cancel }, t("cancel")),
  );
  const stage = h(
    "div",
    { class: "viewer-stage", tabindex: "0", role: "application", "aria-label": t("stage") },
    canvas,
    layer,
    guides,
    ...corners,
    draftBar,
    failure,
  );
  const slider = h("input", {
    type: "range",
    class: "viewer-slider",
    min: "1",
    max: String(count),
    value: "1",
    "aria-label": t("slider"),
    "aria-valuetext": t("image", { n: 1, count }),
    oninput: () => on.slide(Number(slider.value) - 1),
  });
  slider.hidden = count < 2;
  draftBar.hidden = true;
  failure.hidden = true;

  return {
    canvas,
    layer,
    guides,
    stage,
    slider,
    draftBar,
    live: h("div", { class: "viewer-live", role: "status" }),
    /** @param {number} index */
    showIndex(index) {
      slider.value = String(index + 1);
      slider.setAttribute("aria-valuetext", t("image", { n: index + 1, count }));
    },
    /** @param {string} text "" takes the message away */
    showFailure(text) {
      failure.hidden = text === "";
      failure.replaceChildren();
      if (text) failure.append(h("p", {}, text), h("button", { type: "button", class: "viewer-action", onclick: on.retry }, t("retry")));
    },
  };
}
