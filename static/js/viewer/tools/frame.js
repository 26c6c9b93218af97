/**
 * The frame around selected shapes: corners to resize by, a knob to turn by. It lives in css pixels, a little off the
 * shapes, so that it never lies on their own handles. Pure: the overlay draws it and the tool takes hold of it.
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").View} View
 * @typedef {{at: Point, corner: Point, opposite: Point}} FrameCorner `at` in css pixels, the others in image pixels
 * @typedef {{corners: FrameCorner[], resizes: boolean, knob: Point|null, middle: Point, foot: Point}} SelectionFrame
 */
import { boundsOf, canResize, canTurn } from "../geometry.js";
import { toScreen } from "../viewport.js";

const OFF = 10;
const ARM = 24;

/**
 * @param {Shape[]} shapes selected ones on the shown image
 * @param {View} view
 * @param {number} aspect
 * @returns {SelectionFrame|null} null when they can neither be turned nor resized
 */
export function selectionFrame(shapes, view, aspect) {
  const resizes = canResize(shapes);
  const turns = canTurn(shapes);
  if (!resizes && !turns) return null;
  const { x0, y0, x1, y1 } = boundsOf(shapes);
  /** @type {Point[]} */
  const places = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  /** @type {Point} */
  const middle = [(x0 + x1) / 2, (y0 + y1) / 2];
  const seen = toScreen(view, aspect, middle);
  const corners = places.map((corner, i) => {
    const [x, y] = toScreen(view, aspect, corner);
    /** @type {Point} */
    const at = [x + OFF * side(x - seen[0], i === 1 || i === 2), y + OFF * side(y - seen[1], i > 1)];
    return { at, corner, opposite: places[(i + 2) % 4] };
  });
  const top = Math.min(...corners.map(({ at }) => at[1]));
  const bottom = Math.max(...corners.map(({ at }) => at[1]));
  // Above, or below where above lies outside of the stage.
  const above = top - ARM > 6;
  return {
    corners,
    resizes,
    knob: turns ? [seen[0], above ? top - ARM : bottom + ARM] : null,
    middle,
    foot: [seen[0], above ? top : bottom],
  };
}

/** A shape of no width still gets a frame with room inside. @param {number} way @param {boolean} last */
function side(way, last) {
  return Math.sign(way) || (last ? 1 : -1);
}
