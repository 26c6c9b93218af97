/**
 * Measures and edits of shapes; nothing here knows a page. The numbers agree with cases/geometry in Python:
 * both suites read tests/js/fixtures/geometry.json.
 *
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").Point} Point
 * @typedef {import("./types.js").Spacing} Spacing
 */

/** @param {Point[]} points */
export function bounds(points) {
  let x0 = Infinity;
  let y0 = Infinity;
  let x1 = -Infinity;
  let y1 = -Infinity;
  for (const [x, y] of points) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return { x0, y0, x1, y1 };
}

/** @param {Shape} shape */
export function isClosed(shape) {
  return shape.kind !== "point" && shape.kind !== "length";
}

/** @param {Shape} shape */
function isRing(shape) {
  return shape.kind === "polygon" || shape.kind === "freehand";
}

/** @param {Point[]} points */
function shoelace(points) {
  let sum = 0;
  for (let i = 0; i < points.length; i++) {
    const [x1, y1] = points[i];
    const [x2, y2] = points[(i + 1) % points.length];
    sum += x1 * y2 - x2 * y1;
  }
  return Math.abs(sum) / 2;
}

/**
 * Area in square pixels, or in square millimetres when the spacing is given. A point and a length have none.
 * @param {Shape} shape
 * @param {Spacing} spacing
 */
export function area(shape, spacing = null) {
  if (!isClosed(shape)) return 0;
  const unit = spacing ? spacing[0] * spacing[1] : 1;
  if (isRing(shape)) return shoelace(shape.points) * unit;
  const { x0, y0, x1, y1 } = bounds(shape.points);
  const box = (x1 - x0) * (y1 - y0);
  return (shape.kind === "ellipse" ? (box * Math.PI) / 4 : box) * unit;
}

/**
 * Circumference by the arithmetic-geometric mean (Abramowitz & Stegun 17.6), exact to the last digits.
 * @param {number} a
 * @param {number} b
 */
function ellipsePerimeter(a, b) {
  let [x, y] = a > b ? [a, b] : [b, a];
  if (y === 0) return 4 * x;
  let sum = x * x;
  let factor = 0.5;
  let gap = x * x - y * y;
  for (let i = 0; i < 40 && Math.abs(gap) > 1e-16 * x * x; i++) {
    sum -= factor * gap;
    const half = (x - y) / 2;
    [x, y] = [(x + y) / 2, Math.sqrt(x * y)];
    gap = half * half;
    factor *= 2;
  }
  sum -= factor * gap;
  return (2 * Math.PI * sum) / x;
}

/**
 * Length of the outline; of the line itself for a length. Pixels, or millimetres when the spacing is given.
 * @param {Shape} shape
 * @param {Spacing} spacing
 */
export function perimeter(shape, spacing = null) {
  const [sy, sx] = spacing ?? [1, 1];
  const points = shape.points;
  if (shape.kind === "point") return 0;
  if (shape.kind === "length") {
    return Math.hypot((points[1][0] - points[0][0]) * sx, (points[1][1] - points[0][1]) * sy);
  }
  if (isRing(shape)) {
    let sum = 0;
    for (let i = 0; i < points.length; i++) {
      const next = points[(i + 1) % points.length];
      sum += Math.hypot((next[0] - points[i][0]) * sx, (next[1] - points[i][1]) * sy);
    }
    return sum;
  }
  const { x0, y0, x1, y1 } = bounds(points);
  const width = (x1 - x0) * sx;
  const height = (y1 - y0) * sy;
  return shape.kind === "box" ? 2 * (width + height) : ellipsePerimeter(width / 2, height / 2);
}

