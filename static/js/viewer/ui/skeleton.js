/**
 * The parts that hold the image; what goes into them comes from elsewhere.
 */
import { h, svg } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {object} options
 * @param {number} options.count images in the series
 * @param {import("../strings.js").Translate} options.t
 * @param {Element[]} options.corners
 * @param {{finish: () => void, cancel: () => void, slide: (index: number) => void, retry: () => void,
 *   play: () => void, speed: (button: HTMLButtonElement) => void}} options.on `speed`: pressed for the first time
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
  const play = h("button", { type: "button", class: "viewer-button", onclick: on.play });
  const speed = h("button", { type: "button", class: "viewer-button", "aria-label": t("speed"), "data-tip": t("speed") }, icon("speed"));
  speed.addEventListener(
    "click",
    (event) => {
      // The sheet opens itself: the button, which gets it meanwhile, would close it again.
      event.preventDefault();
      on.speed(speed);
    },
    { once: true },
  );
  const frames = h("div", { class: "viewer-frames" }, play, slider, speed);
  frames.hidden = count < 2;

  /** @param {boolean} playing */
  function showPlaying(playing) {
    const name = t(playing ? "stop" : "play");
    play.setAttribute("aria-label", name);
    play.setAttribute("data-tip", name);
    play.replaceChildren(icon(playing ? "stop" : "play"));
  }
  showPlaying(false);
  draftBar.hidden = true;
  failure.hidden = true;

  return {
    canvas,
    layer,
    guides,
    stage,
    frames,
    showPlaying,
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
