import assert from "node:assert/strict";
import { test } from "node:test";

import { take } from "../../static/js/viewer/masks/bitmap.js";
import { grow, hole, wand } from "../../static/js/viewer/masks/grow.js";
import { between, signedDistance, squaredDistance } from "../../static/js/viewer/masks/interpolate.js";
import { masksBetween, sharesBetween } from "../../static/js/viewer/masks/slices.js";
import { Wire, costs } from "../../static/js/viewer/masks/wire.js";

function picture(...lines) {
  return Uint8Array.from(lines.join(""), (sign) => Number(sign === "#"));
}

function count(bitmap) {
  return bitmap.reduce((sum, value) => sum + (value ? 1 : 0), 0);
}

/** A disc on an image of one side length. */
function disc(side, cx, cy, radius, inside = 1) {
  return Int16Array.from({ length: side * side }, (_, i) => (Math.hypot((i % side) + 0.5 - cx, Math.floor(i / side) + 0.5 - cy) <= radius ? inside : 0));
}

test("a region grows over sides and not over corners", () => {
  const ground = picture("##..", "##..", "..##");
  const found = grow(4, 3, 0, (i) => ground[i] === 1);
  assert.deepEqual([found.count, found.edge, found.dirty], [4, true, { x0: 0, y0: 0, x1: 2, y1: 2 }]);
  assert.equal(grow(4, 3, 2, (i) => ground[i] === 1), null);
});

test("a hole is filled; an open one and the mask itself are not", () => {
  const ring = picture(".....", ".###.", ".#.#.", ".###.", ".....");
  const found = hole(ring, 5, 12);
  assert.deepEqual([...found.touched.keys()].filter((i) => found.touched[i]), [12]);
  assert.equal(hole(ring, 5, 0), null);
  assert.equal(hole(ring, 5, 6), null);
  const open = picture(".....", ".###.", ".#.#.", ".#.#.", ".....");
  assert.equal(hole(open, 5, 12), null);
});

test("the wand takes what is alike and near", () => {
  const image = disc(40, 20, 20, 10, 100);
  const whole = wand(image, 40, 40, [20, 20], { tolerance: 10, reach: 40, aspect: 1 });
  assert.equal(whole.count, count(image));
  const near = wand(image, 40, 40, [20, 20], { tolerance: 10, reach: 4, aspect: 1 });
  assert.ok(near.count < whole.count && near.count > 40);
  assert.deepEqual(near.dirty, { x0: 16, y0: 16, x1: 25, y1: 25 });
  // Rows that are twice as far apart are reached half as far.
  assert.deepEqual(wand(image, 40, 40, [20, 20], { tolerance: 10, reach: 4, aspect: 2 }).dirty, { x0: 16, y0: 18, x1: 25, y1: 23 });
  // A speck that differs from all its neighbours is still what was pointed at.
  const speck = Int16Array.from({ length: 81 }, (_, i) => (i === 40 ? 900 : 0));
  assert.equal(wand(speck, 9, 9, [4, 4], { tolerance: 1, reach: 9, aspect: 1 }).count, 1);
  assert.equal(wand(image, 40, 40, [20, 20], { tolerance: 200, reach: 400, aspect: 1 }).count, 1600);
});

test("distances are exact", () => {
  const [width, height, aspect] = [23, 17, 1.7];
  let seed = 7;
  const bitmap = Uint8Array.from({ length: width * height }, () => {
    seed = (seed * 48271) % 2147483647;
    return Number(seed % 11 === 0);
  });
  const found = squaredDistance(bitmap, width, height, 1, aspect);
  for (let i = 0; i < bitmap.length; i++) {
    let least = Infinity;
    bitmap.forEach((value, j) => {
      if (value) least = Math.min(least, ((i % width) - (j % width)) ** 2 + (aspect * (Math.floor(i / width) - Math.floor(j / width))) ** 2);
    });
    assert.ok(Math.abs(found[i] - least) < 1e-9);
  }
  const signed = signedDistance(picture("...", ".#.", "..."), 3, 3, 1);
  assert.deepEqual([signed[4], signed[3]], [-0.5, 0.5]);
});

test("between a small and a large disc lies one of the mean radius", () => {
  const [a, b] = [Uint8Array.from(disc(64, 32, 32, 8)), Uint8Array.from(disc(64, 32, 32, 24))];
  const steps = between(a, b, 64, 64, [0.25, 0.5, 0.75], 1);
  const radii = steps.map((bitmap) => Math.sqrt(count(bitmap) / Math.PI));
  [12, 16, 20].forEach((radius, i) => assert.ok(Math.abs(radii[i] - radius) < 0.6, `${radii[i]} is not ${radius}`));
  assert.deepEqual(between(a, a, 64, 64, [0.5], 1)[0], a);
});

