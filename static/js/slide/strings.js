/** English wording; a page replaces any of it with <script type="application/json" id="slide-strings">. */
export const ENGLISH = {
  viewer: "Slide viewer",
  stage: "Whole slide. Arrow keys move, plus and minus zoom, 0 shows all of it, ? shows all keys.",
  tools: "Tools",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  fit: "Show the whole slide",
  actual: "One to one",
  overview: "Overview",
  fullscreen: "Full screen",
  leave: "Leave full screen",
  loading: "Loading the slide",
  failed: "The slide could not be loaded: {reason}",
  offline: "no connection",
  parts: "Some parts could not be loaded.",
  retry: "Try again",
  scale: "Scale: {length}",
  magnification: "Magnification {n} times",
  pixels: "{n} pixels",
  notHere: "Whole slides do not have this.",
  tooLargeToPaint: "Painting works on slides of up to {n} × {n} pixels. Draw an outline here, or paint on the overview of the case.",
};

/** @typedef {keyof typeof ENGLISH} Word */
/** @typedef {(word: Word, values?: Record<string, string|number>) => string} Translate */

/**
 * @param {Partial<Record<Word, string>>} words
 * @returns {Translate}
 */
export function translator(words) {
  const all = { ...ENGLISH, ...words };
  return (word, values = {}) => all[word].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @returns {Translate} */
export function pageTranslator() {
  const element = document.getElementById("slide-strings");
  return translator(element ? JSON.parse(element.textContent || "{}") : {});
}
