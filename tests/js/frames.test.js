import assert from "node:assert/strict";
import { test } from "node:test";

import { FrameLoader, wantedOrder } from "../../static/js/viewer/frames.js";

const settle = () => new Promise((resolve) => setImmediate(resolve));

function frames(count) {
  return Array.from({ length: count }, (_, index) => ({ index, rows: 2, columns: 2, samples: 1, dtype: "uint8" }));
}

function loader(count, options = {}) {
  const calls = [];
  const loaded = [];
  const errors = [];
  const timers = { list: [], setTimeout: (f) => timers.list.push(f), clearTimeout: () => {} };
  const made = new FrameLoader({
    frames: frames(count),
    fetchFrame: (frame, signal) =>
      new Promise((resolve, reject) => {
        calls.push({ index: frame.index, signal, resolve: () => resolve(new Uint8Array(4)), reject });
        signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      }),
    onFrame: (index) => loaded.push(index),
    onError: (index) => errors.push(index),
    concurrency: 2,
    timers,
    ...options,
  });
  return { made, calls, loaded, errors, timers };
}

test("near before far, ahead before behind", () => {
  assert.deepEqual(wantedOrder(2, 6, 1), [2, 3, 1, 4, 0, 5]);
  assert.deepEqual(wantedOrder(2, 6, -1), [2, 1, 3, 0, 4, 5]);
  assert.deepEqual(wantedOrder(0, 1, 1), [0]);
});

test("everything arrives in the end, the shown image first", async () => {
  const { made, calls, loaded } = loader(5);
  made.setCurrent(0);
  for (let i = 0; i < 5; i++) {
    assert.ok(made.running.size <= 2);
    calls[i].resolve();
    await settle();
  }
  assert.deepEqual(loaded, [0, 1, 2, 3, 4]);
  assert.equal(calls.length, 5);
});

test("moving on gives up what is far and fetches what is shown", async () => {
  const { made, calls } = loader(60);
  made.setCurrent(0);
  made.setCurrent(50);
  assert.ok(calls[0].signal.aborted && calls[1].signal.aborted);
  await settle();
  assert.deepEqual(calls.slice(2).map((call) => call.index), [50, 51]);
});

test("an image is tried four times, then said to be missing, and can be asked for again", async () => {
  const { made, calls, errors, timers } = loader(1);
  made.setCurrent(0);
  for (let i = 0; i < 4; i++) {
    calls[i].reject(new Error("broken"));
    await settle();
    timers.list.shift()?.();
  }
  assert.deepEqual(errors, [0]);
  assert.equal(calls.length, 4);
  made.retry(0);
  assert.equal(calls.length, 5);
});

test("an image given up in the background gets new attempts when it is looked at", async () => {
  const { made, calls, timers } = loader(2, { concurrency: 1 });
  made.setCurrent(0);
  calls[0].resolve();
  await settle();
  for (let i = 1; i < 5; i++) {
    calls[i].reject(new Error("broken"));
    await settle();
    timers.list.shift()?.();
  }
  assert.equal(calls.length, 5);
  made.setCurrent(1);
  assert.equal(calls.length, 6);
});

test("memory has a limit; the images in sight stay", async () => {
  const { made, calls } = loader(40, { budget: 4 * 10 });
  made.setCurrent(0);
  for (let i = 0; i < 10; i++) {
    calls[i].resolve();
    await settle();
  }
  made.setCurrent(30);
  for (let i = 10; i < calls.length; i++) {
    calls[i].resolve();
    await settle();
  }
  assert.equal(made.cache.size, 10);
  assert.ok(made.get(30) && !made.get(0));
});
