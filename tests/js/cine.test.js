import assert from "node:assert/strict";
import { test } from "node:test";

import { advance, beginning, settle } from "../../static/js/viewer/cine.js";
import { glassPlace } from "../../static/js/viewer/loupe.js";

/** The images shown by `count` single steps. */
function walk(from, settings, count) {
  const seen = [];
  let [index, direction] = [from, 1];
  for (let i = 0; i < count; i++) {
    [index, direction] = advance(index, direction, 1, settings);
    seen.push(index);
  }
  return seen;
}

test("round and round within the range", () => {
  assert.deepEqual(walk(2, { fps: 10, from: 1, to: 4, bounce: false }, 6), [3, 4, 1, 2, 3, 4]);
});

test("there and back, the ends once each", () => {
  assert.deepEqual(walk(3, { fps: 10, from: 1, to: 4, bounce: true }, 8), [4, 3, 2, 1, 2, 3, 4, 3]);
  assert.deepEqual(walk(0, { fps: 10, from: 0, to: 1, bounce: true }, 4), [1, 0, 1, 0]);
});

test("several steps at once end where single ones do", () => {
  for (const bounce of [false, true]) {
    const settings = { fps: 10, from: 2, to: 9, bounce };
    for (let steps = 1; steps < 30; steps++) assert.equal(advance(4, 1, steps, settings)[0], walk(4, settings, steps).at(-1), `${bounce} ${steps}`);
  }
});

test("outside of the range it begins at its first image; one image stays", () => {
  assert.deepEqual(advance(9, -1, 1, { fps: 10, from: 2, to: 5, bounce: true }), [2, 1]);
  assert.deepEqual(advance(3, 1, 4, { fps: 10, from: 3, to: 3, bounce: true }), [3, 1]);
});

test("what is typed is brought into what there is", () => {
  assert.deepEqual(settle({ fps: 1000, from: -4, to: 99, bounce: true }, 30), { fps: 60, from: 0, to: 29, bounce: true });
  assert.deepEqual(settle({ fps: NaN, from: 20, to: 3, bounce: false }, 30), { fps: 12, from: 20, to: 20, bounce: false });
});

test("the glass stays on the stage, and a finger does not hide it", () => {
  const room = { width: 600, height: 500 };
  assert.deepEqual(glassPlace([300, 250], false, room), [200, 150]);
  assert.deepEqual(glassPlace([0, 0], false, room), [0, 0]);
  assert.deepEqual(glassPlace([300, 400], true, room), [200, 172]);
  assert.deepEqual(glassPlace([100, 50], true, room), [128, 0]);
  assert.deepEqual(glassPlace([590, 50], true, room), [362, 0]);
});

test("begins as fast as the file recommends, and slower for who wants less motion", () => {
  assert.deepEqual([beginning(30, false), beginning(null, false), beginning(undefined, false)], [30, 12, 12]);
  assert.deepEqual([beginning(30, true), beginning(2, true), beginning(null, true)], [5, 2, 5]);
});