/** @param {number} value */
function pretty(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/**
 * What the list and the label beside a shape say: an area, a length, or nothing for a point.
 * @param {Shape} shape
 * @param {Spacing} spacing
 */
export function measureText(shape, spacing) {
  if (shape.kind === "point") return "";
  if (shape.kind === "length") return `${pretty(perimeter(shape, spacing))} ${spacing ? "mm" : "px"}`;
  return `${pretty(area(shape, spacing))} ${spacing ? "mm²" : "px²"}`;
}

/**
 * True when the server would refuse the shape: it has no extent, or too few different points.
 * @param {Shape} shape
 */
export function isDegenerate(shape) {
  if (shape.kind === "point") return shape.points.length !== 1;
  if (shape.kind === "length") return shape.points.length !== 2 || perimeter(shape) < 1e-6;
  if (isRing(shape) && shape.points.length < 3) return true;
  if (!isRing(shape) && shape.points.length !== 2) return true;
  return area(shape) < 1e-6;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}

/**
 * A hundredth of a pixel is finer than any hand; rounding makes what the server returns equal to what was sent.
 * @param {Point} point
 * @param {number} rows
 * @param {number} columns
 * @returns {Point}
 */
export function clampPoint([x, y], rows, columns) {
  return [round(Math.min(Math.max(x, 0), columns)), round(Math.min(Math.max(y, 0), rows))];
}

/**
 * Move a whole shape, as far as the image allows, without bending it.
 * @param {Shape} shape
 * @param {number} dx
 * @param {number} dy
 * @param {number} rows
 * @param {number} columns
 * @returns {Shape}
 */
export function translate(shape, dx, dy, rows, columns) {
  const { x0, y0, x1, y1 } = bounds(shape.points);
  const mx = Math.min(Math.max(dx, -x0), columns - x1);
  const my = Math.min(Math.max(dy, -y0), rows - y1);
  return { ...shape, points: shape.points.map(([x, y]) => /** @type {Point} */ ([round(x + mx), round(y + my)])) };
}

/**
 * The places where a shape can be taken hold of.
 * @param {Shape} shape
 * @returns {Point[]}
 */
export function handles(shape) {
  if (shape.kind !== "box" && shape.kind !== "ellipse") return shape.points;
  const { x0, y0, x1, y1 } = bounds(shape.points);
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

/**
 * Handles that are shown: a contour drawn by hand has hundreds of corners, dots on all would hide what it surrounds.
 * @param {Shape} shape
 */
export function gripPoints(shape) {
  return shape.kind === "freehand" && shape.points.length > 120 ? [] : handles(shape);
}

/**
 * @param {Shape} shape
 * @param {number} index of `handles(shape)`
 * @param {Point} point
 * @returns {Shape}
 */
export function moveHandle(shape, index, point) {
  if (shape.kind === "box" || shape.kind === "ellipse") {
    const opposite = handles(shape)[(index + 2) % 4];
    return { ...shape, points: [opposite, point] };
  }
  return { ...shape, points: shape.points.map((old, i) => (i === index ? point : old)) };
}

/**
 * @param {Shape} shape
 * @param {number} index
 * @returns {Shape} the same shape when a vertex may not be taken away
 */
export function removeVertex(shape, index) {
  if (!isRing(shape) || shape.points.length <= 3) return shape;
  const next = { ...shape, points: shape.points.filter((_, i) => i !== index) };
  return isDegenerate(next) ? shape : next;
}

/**
 * @param {Point} p
 * @param {Point} a
 * @param {Point} b
 */
export function segmentDistance(p, a, b) {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared;
  const t = Math.min(Math.max(along, 0), 1);
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

/**
 * Put a vertex on the edge nearest to the point.
 * @param {Shape} shape
 * @param {Point} point
 * @param {number} tolerance
 * @returns {Shape} the same shape when no edge is that near
 */
export function insertVertex(shape, point, tolerance) {
  if (!isRing(shape)) return shape;
  let best = -1;
  let near = tolerance;
  shape.points.forEach((a, i) => {
    const distance = segmentDistance(point, a, shape.points[(i + 1) % shape.points.length]);
    if (distance <= near) {
      near = distance;
      best = i;
    }
  });
  if (best < 0) return shape;
  const points = shape.points.slice();
  points.splice(best + 1, 0, point);
  return { ...shape, points };
}

/**
 * @param {Point[]} points
 * @param {Point} p
 */
export function insideRing(points, [x, y]) {
  let inside = false;
  for (let i = 0; i < points.length; i++) {
    const a = points[i];
    const b = points[(i + 1) % points.length];
    if (a[1] <= y !== b[1] <= y && crossing(a, b, y) > x) inside = !inside;
  }
  return inside;
}

/**
 * Where an edge meets a horizontal line; the lower end first, so that two neighbours agree on a shared edge.
 * @param {Point} a
 * @param {Point} b
 * @param {number} y
 */
function crossing(a, b, y) {
  const [low, high] = a[1] < b[1] ? [a, b] : [b, a];
  return low[0] + ((y - low[1]) * (high[0] - low[0])) / (high[1] - low[1]);
}

/**
 * How far a point is from being on the shape: 0 on the outline or, less attractive, inside it.
 * @param {Shape} shape
 * @param {Point} p
 * @returns {{outline: number, inside: boolean}}
 */
export function hit(shape, p) {
  const points = shape.points;
  if (shape.kind === "point") {
    return { outline: Math.hypot(p[0] - points[0][0], p[1] - points[0][1]), inside: false };
  }
  if (shape.kind === "length") return { outline: segmentDistance(p, points[0], points[1]), inside: false };
  const ring = outline(shape);
  let nearest = Infinity;
  ring.forEach((a, i) => {
    nearest = Math.min(nearest, segmentDistance(p, a, ring[(i + 1) % ring.length]));
  });
  return { outline: nearest, inside: insideRing(ring, p) };
}

/**
 * The closed outline as vertices; an ellipse gets 64 of them.
 * @param {Shape} shape
 * @returns {Point[]}
 */
export function outline(shape) {
  if (isRing(shape)) return shape.points;
  if (shape.kind === "box") return handles(shape);
  const { x0, y0, x1, y1 } = bounds(shape.points);
  return Array.from({ length: 64 }, (_, i) => {
    const angle = (i * Math.PI) / 32;
    return [(x0 + x1) / 2 + ((x1 - x0) / 2) * Math.cos(angle), (y0 + y1) / 2 + ((y1 - y0) / 2) * Math.sin(angle)];
  });
}

/**
 * Ramer-Douglas-Peucker with an explicit stack: a long contour must not exhaust the call stack.
 * @param {Point[]} points an open line
 * @param {number} tolerance pixels
 * @returns {Point[]}
 */
export function simplify(points, tolerance) {
  if (points.length < 3) return points.slice();
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  /** @type {[number, number][]} */
  const stack = [[0, points.length - 1]];
  for (let span = stack.pop(); span; span = stack.pop()) {
    const [first, last] = span;
    let far = -1;
    let worst = tolerance;
    for (let i = first + 1; i < last; i++) {
      const distance = segmentDistance(points[i], points[first], points[last]);
      if (distance > worst) {
        worst = distance;
        far = i;
      }
    }
    if (far > 0) {
      keep[far] = 1;
      stack.push([first, far], [far, last]);
    }
  }
  return points.filter((_, i) => keep[i]);
}

/** Vertices that repeat their neighbour say nothing. @param {Point[]} points @returns {Point[]} */
export function withoutRepeats(points) {
  const kept = points.filter((p, i) => i === 0 || p[0] !== points[i - 1][0] || p[1] !== points[i - 1][1]);
  const last = kept[kept.length - 1];
  if (kept.length > 1 && last[0] === kept[0][0] && last[1] === kept[0][1]) kept.pop();
  return kept;
}

/**
 * Runs of pixels whose centres lie inside: [row, first column, column after the last].
 * @param {Shape} shape
 * @param {number} rows
 * @param {number} columns
 * @returns {[number, number, number][]}
 */
export function pixelRuns(shape, rows, columns) {
  if (!isClosed(shape)) return [];
  const { x0, y0, x1, y1 } = bounds(shape.points);
  /** @type {[number, number, number][]} */
  const runs = [];
  const ring = shape.kind === "ellipse" ? [] : outline(shape);
  for (let row = Math.max(0, Math.floor(y0)); row < Math.min(rows, Math.ceil(y1) + 1); row++) {
    const y = row + 0.5;
    /** @type {number[]} */
    let xs = [];
    if (shape.kind === "ellipse") {
      const v = (y - (y0 + y1) / 2) / ((y1 - y0) / 2);
      const first = Math.max(0, Math.floor(x0));
      const inside = [];
      for (let c = first; c < Math.min(columns, Math.ceil(x1) + 1); c++) {
        const u = (c + 0.5 - (x0 + x1) / 2) / ((x1 - x0) / 2);
        if (u * u + v * v <= 1) inside.push(c);
      }
      if (inside.length) runs.push([row, inside[0], inside[inside.length - 1] + 1]);
      continue;
    }
    ring.forEach((a, i) => {
      const b = ring[(i + 1) % ring.length];
      if (a[1] <= y !== b[1] <= y) xs.push(crossing(a, b, y));
    });
    xs = xs.sort((a, b) => a - b);
    for (let i = 0; i + 1 < xs.length; i += 2) {
      const first = Math.max(0, Math.ceil(xs[i] - 0.5));
      const after = Math.min(columns, Math.ceil(xs[i + 1] - 0.5));
      if (after > first) runs.push([row, first, after]);
    }
  }
  return runs;
}
