import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import * as geometry from "../../static/js/viewer/geometry.js";
import { maskOf } from "../../static/js/viewer/geometry/runs.js";
import { regionOf } from "../../static/js/viewer/region.js";
import { canonical } from "../../static/js/viewer/saver.js";
import { heldShapes, selectedIds, selecting, toggling } from "../../static/js/viewer/selection.js";
import { initialState } from "../../static/js/viewer/state.js";
import { combine } from "../../static/js/viewer/tools/combine.js";
import { DRAWN, placed, settle, shaped } from "../../static/js/viewer/tools/drafts.js";
import { selectionFrame } from "../../static/js/viewer/tools/frame.js";
import { pick, touched } from "../../static/js/viewer/tools/select.js";

const clipping = createRequire(import.meta.url)("../../static/vendor/polygon-clipping.min.js");
const load = () => Promise.resolve(clipping);
const paper = { aspect: 1, rows: 100, columns: 100 };

function shape(kind, points, more = {}) {
  return { id: kind, kind, frame: 0, points, label: "", ...more };
}

function near(actual, expected, tolerance = 0.03) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

/** Sides of a ring in millimetres, and whether neighbours stand upright on each other. */
function sides(points, aspect) {
  const ways = points.map((p, i) => {
    const next = points[(i + 1) % 4];
    return [next[0] - p[0], (next[1] - p[1]) * aspect];
  });
  for (let i = 0; i < 4; i++) near(ways[i][0] * ways[(i + 1) % 4][0] + ways[i][1] * ways[(i + 1) % 4][1], 0, 1);
  return ways.map(([x, y]) => Math.hypot(x, y));
}

test("every kind that is drawn has its number of points", () => {
  for (const kind of DRAWN) assert.ok(placed(kind) >= 1, kind);
  assert.equal(placed("rotated-box"), 3);
  assert.equal(placed("polyline"), Infinity);
});

test("a circle is round in millimetres while it is drawn and when it is pulled", () => {
  for (const aspect of [1, 2.5]) {
    const far = settle("circle", [[10, 10]], [40, 90], { ...paper, aspect });
    near(far[0] - 10, (far[1] - 10) * aspect);
    const pulled = geometry.moveHandle(shape("circle", [[10, 10], far]), 0, [2, 5], aspect);
    const { x0, y0, x1, y1 } = geometry.bounds(pulled.points);
    near(x1 - x0, (y1 - y0) * aspect);
  }
});

test("a rotated box keeps right angles when drawn, pulled and turned", () => {
  for (const aspect of [1, 0.5, 3]) {
    const points = shaped("rotated-box", [[30, 40], [50, 50], [38, 60]], { ...paper, aspect });
    assert.equal(points.length, 4);
    sides(points, aspect);
    const pulled = geometry.moveHandle(shape("rotated-box", points), 2, [60, 62], aspect);
    sides(pulled.points, aspect);
    near(Math.hypot(pulled.points[2][0] - 60, pulled.points[2][1] - 62), 0, 0.1);
    assert.deepEqual(pulled.points[0], points[0]);
    const turned = geometry.rotate(shape("rotated-box", points), [50, 50], 0.7, aspect);
    sides(turned.points, aspect).forEach((side, i) => near(side, sides(points, aspect)[i], 0.1));
  }
});

test("a rotated box is as wide as the image allows", () => {
  const points = shaped("rotated-box", [[80, 20], [95, 35], [140, 0]], paper);
  assert.ok(geometry.onImage([shape("rotated-box", points)], 100, 100));
  sides(points, 1);
  assert.ok(geometry.area(shape("rotated-box", points)) > 1);
});

test("the short axis stands upright on the long one", () => {
  const placedPoints = [[10, 10], [40, 30], [25, 15]];
  const [x, y] = settle("bidirectional", placedPoints, [22, 25], { ...paper, aspect: 2 });
  near((40 - 10) * (x - 25) + (30 - 10) * 2 * (y - 15) * 2, 0, 2);
});

test("a box becomes a rotated one, a circle stays upright, a mask keeps whole pixels", () => {
  const box = geometry.rotate(shape("box", [[40, 40], [60, 60]]), [50, 50], Math.PI / 4, 1);
  assert.equal(box.kind, "rotated-box");
  near(geometry.area(box), 400, 2);
  const circle = geometry.rotate(shape("circle", [[60, 45], [70, 55]]), [50, 50], Math.PI / 2, 1);
  assert.deepEqual(circle.points, [[45, 60], [55, 70]]);
  const mask = geometry.rotate(shape("mask", [[60, 45], [63, 48]], { counts: [0, 9] }), [50, 50], 1, 1);
  for (const place of mask.points.flat()) assert.ok(Number.isInteger(place));
  assert.deepEqual(mask.counts, [0, 9]);
});

