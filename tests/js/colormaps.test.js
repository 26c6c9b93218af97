import assert from "node:assert/strict";
import { test } from "node:test";

import { COLOR_MAPS, colorTable } from "../../static/js/viewer/colormaps.js";
import { buildTable } from "../../static/js/viewer/windowing.js";

function rgb(map, level) {
  const word = colorTable(map)[level];
  return [word & 255, (word >> 8) & 255, (word >> 16) & 255];
}

test("every level of every map is opaque, and grey is grey", () => {
  for (const map of COLOR_MAPS) for (const word of colorTable(map)) assert.equal(word >>> 24, 255);
  for (const level of [0, 1, 100, 254, 255]) assert.deepEqual(rgb("grey", level), [level, level, level]);
  assert.equal(colorTable("pet"), colorTable("pet"));
});

test("the tables of DICOM are met within one level", () => {
  // Rows of the palettes of PS3.6 annex B.
  const published = {
    hotIron: [[0, 0, 0, 0], [64, 128, 0, 0], [128, 255, 0, 0], [160, 255, 64, 0], [192, 255, 128, 4], [224, 255, 192, 132], [255, 255, 255, 255]],
    pet: [[0, 0, 0, 0], [1, 0, 2, 1], [62, 0, 125, 123], [95, 63, 64, 189], [116, 104, 23, 231], [169, 209, 82, 92], [233, 255, 210, 165], [255, 255, 255, 255]],
    hotMetalBlue: [[42, 0, 0, 83], [102, 50, 0, 200], [119, 90, 0, 150], [136, 140, 32, 50], [170, 255, 96, 0], [238, 255, 224, 200], [255, 255, 255, 255]],
  };
  for (const [map, rows] of Object.entries(published)) {
    for (const [level, ...color] of rows) {
      const found = rgb(map, level);
      color.forEach((part, i) => assert.ok(Math.abs(part - found[i]) <= 1, `${map}[${level}] is ${found}, not ${color}`));
    }
  }
});

test("the twenty steps begin where DICOM begins them", () => {
  assert.deepEqual([rgb("petSteps", 12), rgb("petSteps", 13)], [[0, 0, 0], [96, 0, 80]]);
  assert.deepEqual([rgb("petSteps", 101), rgb("petSteps", 102)], [[128, 128, 224], [48, 96, 48]]);
  assert.deepEqual([rgb("petSteps", 242), rgb("petSteps", 243), rgb("petSteps", 255)], [[255, 0, 0], [255, 255, 255], [255, 255, 255]]);
  assert.equal(new Set(colorTable("petSteps")).size, 20);
});

test("a map colours levels after inversion, and leaves colour images alone", () => {
  const frame = { dtype: "uint8", samples: 1, slope: 1, intercept: 0, invert: false };
  const window = { center: 128, width: 256 };
  const plain = buildTable(frame, window, false, "hotIron");
  const turned = buildTable(frame, window, true, "hotIron");
  assert.equal(plain[255], colorTable("hotIron")[255]);
  assert.equal(turned[255], plain[0]);
  assert.deepEqual(buildTable({ ...frame, samples: 3 }, window, false, "pet"), buildTable({ ...frame, samples: 3 }, window, false));
});
