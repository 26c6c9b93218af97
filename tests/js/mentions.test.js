import assert from "node:assert/strict";
import { test } from "node:test";

import { begunName, withName } from "../../static/js/behaviours/mentions.js";

test("a name begins with @ at the beginning of a word", () => {
  assert.equal(begunName("see @an"), "an");
  assert.equal(begunName("@"), "");
  assert.equal(begunName("(@bob.m"), "bob.m");
  assert.equal(begunName("@Jörg"), "Jörg");
  assert.equal(begunName("@me@uni"), "me@uni");
  for (const text of ["me@example", "an", "@ann ", "@@ann", ""]) assert.equal(begunName(text), null, text);
});

test("the chosen name takes the place of what was begun, and one blank follows", () => {
  assert.deepEqual(withName("see @an, now", 7, "ann"), { text: "see @ann , now", caret: 9 });
  assert.deepEqual(withName("see @an now", 7, "ann"), { text: "see @ann now", caret: 9 });
  assert.deepEqual(withName("@", 1, "bob"), { text: "@bob ", caret: 5 });
});
