/**
 * Colours of an image of grey levels: the sheet that offers them, and the bar beside the image that explains them.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 * @typedef {{state: Pick<State, "map"|"window"|"invert">, frame: import("../types.js").Frame, t: Host["t"], unit: string}} Shown
 */
import { COLOR_MAPS, colorTable } from "../colormaps.js";
import { keyOf } from "../shortcuts.js";
import { short } from "../windowing.js";
import { h } from "./dom.js";
import { createItem, createSheet } from "./menu.js";

/** A strip of all levels, the highest on top. @param {HTMLCanvasElement} canvas @param {State["map"]} map @param {boolean} turned the highest at the bottom */
function paintStrip(canvas, map, turned) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = new ImageData(1, 256);
  const words = new Uint32Array(image.data.buffer);
  const colors = colorTable(map);
  for (let i = 0; i < 256; i++) words[i] = colors[turned ? i : 255 - i];
  context.putImageData(image, 0, 0);
}

/** @param {State["map"]} map */
function strip(map) {
  const canvas = h("canvas", { width: "1", height: "256", class: "viewer-strip", "aria-hidden": "true" });
  paintStrip(canvas, map, false);
  return canvas;
}

/**
 * @param {Host} host
 * @param {HTMLButtonElement} button opens the sheet
 */
export function createColors(host, button) {
  const { t } = host;
  const region = createItem({ icon: "region", label: t("region"), shortcut: keyOf("tool:region"), action: () => host.setTool("region") });
  const grey = host.frames.some((frame) => frame.samples === 1);
  const maps = COLOR_MAPS.map((map) => {
    const item = createItem({ icon: strip(map), label: t(map), action: () => host.set({ map }), stays: true });
    return { map, item };
  });
  const over = createItem({ icon: "over", label: t("overOpen"), action: () => void open(), stays: true });

  /** The fields take the place of the line that asked for them. */
  async function open() {
    try {
      const controls = await host.openOver();
      over.replaceWith(controls);
      controls.querySelector("select")?.focus();
    } catch (error) {
      host.say(error instanceof Error ? error.message : String(error));
    }
  }

  const scale = host.series.modality === "PT" ? createItem({ icon: "scale", label: t("scale"), shortcut: keyOf("scale"), action: () => host.nextScale(), stays: true }) : null;
  const sheet = createSheet(
    button,
    t("colors"),
    scale,
    region,
    createItem({ icon: "auto", label: t("windowRegion"), shortcut: keyOf("window-region"), action: () => host.windowFromRegion() }),
    grey ? h("hr") : null,
    ...(grey ? maps.map(({ item }) => item) : []),
    ...(host.shell.many ? [h("hr"), over] : []),
  );

  /** @param {State} state */
  function update(state) {
    region.setAttribute("aria-pressed", String(state.tool === "region"));
    button.setAttribute("aria-pressed", String(state.tool === "region"));
    scale?.setAttribute("aria-pressed", String(host.unit.startsWith("SUV")));
    for (const { map, item } of maps) item.setAttribute("aria-pressed", String(state.map === map));
  }

  return { sheet, update };
}

/** Which colour is which value; nothing for grey, which needs no words. @param {Shown} host */
export function createColorBar(host) {
  const canvas = h("canvas", { width: "1", height: "256", class: "viewer-strip", "aria-hidden": "true" });
  const [top, middle, bottom] = [h("span"), h("span"), h("span")];
  const element = h("div", { class: "viewer-color-bar", role: "img" }, canvas, h("div", { class: "viewer-ticks", "aria-hidden": "true" }, top, middle, bottom));
  element.hidden = true;
  let known = "";

  /** Follow the state; cheap when nothing of it has changed. */
  function update() {
    const { state, frame, t, unit } = host;
    const { center, width } = state.window;
    const turned = state.invert !== Boolean(frame.invert);
    element.hidden = state.map === "grey" || frame.samples !== 1;
    const key = `${state.map}/${turned}/${center}/${width}/${element.hidden}/${unit}`;
    if (element.hidden || key === known) return;
    known = key;
    paintStrip(canvas, state.map, turned);
    const [low, high] = [short(center - width / 2), short(center + width / 2)];
    const named = unit ? ` ${unit}` : "";
    top.textContent = high + named;
    middle.textContent = short(center);
    bottom.textContent = low;
    element.setAttribute("aria-label", `${t("colorBar")}: ${t(state.map)}, ${low} – ${high}${named}`);
  }

  return { element, update };
}
