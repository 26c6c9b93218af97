/** English wording; a page replaces any of it with <script type="application/json" id="viewer-strings">. */
export const ENGLISH = {
  viewer: "Image viewer",
  stage: "Image. Press ? for the keyboard shortcuts.",
  tools: "Tools",
  window: "Window and level",
  scroll: "Scroll through the images",
  pan: "Move the image",
  zoom: "Zoom",
  select: "Select and edit",
  point: "Point",
  box: "Box",
  ellipse: "Ellipse",
  polygon: "Polygon",
  freehand: "Freehand contour",
  length: "Length",
  draw: "Draw",
  view: "View",
  edit: "Edit",
  grey: "Grey levels",
  preset: "Preset",
  stored: "As stored",
  auto: "Automatic",
  custom: "Custom",
  center: "Level",
  width: "Window width",
  invert: "Invert",
  smooth: "Smooth",
  fit: "Fit to the window",
  actual: "One to one",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  undo: "Undo",
  redo: "Redo",
  remove: "Delete",
  fullscreen: "Full screen",
  help: "Keyboard shortcuts",
  slider: "Image in the series",
  image: "Image {n} of {count}",
  loading: "Loading {n} of {count}",
  failed: "Image {n} could not be loaded.",
  failedSeries: "The series could not be loaded: {reason}",
  empty: "This series has no images.",
  retry: "Try again",
  layers: "Layers",
  mine: "Mine",
  reference: "Reference",
  other: "Others",
  show: "Show {layer}",
  label: "Label",
  newLabel: "Another label",
  shapes: "Shapes",
  noShapes: "Nothing is drawn yet.",
  noShapesHint: "Choose a tool above and draw on the image.",
  note: "Note",
  unlabelled: "No label",
  saved: "Saved",
  waiting: "Not saved yet",
  saving: "Saving…",
  retrying: "Not saved – retrying",
  conflict: "Not saved – changed elsewhere",
  invalid: "Not saved – a shape was refused",
  refused: "Not saved",
  submit: "Submit",
  submitted: "Submitted",
  submitAsk: "Submit these shapes? Drawing on afterwards makes them a draft again.",
  finish: "Finish",
  cancel: "Cancel",
  close: "Close",
  added: "{kind} added",
  removed: "{kind} deleted",
  tooSmall: "That shape has no extent and was not kept.",
  onOtherImage: "The unfinished shape is on image {n}.",
  conflictTitle: "These shapes were changed elsewhere",
  conflictText: "Somebody saved version {revision} while you were drawing. Nothing is lost: choose what to go on with.",
  keepMine: "Keep mine ({n})",
  takeTheirs: "Take theirs ({n})",
  keepBoth: "Keep both ({n})",
  mean: "mean {mean} ± {sd}",
  keyFrames: "Previous or next image",
  keyEnds: "First or last image",
  keyPlace: "Move the crosshair (drawing) or the selected shape; Shift: ten times as far",
  keyEnter: "Place a point; a second time on the same spot finishes a polygon",
  keyVertex: "Next corner of the selected shape",
  keyDelete: "Delete the selected shape or corner",
  keyPan: "Move the image",
  keyEscape: "Cancel, deselect",
  presetBefore: "Previous preset",
  presetAfter: "Next preset",
  autoWindow: "Automatic window",
  keysChange: "Change",
  keysPress: "Press a key; Esc leaves it",
  keysTaken: "{key} is taken by “{name}”. Press another key.",
  keysChanged: "{key}: {name}",
  keysReset: "All keys as they were",
  keysRestored: "All keys are as they were at first.",
};

/** @typedef {keyof typeof ENGLISH} StringKey */
/** @typedef {(key: StringKey, values?: Record<string, string|number>) => string} Translate */

/**
 * @param {Partial<Record<StringKey, string>>} replaced
 * @returns {Translate}
 */
export function translator(replaced = {}) {
  return (key, values = {}) => {
    const text = typeof replaced[key] === "string" ? /** @type {string} */ (replaced[key]) : ENGLISH[key];
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };
}

/** The page's own words, when it has some. @returns {Partial<Record<StringKey, string>>} */
export function pageStrings() {
  const element = document.getElementById("viewer-strings");
  if (!element?.textContent) return {};
  return JSON.parse(element.textContent);
}
