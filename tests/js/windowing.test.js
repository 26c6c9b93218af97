import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import * as windowing from "../../static/js/viewer/windowing.js";

const frame = { index: 0, rows: 2, columns: 2, samples: 1, dtype: "int16", slope: 2, intercept: -10, window: null, invert: false };

test("the linear window of the standard", () => {
  // PS3.3 C.11.2.1.2.1: centre 40, width 400 is black up to -160 and white from 239 on.
  const window = { center: 40, width: 400 };
  assert.equal(windowing.level(-160, window), 0);
  assert.equal(windowing.level(239, window), 255);
  assert.equal(windowing.level(39.5, window), 128);
});

test("all functions map as the server does it", async () => {
  const { rows } = JSON.parse(await readFile(new URL("fixtures/windowing.json", import.meta.url), "utf8"));
  assert.ok(rows.length > 100);
  for (const [kind, center, width, value, grey] of rows) {
    assert.equal(windowing.level(value, { center, width }, kind), grey, `${kind} ${center} ${width} ${value}`);
  }
});

test("an image is shown by the function it came with", () => {
  const window = { center: 0, width: 100 };
  const grey = (voi_function) => windowing.buildTable({ ...frame, voi_function }, window, false)[25] & 0xff;
  assert.equal(grey("SIGMOID"), windowing.level(40, window, "SIGMOID"));
  assert.equal(grey(undefined), windowing.level(40, window));
  assert.notEqual(grey("SIGMOID"), grey("LINEAR"));
});

test("a window of one unit or less is a threshold", () => {
  assert.equal(windowing.level(0.4, { center: 0.5, width: 1e-3 }), 0);
  assert.equal(windowing.level(0.6, { center: 0.5, width: 1e-3 }), 255);
});

test("signed pixels find their grey through slope and intercept", () => {
  const out = new Uint32Array(4);
  const pixels = new Int16Array([-32768, 0, 5, 32767]);
  windowing.applyTable(pixels, windowing.buildTable(frame, { center: 0, width: 100 }, false), 1, out);
  const expected = [-65546, -10, 0, 65524].map((value) => windowing.level(value, { center: 0, width: 100 }));
  assert.deepEqual([...out].map((word) => word & 0xff), expected);
  assert.ok([...out].every((word) => word >>> 24 === 255));
});

test("inverting twice is not inverting", () => {
  const window = { center: 0, width: 100 };
  const dark = windowing.buildTable({ ...frame, invert: true }, window, false);
  assert.deepEqual(windowing.buildTable({ ...frame, invert: true }, window, true), windowing.buildTable(frame, window, false));
  assert.equal((dark[0] & 0xff) + (windowing.buildTable(frame, window, false)[0] & 0xff), 255);
});

test("colours keep their order and are opaque", () => {
  const rgb = { ...frame, samples: 3, dtype: "uint8", rows: 1, columns: 1 };
  const out = new Uint32Array(1);
  const table = windowing.buildTable(rgb, { center: 128, width: 256 }, false);
  windowing.applyTable(new Uint8Array([10, 20, 30]), table, 3, out);
  assert.deepEqual([...new Uint8Array(out.buffer)], [10, 20, 30, 255]);
});

test("a frame of the wrong size is refused", () => {
  assert.equal(windowing.toPixels(new ArrayBuffer(8), frame).length, 4);
  assert.throws(() => windowing.toPixels(new ArrayBuffer(6), frame), /6 bytes, 8 were expected/);
});

test("the automatic window leaves out the rare ends", () => {
  const pixels = new Int16Array(1000).map((_, i) => (i === 0 ? -30000 : i === 1 ? 30000 : i % 100));
  const { center, width } = windowing.autoWindow(pixels, frame);
  assert.ok(center > 70 && center < 110 && width > 180 && width <= 200, `${center} ${width}`);
  assert.ok(windowing.autoWindow(new Int16Array(4), frame).width > 0);
});

test("values are read with their unit, and nowhere outside", () => {
  const pixels = new Int16Array([1, 2, 3, 4]);
  assert.equal(windowing.valueText(pixels, frame, "HU", 1, 1), "-2 HU");
  assert.equal(windowing.valueText(pixels, frame, "HU", 2, 0), "");
  assert.equal(windowing.valueText(pixels, frame, "", -1, 0), "");
});

test("a box takes the pixels that it touches, and none beside the image", () => {
  const frame = { rows: 4, columns: 6 };
  assert.deepEqual(windowing.boxRuns([[1.2, 0.5], [3.1, 1.9]], frame), [[0, 1, 4], [1, 1, 4]]);
  assert.deepEqual(windowing.boxRuns([[9, 9], [4, -3]], frame), [[0, 4, 6], [1, 4, 6], [2, 4, 6], [3, 4, 6]]);
  assert.deepEqual(windowing.boxRuns([[-5, 0], [-1, 4]], frame), []);
});

test("the window of a region is that of its pixels alone", () => {
  const frame = { rows: 2, columns: 4, dtype: "int16", samples: 1, slope: 2, intercept: -10 };
  const pixels = Int16Array.from([-30000, 10, 20, 30000, -30000, 30, 40, 30000]);
  const runs = windowing.boxRuns([[1, 0], [3, 2]], frame);
  assert.deepEqual(windowing.autoWindow(pixels, frame, windowing.PERCENTILES.full, runs), { center: 40, width: 60 });
  assert.deepEqual(windowing.autoWindow(pixels, frame, windowing.PERCENTILES.full), { center: -10, width: 120000 });
});

test("narrower percentiles give a narrower window", () => {
  const frame = { rows: 1, columns: 1001, dtype: "uint16", samples: 1, slope: 1, intercept: 0 };
  const pixels = Uint16Array.from({ length: 1001 }, (_, i) => i);
  const widths = [windowing.PERCENTILES.full, windowing.PERCENTILES.auto, windowing.PERCENTILES.tight].map((shares) => windowing.autoWindow(pixels, frame, shares).width);
  assert.deepEqual(widths, [1000, 980, 900]);
});
