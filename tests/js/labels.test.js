import assert from "node:assert/strict";
import { test } from "node:test";

import { codeText, withCodes } from "../../static/js/viewer/labels.js";

const LABELS = [
  { code: "pneumonia", label: "Pneumonia", color: "#fff", term: "radlex:RID5350" },
  { code: "mass", label: "Mass", color: "#000", term: "" },
];
const shape = (id, label, code) => ({ id, kind: "point", frame: 0, points: [[1, 1]], label, ...(code ? { code } : {}) });

test("a new shape gets the code of its label", () => {
  const [one, two] = withCodes(LABELS, [], [shape("a", "Pneumonia"), shape("b", "Mass")]);
  assert.equal(one.code, "radlex:RID5350");
  assert.ok(!("code" in two));
});

test("another label takes the code along or away, an untouched shape stays the same object", () => {
  const before = [shape("a", "Mass"), shape("b", "Pneumonia", "radlex:RID5350"), shape("c", "Own", "snomed:27925004")];
  const after = [shape("a", "Pneumonia"), shape("b", "Words", "radlex:RID5350"), before[2]];
  const found = withCodes(LABELS, before, after);
  assert.deepEqual(found.map((one) => one.code), ["radlex:RID5350", undefined, "snomed:27925004"]);
  assert.equal(found[2], before[2]);
});

test("a copy keeps the code that it came with", () => {
  assert.equal(withCodes(LABELS, [], [shape("z", "Own", "icd10:C34.1")])[0].code, "icd10:C34.1");
});

test("codes as people write them", () => {
  assert.deepEqual([codeText("radlex:RID5350"), codeText("icd10:C34.1"), codeText(""), codeText()], ["RadLex RID5350", "ICD-10 C34.1", "", ""]);
});
