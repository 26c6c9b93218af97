/**
 * Intelligent scissors: the cheapest way between two pixels, where edges are cheap. Pure. E. Mortensen, W. Barrett,
 * Interactive Segmentation with Intelligent Scissors, Graphical Models and Image Processing 60 (1998),
 * doi:10.1006/gmip.1998.0480; of its costs the strength of the gradient is used.
 * @typedef {import("../types.js").Pixels} Pixels
 */

/** The dearest step over a pixel; whole numbers, so that the queue can be an array of lists. */
const DEAR = 100;
/** A way along an edge must be worth a detour, but no step may be free. */
const LEAST = 2;
const DIAGONAL = Math.SQRT2;
/** Neighbours: the four at the sides, then the four at the corners. */
const DX = [1, -1, 0, 0, 1, -1, 1, -1];
const DY = [0, 0, 1, -1, 1, 1, -1, -1];
/** What a cost is over a corner. */
const slant = Uint8Array.from({ length: DEAR + 1 }, (_, cost) => Math.round(cost * DIAGONAL));

/**
 * What it costs to go over each pixel of a window: little where values change fast.
 * @param {Pixels} pixels
 * @param {number} columns of the image
 * @param {number} rows
 * @param {{x0: number, y0: number, width: number, height: number}} part window within the image
 * @returns {Uint8Array} 2 to 100
 */
export function costs(pixels, columns, rows, { x0, y0, width, height }) {
  const strength = new Float32Array(width * height);
  let most = 0;
  const last = columns - 1;
  for (let j = 0; j < height; j++) {
    // Beyond its edge the image goes on as it ends.
    const above = Math.max(y0 + j - 1, 0) * columns;
    const here = (y0 + j) * columns;
    const below = Math.min(y0 + j + 1, rows - 1) * columns;
    for (let i = 0; i < width; i++) {
      const x = x0 + i;
      const left = x > 0 ? x - 1 : 0;
      const right = x < last ? x + 1 : last;
      const rising = pixels[below + right] - pixels[above + left];
      const falling = pixels[above + right] - pixels[below + left];
      const gx = rising + falling + 2 * (pixels[here + right] - pixels[here + left]);
      const gy = rising - falling + 2 * (pixels[below + x] - pixels[above + x]);
      const value = Math.sqrt(gx * gx + gy * gy);
      strength[j * width + i] = value;
      if (value > most) most = value;
    }
  }
  // The root lifts weak edges beside a bone that outshines them.
  const cost = new Uint8Array(strength.length).fill(DEAR);
  if (most > 0) for (let i = 0; i < cost.length; i++) cost[i] = Math.round(LEAST + (DEAR - LEAST) * (1 - Math.sqrt(strength[i] / most)));
  return cost;
}

/** Cheapest ways from one pixel, found as far as they are asked for. */
export class Wire {
  /**
   * @param {Pixels} pixels of an image with one value a pixel
   * @param {number} columns
   * @param {number} rows
   * @param {[number, number]} seed column and row
   * @param {number} [half] the window goes so far to each side
   */
  constructor(pixels, columns, rows, [sx, sy], half = 256) {
    this.x0 = Math.max(0, sx - half);
    this.y0 = Math.max(0, sy - half);
    this.width = Math.min(columns, sx + half) - this.x0;
    this.height = Math.min(rows, sy + half) - this.y0;
    const count = this.width * this.height;
    this.cost = costs(pixels, columns, rows, this);
    this.distance = new Uint32Array(count).fill(0xffffffff);
    this.from = new Int32Array(count).fill(-1);
    this.settled = new Uint8Array(count);
    // Dial's queue: what waits differs by less than the dearest step, so a ring of lists is enough.
    /** @type {number[][]} */
    this.ring = Array.from({ length: Math.ceil(DEAR * DIAGONAL) + 2 }, () => []);
    this.now = 0;
    this.waiting = 1;
    const seed = (sy - this.y0) * this.width + sx - this.x0;
    this.distance[seed] = 0;
    this.ring[0].push(seed);
  }

  /** @param {number} target */
  expand(target) {
    const { ring, width, height, cost, distance, from, settled } = this;
    while (this.waiting > 0 && !settled[target]) {
      const list = ring[this.now % ring.length];
      const i = list.pop();
      if (i === undefined) {
        this.now += 1;
        continue;
      }
      this.waiting -= 1;
      if (settled[i]) continue;
      settled[i] = 1;
      const x = i % width;
      const y = (i - x) / width;
      for (let k = 0; k < 8; k++) {
        const nx = x + DX[k];
        const ny = y + DY[k];
        if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
        const next = ny * width + nx;
        if (settled[next]) continue;
        const reached = distance[i] + (k < 4 ? cost[next] : slant[cost[next]]);
        if (reached >= distance[next]) continue;
        distance[next] = reached;
        from[next] = i;
        ring[reached % ring.length].push(next);
        this.waiting += 1;
      }
    }
  }

  /**
   * The way from the seed to a pixel; one outside of the window is taken to its edge.
   * @param {[number, number]} target column and row
   * @returns {[number, number][]} centres of pixels, seed first
   */
  path([x, y]) {
    const column = Math.min(Math.max(x - this.x0, 0), this.width - 1);
    const row = Math.min(Math.max(y - this.y0, 0), this.height - 1);
    const target = row * this.width + column;
    this.expand(target);
    /** @type {[number, number][]} */
    const way = [];
    for (let i = target; i >= 0; i = this.from[i]) way.push([this.x0 + (i % this.width) + 0.5, this.y0 + Math.floor(i / this.width) + 0.5]);
    return way.reverse();
  }
}
