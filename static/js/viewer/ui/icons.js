import { svg } from "./dom.js";

/** Outlines on a grid of 24, drawn for this viewer. */
const PATHS = {
  window: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 3v18M12 7h5.5M12 11h8.8M12 15h8.2M12 18.500h6",
  scroll: "M6 8h12v12H6zM8.500 5.500h7M10 3h4M12 11v6m-2.500-2.500L12 17l2.500-2.500",
  pan: "M12 3v18M3 12h18M12 3l-3 3m3-3l3 3M12 21l-3-3m3 3l3-3M3 12l3-3m-3 3l3 3M21 12l-3-3m3 3l-3 3",
  zoom: "M10.500 4a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13M15.500 15.500L21 21M10.500 7.500v6M7.500 10.500h6",
  select: "M6 3.500l13 8l-6 1.500l-3 6z",
  point: "M12 8.500a3.500 3.500 0 1 0 0 7a3.500 3.500 0 1 0 0-7M12 2.500v3.500M12 18v3.500M2.500 12h3.500M18 12h3.500",
  box: "M4.500 6h15v12h-15z",
  ellipse: "M12 5.500c5 0 9 2.900 9 6.500s-4 6.500-9 6.500s-9-2.900-9-6.500s4-6.500 9-6.500z",
  polygon: "M12 3.500l8.500 6.500l-3.500 10H7L3.500 10z",
  freehand: "M4 17c-2-6 2-12 7-12c4 0 3 4 6 4c3 0 4 3 3 6c-1 4-6 5-8 3c-2-2-6 2-8-1z",
  text: "M5 6.500V4.500h14v2M12 4.500v15M9 19.500h6",
  arrow: "M4 20L20 4M11 4h9v9",
  "rotated-box": "M13.500 3.500l7 7l-10 10l-7-7z",
  circle: "M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16",
  polyline: "M3.500 18l5-10l6 6l6-9",
  bidirectional: "M4 18L20 6M8.500 6.500l7 11",
  angle: "M20 19H4L16 5M11 19a7 7 0 0 0-2.400-5.300",
  cobb: "M3 6l18 3M3 19l18-5M14 8v8",
  mask: "M5 8h4V5h7v3h3v8h-4v3H8v-3H5z",
  moreDraw: "M4 4h6v6H4zM17 4a3 3 0 1 0 0 6a3 3 0 1 0 0-6M4 20l4-6l4 6zM17 14v6M14 17h6",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  copy: "M8 8h11v12H8zM5 16V4h11",
  duplicate: "M8 8h11v12H8zM5 16V4h11M13.500 11.500v5M11 14h5",
  copyBefore: "M8 12h11v8H8zM12 9V3M9.500 5.500L12 3l2.500 2.500",
  copyAfter: "M8 4h11v8H8zM12 15v6M9.500 18.500L12 21l2.500-2.500",
  simplify: "M3 17l4-9l3 6l4-9l3 8l4-4M3 21h18",
  union: "M4 4h10v6h6v10H10v-6H4z",
  subtract: "M4 4h10v5M4 4v10h5M10 10h10v10H10z",
  selectAll: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8.500 8.500h7v7h-7z",
  shapeLeft: "M6.500 17.500a7 7 0 1 1 11 0M6.500 17.500v-4.500M6.500 17.500h4.500",
  shapeRight: "M17.500 17.500a7 7 0 1 0-11 0M17.500 17.500v-4.500M17.500 17.500h-4.500",
  several: "M4 5h9v9H4zM16 8h4v12H8v-3",
  length: "M4 16L16 4l4 4L8 20zM7 13l2 2M10 10l2.500 2.500M13 7l2 2",
  invert: "M12 3.500a8.500 8.500 0 1 0 0 17a8.500 8.500 0 1 0 0-17M12 3.500v17M12 6.500l5.500 11M12 11l4.500 8M13.500 4l6.500 12",
  auto: "M4 20l9-9M15 4v3M15 11v3M10 9h3M17 9h3M18.500 5.500l-1.500 1.500",
  smooth: "M3 15c3-8 6-8 9-3s6 5 9-3",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M9 9h6v6H9z",
  actual: "M5 8l2.500-2v12M16 8l2.500-2v12M12 9.500v.100M12 14.500v.100",
  palette: "M12 3a9 9 0 1 0 0 18c1.800 0 2-1.300 1.300-2.300c-.900-1.300 0-2.700 1.500-2.700H17a4 4 0 0 0 4-4c0-5-4-9-9-9M7.500 12v.100M9.500 8v.100M14 7v.100M17 10.500v.100",
  region: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M12 8v8M12 8a4 4 0 0 1 0 8",
  turnLeft: "M4 12a8 8 0 1 0 3-6.200M7 2v4.500h4.500M9 10h6v6H9z",
  turnRight: "M20 12a8 8 0 1 1-3-6.200M17 2v4.500h-4.500M9 10h6v6H9z",
  flipSides: "M12 3v18M9 7v10H3zM15 7v10h6z",
  flipEnds: "M3 12h18M7 9h10V3zM7 15h10v6z",
  more: "M5 12v.100M12 12v.100M19 12v.100",
  zoomIn: "M12 5v14M5 12h14",
  zoomOut: "M5 12h14",
  undo: "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "M15 14l5-5l-5-5M20 9H10a6 6 0 0 0 0 12h3",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5",
  fullscreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  help: "M9 9a3 3 0 1 1 4.500 2.600c-1 .600-1.500 1.200-1.500 2.400M12 17.500v.100M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18",
  eye: "M2.500 12c3-5 6-7 9.500-7s6.500 2 9.500 7c-3 5-6 7-9.500 7s-6.500-2-9.500-7zM12 9.500a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name */
export function icon(name) {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: "viewer-icon", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] }),
  );
}
