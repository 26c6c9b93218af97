/**
 * Lines: distances, simpler ones, points that repeat.
 * @typedef {import("../types.js").Point} Point
 */

/**
 * @param {Point} p
 * @param {Point} a
 * @param {Point} b
 */
export function segmentDistance(p, a, b) {
  const [x, y] = nearestOnSegment(p, a, b);
  return Math.hypot(p[0] - x, p[1] - y);
}

/**
 * @param {Point} p
 * @param {Point} a
 * @param {Point} b
 * @returns {Point}
 */
export function nearestOnSegment(p, a, b) {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared;
  const t = Math.min(Math.max(along, 0), 1);
  return [a[0] + t * dx, a[1] + t * dy];
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

/**
 * Simpler closed outline: opened at its first corner and at the one farthest from it, which both stay.
 * @param {Point[]} ring
 * @param {number} tolerance pixels
 * @returns {Point[]}
 */
export function simplifyRing(ring, tolerance) {
  if (ring.length < 5) return ring.slice();
  let far = 0;
  let most = -1;
  ring.forEach(([x, y], i) => {
    const distance = Math.hypot(x - ring[0][0], y - ring[0][1]);
    if (distance > most) [far, most] = [i, distance];
  });
  const there = simplify(ring.slice(0, far + 1), tolerance);
  const back = simplify([...ring.slice(far), ring[0]], tolerance);
  return [...there.slice(0, -1), ...back.slice(0, -1)];
}

/** Vertices that repeat their neighbour say nothing. @param {Point[]} points @returns {Point[]} */
export function withoutRepeats(points) {
  const kept = points.filter((p, i) => i === 0 || p[0] !== points[i - 1][0] || p[1] !== points[i - 1][1]);
  const last = kept[kept.length - 1];
  if (kept.length > 1 && last[0] === kept[0][0] && last[1] === kept[0][1]) kept.pop();
  return kept;
}
