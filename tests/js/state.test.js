import assert from "node:assert/strict";
import { test } from "node:test";

import { History } from "../../static/js/viewer/history.js";
import { labelColor, labelText } from "../../static/js/viewer/labels.js";
import { clampFrame, createStore, openingFrame } from "../../static/js/viewer/state.js";
import { translator } from "../../static/js/viewer/strings.js";
import { newId } from "../../static/js/viewer/tools/draw.js";
import { pick } from "../../static/js/viewer/tools/select.js";

test("listeners hear what is new, and nothing when nothing is", () => {
  const store = createStore({ a: 1, b: "x" });
  const heard = [];
  const leave = store.subscribe((state, changed) => heard.push([state.a, [...changed]]));
  const before = store.get();
  store.set({ a: 2, b: "x" });
  store.set({ a: 2 });
  leave();
  store.set({ a: 3 });
  assert.deepEqual(heard, [[2, ["a"]]]);
  assert.deepEqual(before, { a: 1, b: "x" });
});

test("undo and redo walk the same way", () => {
  const history = new History("a", 2);
  for (const value of ["b", "c", "d"]) history.commit(value);
  assert.equal(history.undo(), "c");
  assert.equal(history.undo(), "b");
  assert.equal(history.undo(), "b");
  assert.equal(history.redo(), "c");
  history.commit("e");
  assert.equal(history.canRedo, false);
  assert.equal(history.undo(), "c");
  history.reset("z");
  assert.deepEqual([history.present, history.canUndo, history.canRedo], ["z", false, false]);
});

test("a frame number stays in the series", () => {
  assert.deepEqual([-3, 2.4, 99, NaN].map((n) => clampFrame(n, 5)), [0, 2, 4, 0]);
});

test("labels have wording and colour, free ones always the same", () => {
  const labels = [{ code: "n1", label: "Nodule", color: "#ff0000" }, { code: "n2", label: "Cyst", color: "url(evil)" }];
  assert.equal(labelText(labels, "n1"), "Nodule");
  assert.equal(labelText(labels, "Nodule"), "Nodule");
  assert.equal(labelText(labels, "scar"), "scar");
  assert.equal(labelColor(labels, "Nodule"), "#ff0000");
  assert.match(labelColor(labels, "n2"), /^#/);
  assert.equal(labelColor(labels, "scar"), labelColor([], "scar"));
});

test("words are the page's, values filled in, and a word that is missing shows its key", () => {
  const t = translator({ image: "Bild {n} von {count}", failed: "Bild {n} fehlt." });
  assert.equal(t("image", { n: 3, count: 9 }), "Bild 3 von 9");
  assert.equal(t("failed", {}), "Bild {n} fehlt.");
  assert.equal(t("saved"), "saved");
});

test("ids are version 4 and different", () => {
  assert.match(newId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(newId(), newId());
});

test("the nearest outline is picked, then the smallest shape around", () => {
  const big = { id: "big", kind: "box", frame: 0, points: [[0, 0], [100, 100]], label: "" };
  const small = { id: "small", kind: "box", frame: 0, points: [[40, 40], [60, 60]], label: "" };
  assert.equal(pick([big, small], [50, 50], 3)?.id, "small");
  assert.equal(pick([big, small], [1, 50], 3)?.id, "big");
  assert.equal(pick([big, small], [20, 20], 3)?.id, "big");
  assert.equal(pick([big, small], [200, 200], 3), null);
});

test("a stack opens in its middle, a cine run at its beginning", () => {
  const slice = { position: [0, 0, 1] };
  assert.equal(openingFrame(Array(41).fill(slice)), 20);
  assert.equal(openingFrame(Array(30).fill({ position: null })), 0);
  assert.equal(openingFrame([slice]), 0);
});
