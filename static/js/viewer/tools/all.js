import { freehandTool, pointsTool, polygonTool } from "./draw.js";
import { locateTool, magnifierTool, panTool, regionTool, scrollTool, windowTool, zoomTool } from "./navigate.js";
import { selectTool } from "./select.js";

/**
 * @param {import("../types.js").Host} host
 * @returns {Record<string, import("../types.js").Tool>}
 */
export function createTools(host) {
  const points = pointsTool(host);
  const polygon = polygonTool(host);
  return {
    window: windowTool(host),
    scroll: scrollTool(host),
    pan: panTool(host),
    zoom: zoomTool(host),
    magnifier: magnifierTool(host),
    region: regionTool(host),
    locate: locateTool(host),
    select: selectTool(host),
    polygon,
    polyline: polygon,
    freehand: freehandTool(host),
    point: points,
    text: points,
    box: points,
    "rotated-box": points,
    ellipse: points,
    circle: points,
    length: points,
    arrow: points,
    bidirectional: points,
    angle: points,
    cobb: points,
  };
}
