import assert from "node:assert/strict";
import { test } from "node:test";

import { planeOver, planeTransform } from "../../static/js/viewer/fusion.js";

const AXIAL = [1, 0, 0, 0, 1, 0];

function near(actual, expected) {
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-9, `${actual} is not ${expected}`));
}

/** Where a point of an image lies in the patient; (0, 0) is the corner of the first pixel. */
function inPatient({ position, orientation, pixel_spacing: [down, across] }, [x, y]) {
  return position.map((n, i) => n + orientation[i] * across * (x - 0.5) + orientation[i + 3] * down * (y - 0.5));
}

function apply([a, b, c, d, e, f], [x, y]) {
  return [a * x + c * y + e, b * x + d * y + f];
}

test("a coarse image lies over a fine one of the same size in the patient", () => {
  const fine = { position: [-249.5, -249.5, 10], orientation: AXIAL, pixel_spacing: [1, 1] };
  const coarse = { position: [-248, -248, 10], orientation: AXIAL, pixel_spacing: [4, 4] };
  const transform = planeTransform(coarse, fine);
  near(apply(transform, [0, 0]), [0, 0]);
  near(apply(transform, [125, 125]), [500, 500]);
  near(planeTransform(fine, fine), [1, 0, 0, 1, 0, 0]);
});

test("a point keeps its place in the patient, turned, mirrored and with pixels that are not square", () => {
  const [cos, sin] = [Math.cos(0.4), Math.sin(0.4)];
  const to = { position: [12, -7, 30], orientation: [cos, sin, 0, -sin, cos, 0], pixel_spacing: [0.9, 0.7] };
  for (const orientation of [AXIAL, [-1, 0, 0, 0, 1, 0], [0, 1, 0, -1, 0, 0]]) {
    const from = { position: [-3, 55, 30], orientation, pixel_spacing: [2, 3] };
    const transform = planeTransform(from, to);
    for (const point of [[0, 0], [17.5, 3], [-4, 100]]) near(inPatient(to, apply(transform, point)), inPatient(from, point));
  }
});

test("planes that cross, or of unknown place, do not lie over each other", () => {
  const axial = { position: [0, 0, 0], orientation: AXIAL, pixel_spacing: [1, 1] };
  assert.equal(planeTransform({ ...axial, orientation: [0, 1, 0, 0, 0, -1] }, axial), null);
  assert.equal(planeTransform({ ...axial, orientation: [1, 0, 0, 0, Math.cos(0.1), Math.sin(0.1)] }, axial), null);
  assert.equal(planeTransform({ ...axial, position: null }, axial), null);
  assert.equal(planeTransform(axial, { ...axial, pixel_spacing: null }), null);
});

test("the nearest plane, but none from beyond the end of the stack", () => {
  const frames = [0, 5, 10].map((z) => ({ position: [0, 0, z], orientation: AXIAL, pixel_spacing: [1, 1], slice_thickness: 5 }));
  const at = (z) => ({ position: [3, 4, z], orientation: AXIAL, pixel_spacing: [1, 1], slice_thickness: 1 });
  assert.deepEqual([planeOver(at(0), frames), planeOver(at(6), frames), planeOver(at(14), frames)], [0, 1, 2]);
  assert.equal(planeOver(at(16), frames), null);
  assert.equal(planeOver({ ...at(0), position: null }, frames), null);
});
