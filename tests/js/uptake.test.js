import assert from "node:assert/strict";
import { test } from "node:test";

import { UPTAKE, inUptake, nextScale } from "../../static/js/viewer/uptake.js";
import { valueText } from "../../static/js/viewer/windowing.js";

const frame = (/** @type {object} */ more) => ({
  index: 0, rows: 1, columns: 2, samples: 1, dtype: "int16", slope: 2, intercept: 0, window: { center: 5000, width: 10000 },
  uptake_factor: 0.0005, ...more,
});
const series = (/** @type {object} */ more) => ({
  id: 1, modality: "PT", unit: "Bq/ml", presets: [], uptake_presets: [{ name: "SUV 0 to 5", center: 2.5, width: 5 }], labels: [], frames: [frame({})], ...more,
});

/** A viewer, as far as the scale asks for it. */
function viewer(found) {
  const state = { window: { center: 2.5, width: 5 }, preset: "stored", paint: { low: 1, high: null } };
  return {
    series: found, frames: found.frames, presets: found.presets, unit: found.unit, state, said: "",
    get frame() { return this.frames[0]; },
    set(patch) { Object.assign(this.state, patch); },
    say(text) { this.said = text; },
    t: (key, values = {}) => [key, ...Object.values(values)].join(" "),
  };
}

test("uptake is the recorded value times the factor, and the recorded one stands beside it", () => {
  const found = inUptake(series({}));
  assert.equal(found.unit, UPTAKE);
  assert.deepEqual(found.presets.map(({ name }) => name), ["SUV 0 to 5"]);
  assert.deepEqual(found.frames[0].window, { center: 2.5, width: 5 });
  // 3000 stored is 6000 Bq/ml, and 3 g/ml.
  assert.equal(valueText(new Int16Array([0, 3000]), found.frames[0], found.unit, 1, 0), "3 SUVbw g/ml   6000 Bq/ml");
  assert.equal(valueText(new Int16Array([0, 3000]), found.scales[1].frames[0], "Bq/ml", 1, 0), "6000 Bq/ml   3.000 SUVbw g/ml");
});

test("without the factor of a single image nothing is converted", () => {
  const some = series({ frames: [frame({}), frame({ uptake_factor: null })] });
  assert.equal(inUptake(some), some);
  assert.equal(inUptake(series({ frames: [] })).unit, "Bq/ml");
});

test("what was recorded as uptake has one unit only", () => {
  const found = inUptake(series({ unit: "GML", frames: [frame({ uptake_factor: 1 })] }));
  assert.deepEqual([found.unit, found.scales, found.frames[0].beside], [UPTAKE, undefined, undefined]);
});

test("the switch takes window and limits along, and comes back", () => {
  const host = viewer(inUptake(series({})));
  nextScale(host);
  assert.equal(host.unit, "Bq/ml");
  assert.deepEqual([host.state.window.center, host.state.window.width].map(Math.round), [5000, 10000]);
  assert.deepEqual([Math.round(host.state.paint.low), host.state.paint.high], [2000, null]);
  assert.equal(host.said, "scaleSaid Bq/ml");
  nextScale(host);
  assert.ok(Math.abs(host.state.window.width - 5) < 1e-9);
  assert.equal(host.unit, UPTAKE);
});

test("where uptake is not known the switch says why", () => {
  const host = viewer(series({ uptake_problem: "SUV is not known: no weight.", frames: [frame({ uptake_factor: null })] }));
  nextScale(host);
  assert.deepEqual([host.unit, host.said], ["Bq/ml", "SUV is not known: no weight."]);
});
