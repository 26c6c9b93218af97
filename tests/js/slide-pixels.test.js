import assert from "node:assert/strict";
import { test } from "node:test";
import { inward, outward, slideApi } from "../../static/js/slide/pixels.js";

const shape = (kind, points, more = {}) => ({ id: "a", kind, frame: 3, points, label: "", ...more });

test("what is drawn on the slide comes back as it was drawn", () => {
  for (const step of [1, 2, 64]) {
    const drawn = { ...shape("polygon", [[0.01, 0.02], [123456.78, 3.3], [7.77, 99999.99]]), frame: 0 };
    const kept = outward(drawn, step, 3);
    assert.equal(kept.frame, 3);
    assert.deepEqual(inward(kept, step), drawn);
  }
});

test("each pixel of a mask on the overview becomes a square", () => {
  // Two rows of three pixels: the middle of the first, the ends of the second.
  const mask = shape("mask", [[10, 20], [13, 22]], { counts: [1, 1, 1, 1, 1, 1] });
  const seen = inward(mask, 2);
  assert.deepEqual(seen.points, [[20, 40], [26, 44]]);
  assert.deepEqual(seen.counts, [2, 2, 4, 2, 2, 2, 2, 4, 2, 2]);
  assert.equal(seen.counts.reduce((sum, count) => sum + count, 0), 6 * 4);
  assert.deepEqual(outward(seen, 2, 3), mask);
});

test("what lies between the middles of the overview's pixels is not kept", () => {
  const dot = { ...shape("mask", [[4, 4], [5, 5]], { counts: [0, 1] }), frame: 0 };
  assert.equal(outward(dot, 4, 0), null);
  const line = { ...shape("mask", [[0, 2], [9, 3]], { counts: [0, 9] }), frame: 0 };
  assert.deepEqual(outward(line, 4, 0).points, [[0, 0], [2, 1]]);
});

test("shapes of other pictures go along with every save, also after a conflict", async () => {
  const other = { ...shape("point", [[1, 1]]), frame: 0, id: "b" };
  const mine = shape("point", [[5, 6]]);
  const sent = [];
  let refuse = true;
  const api = slideApi(
    {
      annotations: async () => [{ layer: "mine", shapes: [other, mine] }, { layer: "reference", shapes: [mine] }],
      update: async (_id, _revision, shapes) => {
        sent.push(shapes);
        if (refuse) throw Object.assign(new Error("stale"), { problem: { current: { revision: 9, shapes: [mine] } } });
        return { id: 1, revision: 10, shapes };
      },
    },
    { frame: 3, step: 4 },
  );
  const [own, reference] = await api.annotations();
  assert.deepEqual(own.shapes, [{ ...mine, frame: 0, points: [[20, 24]] }]);
  assert.equal(reference.shapes.length, 1);
  const error = await api.update(1, 8, own.shapes).catch((found) => found);
  assert.deepEqual(sent[0], [other, mine]);
  assert.deepEqual(error.problem.current.shapes[0].points, [[20, 24]]);
  refuse = false;
  await api.update(1, 9, own.shapes);
  assert.deepEqual(sent[1], [mine]);
});
