import assert from "node:assert/strict";
import { test } from "node:test";

import { maskRuns } from "../../static/js/viewer/geometry.js";
import { merged, put, take } from "../../static/js/viewer/masks/bitmap.js";
import { sweep } from "../../static/js/viewer/masks/brush.js";
import { BIGGEST, nextSize } from "../../static/js/viewer/tools/painted.js";

/** Pictures of masks: "#" is inside. */
function picture(...lines) {
  return Uint8Array.from(lines.join(""), (sign) => Number(sign === "#"));
}

function lines(bitmap, columns) {
  return Array.from({ length: bitmap.length / columns }, (_, row) => Array.from(bitmap.subarray(row * columns, (row + 1) * columns), (v) => (v ? "#" : ".")).join(""));
}

function mask(made) {
  return { id: "m", kind: "mask", frame: 0, label: "", ...made };
}

const round = (size, aspect = 1) => ({ size, square: false, aspect });

test("a bitmap becomes a mask and comes back", () => {
  const bitmap = picture("......", ".##.#.", "..###.", "......");
  const made = take(bitmap, 6, { x0: 0, y0: 0, x1: 6, y1: 4 });
  assert.deepEqual(made, { points: [[1, 1], [5, 3]], counts: [0, 2, 1, 1, 1, 3] });
  const back = new Uint8Array(24);
  put(back, 6, mask(made), 1);
  assert.deepEqual(back, bitmap);
  assert.equal(maskRuns(mask(made)).length, 3);
  assert.equal(take(bitmap, 6, { x0: 0, y0: 3, x1: 6, y1: 4 }), null);
});

test("only the rectangle that is asked for is taken", () => {
  const bitmap = picture("#....#", "..##..");
  assert.deepEqual(take(bitmap, 6, { x0: 1, y0: 0, x1: 5, y1: 2 }), { points: [[2, 1], [4, 2]], counts: [0, 2] });
});

test("touched pixels come to a mask or leave it; the mask itself stays as it was", () => {
  const start = mask(take(picture("......", ".##...", "......"), 6, { x0: 0, y0: 0, x1: 6, y1: 3 }));
  const touched = picture("......", "..###.", "......");
  const dirty = { x0: 2, y0: 1, x1: 5, y1: 2 };
  const more = merged(start, touched, 6, dirty, true);
  assert.deepEqual([more.points, more.counts], [[[1, 1], [5, 2]], [0, 4]]);
  const less = merged(start, touched, 6, dirty, false);
  assert.deepEqual([less.points, less.counts], [[[1, 1], [2, 2]], [0, 1]]);
  assert.equal(merged(less, touched, 6, dirty, false), less);
  assert.equal(merged(mask(take(touched, 6, dirty)), touched, 6, dirty, false), null);
  assert.deepEqual(start.points, [[1, 1], [3, 2]]);
});

test("a dab covers the pixels whose centres lie in it", () => {
  const bitmap = new Uint8Array(49);
  const dirty = sweep(bitmap, 7, [3.5, 3.5], [3.5, 3.5], round(5));
  assert.deepEqual(lines(bitmap, 7), [".......", "..###..", ".#####.", ".#####.", ".#####.", "..###..", "......."]);
  assert.deepEqual(dirty, { x0: 1, y0: 1, x1: 6, y1: 6 });
  const square = new Uint8Array(49);
  sweep(square, 7, [3.5, 3.5], [3.5, 3.5], { size: 3, square: true, aspect: 1 });
  assert.deepEqual(lines(square, 7).slice(2, 5), ["..###..", "..###..", "..###.."]);
});

test("the way between two places is the union of the dabs along it", () => {
  const size = 80;
  for (const square of [false, true]) {
    for (const [from, to] of [[[12, 15], [61, 40]], [[60, 10], [20, 70]], [[10, 30], [70, 30]], [[40.2, 70], [40.2, 12]], [[30.2, 30.7], [31.1, 30.1]]]) {
      const whole = new Uint8Array(size * size);
      sweep(whole, size, from, to, { size: 13, square, aspect: 1.5 });
      const dabs = new Uint8Array(size * size);
      for (let i = 0; i <= 2000; i++) {
        const at = [from[0] + ((to[0] - from[0]) * i) / 2000, from[1] + ((to[1] - from[1]) * i) / 2000];
        sweep(dabs, size, at, at, { size: 13, square, aspect: 1.5 });
      }
      // Dabs are steps: a few centres at the very rim lie between two of them.
      assert.ok(dabs.every((value, i) => value <= whole[i]));
      assert.ok(whole.reduce((sum, value, i) => sum + value - dabs[i], 0) <= 4);
    }
  }
});

test("the smallest brush leaves no gap, wherever it goes", () => {
  for (const aspect of [1, 4, 0.25]) {
    for (const to of [[30, 3], [3, 30], [25, 25], [31, 2.4]]) {
      const bitmap = new Uint8Array(1024);
      sweep(bitmap, 32, [1, 1], to, round(1, aspect));
      const set = [...bitmap.keys()].filter((i) => bitmap[i]);
      // From the first pixel every other one is reached over neighbours.
      const seen = new Set([set[0]]);
      for (const i of seen) for (const j of set) if (Math.max(Math.abs((i % 32) - (j % 32)), Math.abs((i >> 5) - (j >> 5))) === 1) seen.add(j);
      assert.equal(seen.size, set.length);
      assert.ok(set.length >= 20);
    }
  }
});

test("a brush at the edge stays on the image, one beside it touches nothing", () => {
  const bitmap = new Uint8Array(100);
  assert.deepEqual(sweep(bitmap, 10, [0, 0], [0, 0], round(6)), { x0: 0, y0: 0, x1: 3, y1: 3 });
  assert.equal(sweep(bitmap, 10, [-20, 5], [-30, 5], round(6)), null);
  assert.equal(sweep(bitmap, 10, [5, 40], [5, 50], round(6)), null);
});

test("a limited brush touches only what it may", () => {
  const bitmap = new Uint8Array(100);
  sweep(bitmap, 10, [5, 5], [5, 5], round(6), (i) => i % 2 === 0);
  assert.ok(bitmap.some((value) => value === 1));
  assert.ok(bitmap.every((value, i) => value === 0 || i % 2 === 0));
});

test("sizes of the brush go up and down and end somewhere", () => {
  assert.deepEqual([nextSize(1, 1), nextSize(1, -1), nextSize(12, 1), nextSize(15, -1), nextSize(BIGGEST, 1)], [2, 1, 15, 12, BIGGEST]);
});
