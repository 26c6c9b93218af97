import assert from "node:assert/strict";
import { test } from "node:test";

import { cutOf, fromPatient, idOf, seriesOf, toPatient } from "../../static/js/viewer/planes.js";

const found = {
  reason: "", dtype: "int16", slope: 2, intercept: -1024, invert: false, unit: "HU", window: { center: 40, width: 400 },
  planes: [
    {
      name: "coronal", count: 3, rows: 4, columns: 6, pixel_spacing: [2.5, 0.7], orientation: [1, 0, 0, 0, 0, -1],
      origin: [10, -20, 37.5], across: [0, 0.8, 0], step_mm: 0.8, pixels_url: "/series/6/planes/ab/coronal/{index}/pixels",
    },
  ],
};
const stack = { id: 6, description: "CT", modality: "CT", unit: "HU", presets: [], labels: [{ code: "a", label: "a", color: "#fff" }], frames: [] };
const t = (/** @type {string} */ key) => key;

test("a plane is named by its stack, thickness and projection", () => {
  const cut = { stack: "6", name: "coronal", slab: 10, by: "max" };
  assert.deepEqual(cutOf(idOf(cut)), cut);
  assert.equal(cutOf(6), null);
  assert.equal(cutOf("17"), null);
  assert.equal(idOf({ ...cut, slab: 0 }), "6/coronal/0/mean");
});

test("the images of a plane lie one behind the other in the patient", () => {
  const series = seriesOf(stack, found, cutOf("6/coronal/0/mean"), t);
  assert.equal(series.frames.length, 3);
  assert.deepEqual(series.frames[2].position, [10, -18.4, 37.5]);
  assert.equal(series.frames[1].pixels_url, "/series/6/planes/ab/coronal/1/pixels");
  assert.equal(series.stack, 6);
  assert.deepEqual(series.labels, []);
  assert.deepEqual([series.frames[0].slope, series.frames[0].intercept, series.unit], [2, -1024, "HU"]);
});

test("a slab says so in its name, its thickness and its address", () => {
  const series = seriesOf(stack, found, cutOf("6/coronal/10/max"), t);
  assert.equal(series.description, "coronal, max 10 mm");
  assert.equal(series.frames[0].slice_thickness, 10);
  assert.ok(series.frames[0].pixels_url.endsWith("?slab=10&by=max"));
});

test("a plane that the server does not cut is an error that says why", () => {
  assert.throws(() => seriesOf(stack, { ...found, reason: "The slices differ in size.", planes: [] }, cutOf("6/axial/0/mean"), t), /differ in size/);
});

test("a place is found again in the planes that cross there", () => {
  const { frames } = seriesOf(stack, found, cutOf("6/coronal/0/mean"), t);
  const axial = [0, 1, 2].map((k) => ({ ...frames[0], position: [10, -20, 30 + 2.5 * k], orientation: [1, 0, 0, 0, 1, 0], pixel_spacing: [0.8, 0.7] }));
  // The middle of pixel (3, 1) of the second axial slice: row 1 is the second coronal image.
  const place = toPatient(axial[1], [3.5, 1.5]);
  const hit = fromPatient(frames, place);
  assert.equal(hit.index, 1);
  assert.ok(Math.abs(hit.point[0] - 3.5) < 1e-9);
  assert.ok(Math.abs(hit.point[1] - 2.5) < 1e-9);
  assert.equal(fromPatient([{ ...frames[0], position: null }], place), null);
  assert.equal(toPatient({ ...frames[0], orientation: null }, [1, 1]), null);
});
