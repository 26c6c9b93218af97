/**
 * The words in the corners of the image, the scale bar and the letters at its sides.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Series} Series
 * @typedef {import("../types.js").Pixels} Pixels
 */
import { short, valueText } from "../windowing.js";
import { niceLength, sideLetters, writtenSides } from "../viewport.js";
import { h, svg } from "./dom.js";

/** @param {Host} host @param {Series} series */
export function createCorners(host, series) {
  const corner = (/** @type {string} */ place) => h("div", { class: `viewer-corner is-${place}`, "aria-hidden": "true" });
  const topLeft = corner("top-left");
  const topRight = corner("top-right");
  const bottomLeft = corner("bottom-left");
  const barText = h("span");
  const barLine = svg("path", { class: "viewer-scale-line" });
  const bar = svg("svg", { class: "viewer-scale", "aria-hidden": "true" }, barLine);
  const bottomRight = corner("bottom-right");
  bottomRight.append(barText, bar);
  const letters = /** @type {const} */ (["top", "right", "bottom", "left"]).map((side) => ({
    side,
    element: h("span", { class: `viewer-letter is-${side}`, "aria-hidden": "true" }),
  }));

  /** @param {HTMLElement} element @param {string} text */
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  /** @param {Pixels|undefined} pixels */
  function update(pixels) {
    const { state, frame, frames, t } = host;
    const thickness = frame.slice_thickness ? `${short(frame.slice_thickness)} mm` : "";
    const seen = [frame.laterality, frame.view].filter(Boolean).join(" ");
    write(topLeft, [[series.modality, seen, series.description].filter(Boolean).join("  "), host.shell.hanging.ages?.[String(series.id)]].filter(Boolean).join("\n"));
    const zoom = state.view ? `${Math.round(state.view.scale * 100)}%` : "";
    // Where no letters tell the sides, a mirrored picture looks like any other.
    const lies = state.view ? [state.view.turn ? t("turned", { n: state.view.turn * 90 }) : "", state.view.mirror ? t("mirrored") : ""] : [];
    const loading = state.loaded < frames.length ? t("loading", { n: state.loaded, count: frames.length }) : "";
    write(topRight, [`${state.frame + 1} / ${frames.length}`, [thickness, zoom].filter(Boolean).join("  "), lies.filter(Boolean).join("  "), loading].filter(Boolean).join("\n"));
    let value = "";
    if (state.hover && pixels) {
      const [x, y] = state.hover.map(Math.floor);
      value = valueText(pixels, frame, host.unit, x, y);
      if (value) value = `${x}, ${y}   ${value}`;
    }
    write(bottomLeft, `${value}\nW ${short(state.window.width)}  L ${short(state.window.center)}`);
    const sides = sideLetters(frame.orientation, state.view ?? undefined) ?? writtenSides(frame.sides, state.view ?? undefined);
    for (const { side, element } of letters) write(element, sides ? sides[side] : "");
    drawBar();
  }

  function drawBar() {
    const { state, frame, size } = host;
    const mm = frame.pixel_spacing && frame.pixel_spacing[1] > 0 ? frame.pixel_spacing[1] : null;
    bottomRight.hidden = mm === null || !state.view;
    if (mm === null || !state.view) return;
    const length = niceLength(((size.width * 0.22) / state.view.scale) * mm);
    const width = (length / mm) * state.view.scale;
    barLine.setAttribute("d", `M0.5 1v6h${width.toFixed(1)}V1`);
    bar.setAttribute("width", String(Math.ceil(width) + 2));
    bar.setAttribute("height", "9");
    write(barText, length >= 10 ? `${length / 10} cm` : `${length} mm`);
  }

  return { elements: [topLeft, topRight, bottomLeft, bottomRight, ...letters.map((letter) => letter.element)], update };
}
