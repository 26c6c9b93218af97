/**
 * Paints the first image in its full depth while the viewer is still on its way, with the viewer's own means: the
 * page names the frame as `<canvas data-first="…">`, over the server's preview. The viewer takes its place.
 * @typedef {import("./types.js").Frame} Frame
 */
import { alsoEarly } from "./early.js";
import { Renderer } from "./render.js";
import { aspectOf, fit } from "./viewport.js";
import { autoWindow, storedWindow, toPixels } from "./windowing.js";

/** Milliseconds after which the viewer is fetched although the image is not there: the line is slow. */
const PATIENCE = 300;

/** The viewer, whose many files would keep the image waiting: they lie in a template, where nobody asks for them. */
function fetchViewer() {
  const scripts = document.getElementById("viewer-scripts");
  if (!(scripts instanceof HTMLTemplateElement)) return;
  scripts.remove();
  document.head.append(scripts.content);
}

/** @param {HTMLCanvasElement} canvas @param {Frame} frame */
async function paint(canvas, frame) {
  const response = await alsoEarly(frame.pixels_url);
  if (!response) return;
  const pixels = toPixels(await response.arrayBuffer(), frame);
  const { clientWidth: width, clientHeight: height } = canvas;
  // Taken away meanwhile: the viewer was faster.
  if (!canvas.isConnected || width === 0) return;
  const renderer = new Renderer(canvas);
  renderer.resize(width, height, window.devicePixelRatio || 1);
  renderer.develop(frame, pixels, storedWindow(frame) ?? autoWindow(pixels, frame), false, "grey");
  renderer.draw(frame, fit({ width, height }, { ...frame, aspect: aspectOf(frame.pixel_spacing) }), true, null);
}

const canvas = document.querySelector("canvas[data-first]");
if (canvas instanceof HTMLCanvasElement) {
  window.setTimeout(fetchViewer, PATIENCE);
  paint(canvas, JSON.parse(canvas.dataset.first ?? "{}"))
    // The viewer asks again, and tells what is wrong.
    .catch((error) => console.warn("the first image comes later", error))
    // Shown before the next script runs.
    .finally(() => requestAnimationFrame(() => window.setTimeout(fetchViewer)));
}
