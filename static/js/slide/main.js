/** Starts the slide viewer on every element with data-behaviour="slide". */
import { pageTranslator } from "./strings.js";
import { createSlideViewer } from "./viewer.js";

for (const root of document.querySelectorAll('[data-behaviour~="slide"]')) {
  if (root instanceof HTMLElement && root.dataset.slideUrl) createSlideViewer(root, pageTranslator());
}
