/**
 * Shapes as numbers; nothing here knows a page. One door for all of `geometry/`.
 */
export { handles, gripPoints, insertVertex, moveHandle, removeVertex, snap, translate, boxOver, roundCorner } from "./geometry/edit.js";
export { hit, insideRing } from "./geometry/hit.js";
export { NEEDED, bounds, clampPoint, extent, isClosed, isMany, isPath, isPlace, isRing, isRound, isTurned, outline, semiAxes, strokes } from "./geometry/kinds.js";
export { segmentDistance, simplify, simplifyRing, withoutRepeats } from "./geometry/lines.js";
export { area, axes, degrees, isDegenerate, measureText, perimeter, sizeText } from "./geometry/measure.js";
export { maskPaths, maskRuns, pixelRuns } from "./geometry/runs.js";
export { boundsOf, canResize, canTurn, onImage, rotate, stretch } from "./geometry/transform.js";
