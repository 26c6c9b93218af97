import assert from "node:assert/strict";
import { test } from "node:test";

import { History, between, everywhere, fitted, isOn, pulled, replaced } from "../../static/js/desk/boxes.js";
import { Saver } from "../../static/js/desk/saver.js";

const SIZE = { columns: 100, rows: 50 };
const box = (values = {}) => ({ frames: [7], x: 10, y: 20, width: 30, height: 10, score: null, ...values });

test("a box stays inside of the picture, in whole pixels", () => {
  assert.deepEqual(fitted(box({ x: -3.4, y: 45 }), SIZE), box({ x: 0, y: 40 }));
  assert.deepEqual(fitted(box({ width: 500, height: 0.2 }), SIZE), box({ x: 0, width: 100, height: 2 }));
});

test("two corners in any order make the same box", () => {
  const made = { x: 2, y: 3, width: 6, height: 5 };
  assert.deepEqual(between([2.5, 3.5], [7.2, 7.9]), made);
  assert.deepEqual(between([7.2, 7.9], [2.5, 3.5]), made);
});

test("a pulled corner leaves the opposite one", () => {
  assert.deepEqual(pulled(box(), "nw", [5, 15]), box({ x: 5, y: 15, width: 35, height: 15 }));
  assert.deepEqual(pulled(box(), "se", [20, 25]), box({ width: 10, height: 5 }));
  // Beyond the opposite corner it turns over.
  assert.deepEqual(pulled(box(), "ne", [4, 25]), box({ x: 4, y: 25, width: 6, height: 5 }));
});

test("boxes on all images, those at one place made one", () => {
  const all = everywhere([box(), box({ frames: [8] }), box({ x: 1 })]);
  assert.deepEqual(all, [box({ frames: null }), box({ x: 1, frames: null })]);
  assert.ok(isOn(all[0], 99));
  assert.ok(!isOn(box(), 99));
});

test("replacing and removing make new lists", () => {
  const boxes = [box(), box({ x: 1 })];
  assert.deepEqual(replaced(boxes, 0, null), [box({ x: 1 })]);
  assert.deepEqual(replaced(boxes, 1, box({ x: 2 })), [box(), box({ x: 2 })]);
  assert.equal(boxes.length, 2);
});

test("what was done can be undone and done again", () => {
  const history = new History([]);
  history.put([box()]);
  history.put([]);
  assert.ok(history.undo());
  assert.equal(history.now.length, 1);
  assert.ok(history.redo());
  assert.ok(!history.redo());
  assert.ok(history.undo() && history.undo() && !history.undo());
  history.put([box(), box()]);
  assert.ok(!history.redo());
});

test("one save at a time, always what was shown last", async () => {
  /** @type {[number, number][]} */
  const sent = [];
  /** @type {(() => void)[]} */
  const waiting = [];
  const saver = new Saver(
    4,
    (revision, boxes) => {
      sent.push([revision, boxes.length]);
      return new Promise((resolve) => waiting.push(() => resolve({ status: 200, body: { revision: revision + 1 } })));
    },
    () => {},
  );
  saver.save([]);
  saver.save([box()]);
  saver.save([box(), box()]);
  await Promise.resolve();
  waiting.shift()?.();
  await new Promise((resolve) => setImmediate(resolve));
  waiting.shift()?.();
  await saver.settled();
  assert.deepEqual(sent, [[4, 0], [5, 2]]);
  assert.equal(saver.revision, 6);
});

test("a stale save stops saving", async () => {
  /** @type {string[]} */
  const told = [];
  const saver = new Saver(1, async () => ({ status: 409, body: { detail: "changed" } }), (state) => told.push(state));
  saver.save([]);
  await saver.settled();
  saver.save([box()]);
  await saver.settled();
  assert.deepEqual(told, ["saving", "stale"]);
});