test("stretching from a corner leaves that corner", () => {
  const ring = shape("polygon", [[10, 10], [20, 10], [20, 30]]);
  assert.deepEqual(geometry.stretch(ring, [10, 10], 2, 0.5).points, [[10, 10], [30, 10], [30, 20]]);
  assert.deepEqual(ring.points, [[10, 10], [20, 10], [20, 30]]);
  const round = geometry.stretch(shape("circle", [[10, 10], [20, 20]]), [0, 0], 4, 1);
  const { x0, y0, x1, y1 } = geometry.bounds(round.points);
  near(x1 - x0, y1 - y0);
});

test("a mask moves by whole pixels and stays on the image", () => {
  const mask = shape("mask", [[2, 2], [4, 4]], { counts: [1, 3] });
  assert.deepEqual(geometry.translate(mask, 1.4, -9, 10, 10).points, [[3, 0], [5, 2]]);
});

test("points are drawn to corners first, then to edges, within reach", () => {
  const shapes = [shape("box", [[10, 10], [30, 30]]), shape("length", [[50, 50], [60, 50]])];
  assert.deepEqual(geometry.snap([11, 12], shapes, 4), [10, 10]);
  assert.deepEqual(geometry.snap([20, 28], shapes, 4), [20, 30]);
  assert.deepEqual(geometry.snap([55, 52], shapes, 4), [55, 50]);
  assert.deepEqual(geometry.snap([20, 20], shapes, 4), [20, 20]);
});

test("a line ends, a ring does not", () => {
  const line = shape("polyline", [[0, 0], [10, 0], [10, 10]]);
  assert.equal(geometry.insertVertex(line, [5, 5], 1), line);
  assert.equal(geometry.insertVertex(line, [10, 5], 1).points.length, 4);
  assert.equal(geometry.removeVertex(shape("polyline", [[0, 0], [10, 0]]), 0).points.length, 2);
  assert.equal(geometry.removeVertex(shape("rotated-box", [[4, 0], [8, 4], [4, 8], [0, 4]]), 0).points.length, 4);
});

test("a simpler ring keeps its form", () => {
  const ring = Array.from({ length: 400 }, (_, i) => [50 + 30 * Math.cos((i * Math.PI) / 200), 50 + 30 * Math.sin((i * Math.PI) / 200)]);
  const simpler = geometry.simplifyRing(ring, 0.5);
  assert.ok(simpler.length > 8 && simpler.length < 60);
  near(geometry.area(shape("polygon", simpler)), Math.PI * 900, 60);
});

test("runs of a mask and back", () => {
  const bitmap = Uint8Array.from([0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1]);
  const mask = maskOf(bitmap, 4, 3, 7, 9);
  assert.deepEqual(mask, { points: [[8, 10], [11, 12]], counts: [0, 1, 1, 4] });
  const made = shape("mask", mask.points, { counts: mask.counts });
  assert.deepEqual(geometry.maskRuns(made), [[10, 8, 9], [10, 10, 11], [11, 8, 11]]);
  assert.equal(geometry.perimeter(made), 12);
  assert.deepEqual(geometry.hit(made, [8.5, 10.5]).inside, true);
  assert.deepEqual(geometry.hit(made, [9.5, 10.5]).inside, false);
  assert.equal(maskOf(new Uint8Array(4), 2, 2, 0, 0), null);
});

test("outlines are joined and subtracted", async () => {
  const [a, b] = [shape("box", [[10, 10], [30, 30]], { label: "Cyst", note: "n" }), shape("box", [[20, 20], [40, 40]], { id: "b" })];
  const [joined] = await combine([a, b], "union", () => "new", paper, load);
  assert.deepEqual([joined.id, joined.kind, joined.label, joined.note, joined.points.length], ["box", "polygon", "Cyst", "n", 8]);
  near(geometry.area(joined), 700);
  const [rest] = await combine([a, b], "subtract", () => "new", paper, load);
  near(geometry.area(rest), 300);
  const apart = await combine([a, shape("box", [[50, 50], [60, 60]])], "union", () => "new", paper, load);
  assert.deepEqual(apart.map((one) => one.id), ["box", "new"]);
});

