import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import * as geometry from "../../static/js/viewer/geometry.js";

const table = JSON.parse(await readFile(new URL("fixtures/geometry.json", import.meta.url), "utf8"));

function near(actual, expected) {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
}

function shape(kind, points) {
  return { id: "a", kind, frame: 0, points, label: "" };
}

for (const entry of table) {
  test(`table shared with Python: ${entry.name}`, () => {
    near(geometry.area(entry.shape), entry.area_px);
    near(geometry.perimeter(entry.shape), entry.perimeter_px);
    near(geometry.area(entry.shape, entry.spacing), entry.area_mm2);
    near(geometry.perimeter(entry.shape, entry.spacing), entry.perimeter_mm);
    for (const [unit, spacing] of [["px", null], ["mm", entry.spacing]]) {
      if (entry.shape.kind === "bidirectional") {
        geometry.axes(entry.shape, spacing).forEach((size, i) => near(size, entry[`axes_${unit}`][i]));
      }
      if (["angle", "cobb"].includes(entry.shape.kind)) near(geometry.degrees(entry.shape, spacing), entry[`degrees_${unit}`]);
    }
    assert.equal(geometry.isDegenerate(entry.shape), false);
    const runs = geometry.pixelRuns(entry.shape, entry.rows, entry.columns);
    // Points and lines have no area, so no statistics are shown for them.
    const expected = geometry.isClosed(entry.shape) ? entry.pixels : 0;
    assert.equal(runs.reduce((sum, [, first, after]) => sum + after - first, 0), expected);
  });
}

test("what has no extent is known before the server refuses it", () => {
  assert.ok(geometry.isDegenerate(shape("box", [[1, 1], [1, 9]])));
  assert.ok(geometry.isDegenerate(shape("polygon", [[1, 1], [5, 5], [9, 9]])));
  assert.ok(geometry.isDegenerate(shape("polygon", [[1, 1], [5, 5]])));
  assert.ok(geometry.isDegenerate(shape("length", [[1, 1], [1, 1]])));
  assert.ok(!geometry.isDegenerate(shape("point", [[1, 1]])));
  assert.ok(!geometry.isDegenerate(shape("ellipse", [[1, 1], [2, 2]])));
});

test("a shape is moved as far as the image goes and is not bent", () => {
  const box = shape("box", [[2, 2], [6, 8]]);
  assert.deepEqual(geometry.translate(box, -5, 100, 10, 10).points, [[0, 4], [4, 10]]);
  assert.deepEqual(box.points, [[2, 2], [6, 8]]);
});

test("a corner of a box leaves the opposite one where it is", () => {
  const box = shape("box", [[6, 8], [2, 2]]);
  assert.deepEqual(geometry.handles(box), [[2, 2], [6, 2], [6, 8], [2, 8]]);
  assert.deepEqual(geometry.moveHandle(box, 0, [1, 1]).points, [[6, 8], [1, 1]]);
  assert.deepEqual(geometry.bounds(geometry.moveHandle(box, 1, [9, 0]).points), { x0: 2, y0: 0, x1: 9, y1: 8 });
});

test("vertices are put on the nearest edge and taken away down to three", () => {
  const ring = shape("polygon", [[0, 0], [10, 0], [10, 10]]);
  const four = geometry.insertVertex(ring, [5, 1], 2);
  assert.deepEqual(four.points, [[0, 0], [5, 1], [10, 0], [10, 10]]);
  assert.equal(geometry.insertVertex(ring, [2, 9], 1), ring);
  assert.deepEqual(geometry.removeVertex(four, 1).points, ring.points);
  assert.equal(geometry.removeVertex(ring, 0), ring);
});

test("a hit knows the outline from the inside", () => {
  const circle = shape("ellipse", [[0, 0], [20, 20]]);
  assert.ok(geometry.hit(circle, [0.1, 10]).outline < 0.2);
  assert.deepEqual(geometry.hit(circle, [10, 10]).inside, true);
  assert.equal(geometry.hit(circle, [1, 1]).inside, false);
  near(geometry.hit(shape("length", [[0, 0], [10, 0]]), [5, 3]).outline, 3);
});

