import assert from "node:assert/strict";
import { test } from "node:test";

import { companions, linkedFrame, nearestFrame, sameScale, sameSpace } from "../../static/js/viewer/link.js";

const AXIAL = [1, 0, 0, 0, 1, 0];

/** `count` axial slices from `start` on, `gap` millimetres apart. */
function stack(count, start, gap, orientation = AXIAL) {
  return Array.from({ length: count }, (_, i) => ({ orientation, position: [-200, -180, start + i * gap] }));
}

test("the nearest slice in millimetres, whichever way a stack is numbered", () => {
  const thin = stack(100, 0, 1);
  assert.equal(nearestFrame(stack(10, 0, 5)[4], thin), 20);
  assert.equal(nearestFrame(stack(10, 0, 5)[4], [...thin].reverse()), 79);
  assert.equal(nearestFrame(stack(1, 900, 1)[0], thin), 99);
});

test("every slice finds itself again", () => {
  const frames = stack(41, -120.5, 3.2);
  frames.forEach((frame, index) => assert.equal(nearestFrame(frame, frames), index));
});

test("stacks cut in other directions, or of unknown place, cannot be compared", () => {
  const axial = stack(10, 0, 5);
  assert.equal(nearestFrame(axial[0], stack(10, 0, 5, [0, 1, 0, 0, 0, -1])), null);
  assert.notEqual(nearestFrame(axial[0], stack(10, 0, 5, [Math.cos(0.3), 0, Math.sin(0.3), 0, 1, 0])), null);
  assert.equal(nearestFrame({ orientation: AXIAL, position: null }, axial), null);
  assert.equal(nearestFrame(axial[0], [{ orientation: null, position: [0, 0, 0] }]), null);
  assert.equal(nearestFrame(axial[0], [axial[0], { orientation: AXIAL, position: null }]), null);
});

test("without a common space the other goes as many images on", () => {
  const from = { series: { modality: "CT", frame_of_reference: "a" }, frames: stack(20, 0, 5), frame: 12, moved: 2 };
  const same = { series: { modality: "MR", frame_of_reference: "a" }, frames: stack(30, 0, 1), frame: 3 };
  assert.equal(linkedFrame(from, same), 29);
  const other = { ...same, series: { modality: "CT", frame_of_reference: "b" } };
  assert.equal(linkedFrame(from, other), 5);
  assert.equal(linkedFrame({ ...from, moved: -9 }, other), 0);
  assert.equal(sameSpace({ modality: "CT", frame_of_reference: "" }, { modality: "CT", frame_of_reference: "" }), false);
  assert.equal(sameScale({ modality: "CT", unit: "HU" }, { modality: "CT", unit: "HU" }), true);
  assert.equal(sameScale({ modality: "MR" }, { modality: "CT" }), false);
});

test("the prior comes first, the scout last", () => {
  const all = [
    { id: 1, modality: "CT", study_uid: "x", is_localiser: true },
    { id: 2, modality: "CT", study_uid: "x" },
    { id: 3, modality: "MR", study_uid: "x" },
    { id: 4, modality: "MR", study_uid: "y" },
    { id: 5, modality: "CT", study_uid: "x" },
    { id: 6, modality: "CT", study_uid: "y" },
  ];
  assert.deepEqual(companions(all[1], all).map((one) => one.id), [6, 5, 4, 3, 1]);
});

test("a plane lies in the space of its stack, and does not follow a stack that crosses it", () => {
  const axial = { series: { id: 6, modality: "CT" }, frames: stack(10, 0, 5), frame: 4, moved: 1 };
  const coronal = { series: { id: "6/coronal/0/mean", stack: 6, modality: "CT" }, frames: stack(10, 0, 5, [1, 0, 0, 0, 0, -1]), frame: 3 };
  assert.equal(sameSpace(axial.series, coronal.series), true);
  assert.equal(linkedFrame(axial, coronal), 3);
  const own = { ...coronal, series: { ...coronal.series, id: "6/axial/0/mean" }, frames: stack(19, 0, 2.5) };
  assert.equal(linkedFrame(axial, own), 8);
  assert.equal(sameSpace({ id: 7, modality: "CT" }, coronal.series), false);
});
