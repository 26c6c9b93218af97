import assert from "node:assert/strict";
import { test } from "node:test";

import * as viewport from "../../static/js/viewer/viewport.js";

const size = { width: 800, height: 600 };

function near(actual, expected) {
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-9, `${actual} is not ${expected}`));
}

test("there and back again", () => {
  const view = { scale: 1.7, tx: -31, ty: 12, ...viewport.UPRIGHT };
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
  const view = { scale: 1, tx: 10, ty: 20, ...viewport.UPRIGHT };
  const at = /** @type {[number, number]} */ ([333, 222]);
  near(viewport.toImage(viewport.zoomAt(view, 2.5, at), 1, at), viewport.toImage(view, 1, at));
  assert.equal(viewport.zoomAt(view, 1e9, at).scale, 100);
});

test("the image cannot be lost", () => {
  const image = { rows: 100, columns: 100, aspect: 1 };
  const view = viewport.keepInSight({ scale: 1, tx: -5000, ty: 5000, ...viewport.UPRIGHT }, size, image);
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

/** All eight ways an image can lie, on square and on tall pixels, at several places. */
function* everyView() {
  for (const aspect of [1, 1.7]) {
    for (const mirror of [false, true]) {
      for (const turn of [0, 1, 2, 3]) {
        for (const [scale, tx, ty] of [[1, 0, 0], [0.37, -120, 44.5], [12, 7, -300]]) yield { aspect, view: { scale, tx, ty, turn, mirror } };
      }
    }
  }
}
const PLACES = /** @type {[number, number][]} */ ([[0, 0], [12.5, 99], [511.9, 0.1], [-3, 1e4]]);

test("there and back again, however the image lies", () => {
  for (const { view, aspect } of everyView()) {
    for (const place of PLACES) near(viewport.toImage(view, aspect, viewport.toScreen(view, aspect, place)), place);
  }
});

test("the matrix is the same door as toScreen", () => {
  for (const { view, aspect } of everyView()) {
    const [a, b, c, d, e, f] = viewport.matrix(view, aspect);
    for (const [x, y] of PLACES) near([a * x + c * y + e, b * x + d * y + f], viewport.toScreen(view, aspect, [x, y]));
  }
});

test("zooming leaves what is under the pointer there, however the image lies", () => {
  for (const { view, aspect } of everyView()) {
    for (const factor of [0.5, 3]) {
      for (const at of PLACES.slice(0, 3)) {
        near(viewport.toImage(viewport.zoomAt(view, factor, at), aspect, at), viewport.toImage(view, aspect, at));
      }
    }
  }
});

test("turning and mirroring leave the place they turn about, and come round again", () => {
  const about = /** @type {[number, number]} */ ([400, 300]);
  const round = { left: 4, right: 4, horizontal: 2, vertical: 2 };
  for (const { view, aspect } of everyView()) {
    for (const [what, times] of Object.entries(round)) {
      let seen = view;
      for (let i = 0; i < times; i++) {
        seen = viewport.pose(seen, /** @type {any} */ (what), about);
        near(viewport.toImage(seen, aspect, about), viewport.toImage(view, aspect, about));
      }
      near([seen.tx, seen.ty, seen.turn, Number(seen.mirror)], [view.tx, view.ty, view.turn, Number(view.mirror)]);
    }
  }
});

test("turned right, the right is below; mirrored, it is left", () => {
  const view = { scale: 2, tx: 0, ty: 0, turn: 0, mirror: false };
  const origin = /** @type {[number, number]} */ ([0, 0]);
  /** @param {"left"|"right"|"horizontal"|"vertical"} what */
  const place = (what) => viewport.toScreen(viewport.pose(view, what, origin), 1, [10, 1]);
  near(place("right"), [-2, 20]);
  near(place("left"), [2, -20]);
  near(place("horizontal"), [-20, 2]);
  near(place("vertical"), [20, -2]);
  // What was turned is mirrored as the eye sees it, not as the file lies.
  const turned = viewport.pose(viewport.pose(view, "right", origin), "horizontal", origin);
  near(viewport.toScreen(turned, 1, [10, 1]), [2, 20]);
});

test("fitting a turned image takes its other side, and keeps it in sight", () => {
  const image = { rows: 100, columns: 400, aspect: 1 };
  for (const mirror of [false, true]) {
    for (const turn of [0, 1, 2, 3]) {
      const view = viewport.fit(size, image, { turn, mirror });
      assert.equal(view.scale, turn % 2 ? 1.5 : 2);
      near(viewport.toScreen(view, 1, [200, 50]), [400, 300]);
      assert.deepEqual(viewport.keepInSight(view, size, image), view);
      const lost = viewport.keepInSight({ ...view, tx: 9000, ty: -9000 }, size, image);
      const corners = [[0, 0], [400, 100]].map((corner) => viewport.toScreen(lost, 1, /** @type {[number, number]} */ (corner)));
      near([Math.min(corners[0][0], corners[1][0]), Math.max(corners[0][1], corners[1][1])], [752, 48]);
    }
  }
});

test("the letters go with the image", () => {
  const axial = [1, 0, 0, 0, 1, 0];
  assert.deepEqual(viewport.sideLetters(axial, { turn: 1, mirror: false }), { right: "A", left: "P", bottom: "L", top: "R" });
  assert.deepEqual(viewport.sideLetters(axial, { turn: 0, mirror: true }), { right: "R", left: "L", bottom: "P", top: "A" });
  assert.deepEqual(viewport.sideLetters(axial, { turn: 2, mirror: true }), { right: "L", left: "R", bottom: "A", top: "P" });
});

test("letters of a projection turn and change places with it", () => {
  assert.deepEqual(viewport.writtenSides("P\\FL"), { right: "P", left: "A", bottom: "FL", top: "HR" });
  assert.deepEqual(viewport.writtenSides("P\\F", { turn: 0, mirror: true }), { right: "A", left: "P", bottom: "F", top: "H" });
  // A quarter to the right: what led up leads to the right.
  assert.deepEqual(viewport.writtenSides("P\\F", { turn: 1, mirror: false }), { right: "H", left: "F", bottom: "P", top: "A" });
  assert.equal(viewport.writtenSides(""), null);
  assert.equal(viewport.writtenSides(undefined), null);
});