test("simplifying keeps the ends and stays within the tolerance, for long lines too", () => {
  const line = Array.from({ length: 50000 }, (_, i) => [i / 100, Math.sin(i / 3000) * 20]);
  const kept = geometry.simplify(line, 0.5);
  assert.ok(kept.length < 100 && kept.length > 4);
  assert.deepEqual([kept[0], kept.at(-1)], [line[0], line.at(-1)]);
  for (const p of line.filter((_, i) => i % 97 === 0)) {
    const distance = Math.min(...kept.slice(1).map((b, i) => geometry.segmentDistance(p, kept[i], b)));
    assert.ok(distance <= 0.5);
  }
});

test("corners that repeat are one", () => {
  assert.deepEqual(geometry.withoutRepeats([[1, 1], [1, 1], [2, 2], [3, 1], [1, 1]]), [[1, 1], [2, 2], [3, 1]]);
});

test("coordinates are rounded so that the server returns what was sent", () => {
  assert.deepEqual(geometry.clampPoint([1.23456, -4], 10, 10), [1.23, 0]);
  assert.deepEqual(geometry.clampPoint([11, 10.004], 10, 10), [10, 10]);
});

test("measures say their unit", () => {
  assert.equal(geometry.measureText(shape("length", [[0, 0], [3, 4]]), [2, 2]), "10.0 mm");
  assert.equal(geometry.measureText(shape("length", [[0, 0], [3, 4]]), null), "5.0 px");
  assert.equal(geometry.measureText(shape("box", [[0, 0], [30, 40]]), [0.5, 0.5]), "300 mm²");
  assert.equal(geometry.measureText(shape("point", [[0, 0]]), null), "");
  assert.equal(geometry.measureText(shape("bidirectional", [[0, 0], [30, 0], [9, 0], [9, 20]]), [0.5, 0.5]), "15.0 × 10.0 mm");
  assert.equal(geometry.measureText(shape("bidirectional", [[0, 0], [30, 0]]), null), "30.0 px");
  assert.equal(geometry.measureText(shape("angle", [[0, 0], [3, 0], [3, 4]]), null), "90.0°");
  assert.equal(geometry.measureText(shape("cobb", [[0, 0], [3, 0]]), null), "");
});

test("an ellipse that is turned keeps its size, and comes back", () => {
  const upright = shape("ellipse", [[10, 20], [40, 30]]);
  const turned = geometry.rotate(upright, [25, 25], Math.PI / 6, 1);
  assert.equal(turned.points.length, 4);
  // Corners are kept to a hundredth of a pixel.
  const close = (actual, expected) => assert.ok(Math.abs(actual - expected) < 0.05, `${actual} is not ${expected}`);
  close(geometry.area(turned), geometry.area(upright));
  close(geometry.perimeter(turned), geometry.perimeter(upright));
  assert.ok(geometry.isTurned(turned) && !geometry.isDegenerate(turned));
  const back = geometry.extent(geometry.rotate(turned, [25, 25], -Math.PI / 6, 1));
  for (const [key, value] of Object.entries({ x0: 10, y0: 20, x1: 40, y1: 30 })) close(back[key], value);
  assert.ok(geometry.hit(turned, [25, 25]).inside);
  assert.equal(geometry.hit(turned, [12, 31]).inside, false);
});

test("an end of an axis is pulled along it, the other end stays", () => {
  const turned = shape("ellipse", [[0, 0], [20, 20], [15, 5], [5, 15]]);
  const pulled = geometry.moveHandle(turned, 1, [30, 28], 1);
  assert.deepEqual(pulled.points[0], [0, 0]);
  assert.deepEqual(pulled.points[1], [29, 29]);
  assert.deepEqual(pulled.points.slice(2), [[19.5, 9.5], [9.5, 19.5]]);
});
