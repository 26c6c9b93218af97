import assert from "node:assert/strict";
import { test } from "node:test";

import { colorOf, reach, signed, valueAt } from "../../static/js/viewer/overlays.js";

const FRAME = { rows: 100, columns: 60 };

test("the value of a place is that of its cell, and there is none outside", () => {
  const values = new Float32Array([1, 2, 3, 4, 5, 6]);
  const grid = { rows: 2, columns: 3 };
  assert.equal(valueAt(grid, values, FRAME, [0, 0]), 1);
  assert.equal(valueAt(grid, values, FRAME, [59.9, 0]), 3);
  assert.equal(valueAt(grid, values, FRAME, [20, 50]), 5);
  assert.equal(valueAt(grid, values, FRAME, [59.9, 99.9]), 6);
  for (const at of [[-0.1, 5], [60, 5], [5, 100]]) assert.equal(valueAt(grid, values, FRAME, at), null);
});

test("the scale is even on both sides of nothing, where the image stays bare", () => {
  assert.equal(reach({ low: -3, high: 12 }), 12);
  assert.equal(reach({ low: -13, high: 12 }), 13);
  assert.equal(colorOf(0, "diverging")[3], 0);
  assert.equal(colorOf(1, "diverging")[3], 255);
  assert.notDeepEqual(colorOf(1, "diverging").slice(0, 3), colorOf(-1, "diverging").slice(0, 3));
  assert.deepEqual(colorOf(-1, "viridis"), [68, 1, 84, 255]);
  assert.deepEqual(colorOf(1, "viridis"), [253, 231, 37, 255]);
});

test("a sign says for or against without a colour", () => {
  assert.deepEqual([3.21, -3.21, 0.04, -0.04, 12.6].map(signed), ["+3.2", "−3.2", "0", "0", "+13"]);
});