test("gaps between images with masks of one label are filled", () => {
  const frames = Array.from({ length: 8 }, () => ({ rows: 64, columns: 64 }));
  const whole = { x0: 0, y0: 0, x1: 64, y1: 64 };
  const mask = (id, frame, label, bitmap) => ({ id, kind: "mask", frame, label, ...take(Uint8Array.from(bitmap), 64, whole) });
  const shapes = [
    mask("b", 5, "Liver", disc(64, 32, 32, 20)), mask("a", 1, "Liver", disc(64, 30, 30, 10)),
    mask("c", 6, "Liver", disc(64, 32, 32, 20)), mask("d", 3, "Cyst", disc(64, 10, 10, 3)),
    { id: "e", kind: "box", frame: 3, label: "Liver", points: [[1, 1], [5, 5]] },
  ];
  const made = masksBetween(shapes, "Liver", frames, 1);
  assert.deepEqual(made.map(({ frame, label, kind }) => [frame, label, kind]), [2, 3, 4].map((frame) => [frame, "Liver", "mask"]));
  const sizes = made.map(({ counts }) => counts.reduce((sum, n, i) => sum + (i % 2 ? n : 0), 0));
  assert.ok(sizes[0] < sizes[1] && sizes[1] < sizes[2]);
  assert.equal(new Set(made.map(({ id }) => id)).size, 3);
  assert.deepEqual(masksBetween(shapes, "Cyst", frames, 1), []);
  assert.deepEqual(masksBetween(shapes.slice(0, 2), "Liver", frames.map((frame, i) => (i === 1 ? { rows: 32, columns: 64 } : frame)), 1), []);
});

test("a way along an edge follows it, though the straight one is shorter", () => {
  const side = 120;
  const image = disc(side, 60, 60, 40, 1000);
  const wire = new Wire(image, side, side, [100, 60], 256);
  const way = wire.path([60, 20]);
  assert.deepEqual([way[0], way.at(-1)], [[100.5, 60.5], [60.5, 20.5]]);
  for (const [x, y] of way) assert.ok(Math.abs(Math.hypot(x - 60, y - 60) - 40) < 2.5, `${x} ${y}`);
  // Each step goes to a neighbour.
  for (let i = 1; i < way.length; i++) assert.equal(Math.max(Math.abs(way[i][0] - way[i - 1][0]), Math.abs(way[i][1] - way[i - 1][1])), 1);
});

test("a wire grows no further than it is asked, and no cheaper way exists", () => {
  const side = 64;
  let seed = 11;
  const image = Int16Array.from({ length: side * side }, () => {
    seed = (seed * 48271) % 2147483647;
    return seed % 1000;
  });
  const wire = new Wire(image, side, side, [5, 5], 256);
  wire.path([8, 8]);
  assert.ok(count(wire.settled) < 600);
  wire.path([60, 60]);
  const found = wire.distance[60 * side + 60];
  // Bellman and Ford: dear, but with nothing to get wrong.
  const cost = costs(image, side, side, { x0: 0, y0: 0, width: side, height: side });
  const least = new Float64Array(side * side).fill(Infinity);
  least[5 * side + 5] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < least.length; i++) {
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, 1], [1, -1], [-1, -1]]) {
        const [x, y] = [(i % side) + dx, Math.floor(i / side) + dy];
        if (x < 0 || y < 0 || x >= side || y >= side) continue;
        const next = least[y * side + x] + (dx && dy ? Math.round(cost[i] * Math.SQRT2) : cost[i]);
        if (next < least[i]) {
          least[i] = next;
          changed = true;
        }
      }
    }
  }
  assert.equal(found, least[60 * side + 60]);
});

test("a window at the edge of the image, and a target beside it, are taken as far as they go", () => {
  const image = disc(50, 25, 25, 12, 500);
  const wire = new Wire(image, 50, 50, [2, 2], 10);
  assert.deepEqual([wire.x0, wire.y0, wire.width, wire.height], [0, 0, 12, 12]);
  assert.deepEqual(wire.path([40, 5]).at(-1), [11.5, 5.5]);
  assert.deepEqual(new Wire(image, 50, 50, [3, 4]).path([3, 4]), [[3.5, 4.5]]);
});

test("slices between two count by their places, not by their numbers", () => {
  const axial = [1, 0, 0, 0, 1, 0];
  const at = (/** @type {number[]} */ places, orientation = axial) => places.map((z) => ({ position: [5, 6, z], orientation }));
  assert.deepEqual(sharesBetween(at([0, 1, 2, 10]), 0, 3), [0.1, 0.2]);
  assert.deepEqual(sharesBetween(at([10, 8, 0]), 0, 2), [0.2], "from head to foot as well");
  assert.deepEqual(sharesBetween(at([7, 0, 3, 4]), 1, 3), [0.75]);
  assert.deepEqual(sharesBetween(at([0, 5, 5, 10]), 0, 3), [1 / 3, 2 / 3], "two in one place: no order to go by");
  assert.deepEqual(sharesBetween([{}, {}, {}].map(() => ({ position: null, orientation: null })), 0, 2), [0.5]);
});
