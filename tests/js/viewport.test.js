import assert from "node:assert/strict";
import { test } from "node:test";

import * as viewport from "../../static/js/viewer/viewport.js";

const size = { width: 800, height: 600 };

function near(actual, expected) {
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-9, `${actual} is not ${expected}`));
}

test("there and back again", () => {
  const view = { scale: 1.7, tx: -31, ty: 12 };
  near(viewport.toImage(view, 1.4, viewport.toScreen(view, 1.4, [12.5, 99])), [12.5, 99]);
});

test("fitting shows the whole image in the middle, with tall pixels too", () => {
  const image = { rows: 100, columns: 200, aspect: 2 };
  const view = viewport.fit(size, image);
  near(viewport.toScreen(view, 2, [100, 50]), [400, 300]);
  const [right, bottom] = viewport.toScreen(view, 2, [200, 100]);
  assert.ok(right <= 800 && bottom <= 600 && (right === 800 || bottom === 600));
});

test("zooming leaves what is under the pointer there", () => {
  const view = { scale: 1, tx: 10, ty: 20 };
  const at = /** @type {[number, number]} */ ([333, 222]);
  near(viewport.toImage(viewport.zoomAt(view, 2.5, at), 1, at), viewport.toImage(view, 1, at));
  assert.equal(viewport.zoomAt(view, 1e9, at).scale, 100);
});

test("the image cannot be lost", () => {
  const image = { rows: 100, columns: 100, aspect: 1 };
  const view = viewport.keepInSight({ scale: 1, tx: -5000, ty: 5000 }, size, image);
  assert.deepEqual([view.tx, view.ty], [-52, 552]);
});

test("one to one means pixels of the screen", () => {
  assert.equal(viewport.actualSize(size, { rows: 10, columns: 10, aspect: 1 }, 3).scale, 1 / 3);
});

test("the scale bar has a round length", () => {
  assert.deepEqual([87, 50, 19.9, 0.73].map(viewport.niceLength).map((n) => Number(n.toPrecision(6))), [50, 50, 10, 0.5]);
  assert.equal(viewport.niceLength(0), 0);
});

test("letters at the sides", () => {
  assert.deepEqual(viewport.sideLetters([1, 0, 0, 0, 1, 0]), { right: "L", left: "R", bottom: "P", top: "A" });
  assert.deepEqual(viewport.sideLetters([0, 1, 0, 0, 0, -1]), { right: "P", left: "A", bottom: "F", top: "H" });
  assert.equal(viewport.sideLetters([Math.SQRT1_2, Math.SQRT1_2, 0, 0, 0, -1])?.right.length, 2);
  assert.equal(viewport.sideLetters(null), null);
  assert.equal(viewport.sideLetters([1, 0, 0, NaN, 1, 0]), null);
});

test("pixels that are not square", () => {
  assert.equal(viewport.aspectOf([2, 1]), 2);
  assert.equal(viewport.aspectOf([0, 1]), 1);
  assert.equal(viewport.aspectOf(null), 1);
});