test("a hole makes a mask, and pixels are exact", async () => {
  const outer = shape("box", [[10, 10], [30, 30]]);
  const hole = shape("box", [[15, 15], [20, 20]]);
  const [mask] = await combine([outer, hole], "subtract", () => "new", paper, load);
  assert.equal(mask.kind, "mask");
  assert.equal(geometry.area(mask), 375);
  const [both] = await combine([mask, shape("box", [[28, 28], [33, 33]])], "union", () => "new", paper, load);
  assert.equal(geometry.area(both), 375 + 21);
  assert.equal(await combine([hole, outer], "subtract", () => "new", paper, load), "combineNothing");
  assert.equal(await combine([hole, shape("length", [[0, 0], [9, 9]])], "union", () => "new", paper, load), "combineTwo");
});

test("the selection is held together by its first shape", () => {
  const shapes = ["a", "b", "c"].map((id) => shape("box", [[1, 1], [5, 5]], { id }));
  let state = { ...initialState(true), shapes, ...selecting(["a"]) };
  state = { ...state, ...toggling(state, "c") };
  assert.deepEqual(selectedIds(state), ["a", "c"]);
  assert.deepEqual(heldShapes(state).map((one) => one.id), ["a", "c"]);
  assert.deepEqual(selectedIds({ ...state, selected: "b" }), ["b"]);
  assert.deepEqual(selectedIds({ ...state, ...toggling(state, "a") }), ["c"]);
  assert.deepEqual(heldShapes({ ...state, locked: { ...state.locked, mine: true } }), []);
  assert.deepEqual(heldShapes({ ...state, frame: 1 }), []);
});

test("a box touches what it overlaps", () => {
  const shapes = [shape("box", [[1, 1], [5, 5]]), shape("point", [[50, 50]])];
  assert.deepEqual(touched(shapes, [4, 4], [0, 20]), ["box"]);
  assert.deepEqual(touched(shapes, [49, 51], [51, 49]), ["point"]);
  assert.equal(pick(shapes, [50, 51], 3)?.id, "point");
});

test("the frame lies outside, its knob on the stage", () => {
  const view = { scale: 2, tx: 0, ty: 0, turn: 0, mirror: false };
  const frame = selectionFrame([shape("polygon", [[50, 50], [80, 50], [80, 70]])], view, 1);
  assert.deepEqual(frame.corners[0], { at: [90, 90], corner: [50, 50], opposite: [80, 70] });
  assert.deepEqual(frame.knob, [130, 66]);
  assert.equal(selectionFrame([shape("circle", [[1, 1], [5, 5]])], view, 1), null);
  const high = selectionFrame([shape("polygon", [[50, 2], [80, 2], [80, 20]])], view, 1);
  assert.ok(high.knob[1] > 40);
  const turned = selectionFrame([shape("polygon", [[50, 50], [80, 50], [80, 70]])], { ...view, turn: 2, tx: 400, ty: 400 }, 1);
  assert.deepEqual(turned.corners[0].at, [310, 310]);
});

test("numbers of a region are rescaled, its bars hold every pixel", () => {
  const frame = { samples: 1, columns: 4, slope: 2, intercept: -10 };
  const region = regionOf(Int16Array.from([0, 1, 2, 3, 4, 5, 6, 7]), frame, [[0, 0, 2], [1, 2, 4]]);
  assert.deepEqual([region.count, region.mean, region.minimum, region.maximum], [4, -3, -10, 4]);
  near(region.deviation, 2 * Math.sqrt(37 / 4), 1e-9);
  assert.equal(region.bars.reduce((sum, bar) => sum + bar), 4);
  assert.deepEqual([region.bars[0], region.bars.at(-1)], [1, 1]);
  assert.equal(regionOf(new Uint8Array(12), { ...frame, samples: 3 }, [[0, 0, 2]]), null);
  assert.equal(regionOf(new Uint8Array(12), frame, []), null);
});

test("attributes and counts are part of what is saved, in any order", () => {
  const one = shape("box", [[1, 1], [5, 5]], { attributes: { a: "1", b: "2" } });
  assert.equal(canonical([one]), canonical([{ ...one, attributes: { b: "2", a: "1" } }]));
  assert.notEqual(canonical([one]), canonical([{ ...one, attributes: { a: "1" } }]));
  assert.notEqual(canonical([one]), canonical([{ ...one, code: "radlex:RID3875" }]));
  const mask = shape("mask", [[1, 1], [3, 3]], { counts: [0, 4] });
  assert.notEqual(canonical([mask]), canonical([{ ...mask, counts: [1, 3] }]));
});
