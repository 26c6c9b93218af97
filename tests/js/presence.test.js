import assert from "node:assert/strict";
import { test } from "node:test";

import { ENGLISH } from "../../static/js/viewer/english.js";
import { NOBODY, presentText } from "../../static/js/viewer/live/presence.js";
import { translator } from "../../static/js/viewer/strings.js";

const t = translator(ENGLISH);

test("who is there, in words", () => {
  const people = [{ id: 1, name: "Dr A" }];
  assert.equal(presentText(NOBODY, t, "en"), "");
  assert.equal(presentText({ ...NOBODY, people, windows: 1 }, t, "en"), "Also here: Dr A and you in another window");
  assert.equal(presentText({ ...NOBODY, people, more: 290, windows: 2 }, t, "en"), "Also here: Dr A, 290 more, and you in 2 other windows");
});
