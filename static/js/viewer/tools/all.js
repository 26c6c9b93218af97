import { cornersTool, freehandTool, polygonTool } from "./draw.js";
import { panTool, scrollTool, windowTool, zoomTool } from "./navigate.js";
import { selectTool } from "./select.js";

/**
 * @param {import("../types.js").Host} host
 * @returns {Record<string, import("../types.js").Tool>}
 */
export function createTools(host) {
  const corners = cornersTool(host);
  return {
    window: windowTool(host),
    scroll: scrollTool(host),
    pan: panTool(host),
    zoom: zoomTool(host),
    select: selectTool(host),
    polygon: polygonTool(host),
    freehand: freehandTool(host),
    point: corners,
    box: corners,
    ellipse: corners,
    length: corners,
  };
}
