import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { lengthWords, magnificationWords, scaleBar } from "../../static/js/slide/scale.js";
import { ENGLISH, translator } from "../../static/js/slide/strings.js";

test("the bar is a round length that fits, and more than two fifths of what it may take", () => {
  for (let unit = 0.01; unit < 5000; unit *= 1.37) {
    const { length, width } = scaleBar(unit, 140);
    assert.ok(width <= 140 + 1e-6 && width > 55, `${unit}: ${width}`);
    assert.ok(Math.abs(width * unit - length) < 1e-6 * length);
    assert.match(length.toExponential(0), /^[125]e/);
  }
});

test("half the pixels for the same length when zoomed out twice", () => {
  const near = scaleBar(1, 100);
  assert.deepEqual(near, { length: 100, width: 100 });
  assert.deepEqual(scaleBar(2, 100), { length: 200, width: 100 });
});

test("lengths are said as one would", () => {
  assert.equal(lengthWords(2000), "2 mm");
  assert.equal(lengthWords(500), "500 µm");
  assert.equal(lengthWords(0.5), "500 nm");
  assert.equal(lengthWords(20 * 1.0000000001), "20 µm");
});

test("magnifications", () => {
  assert.equal(magnificationWords(19.96), "20");
  assert.equal(magnificationWords(1.2345), "1.2");
});

test("words of the page and of the script are the same list", () => {
  const template = readFileSync(new URL("../../templates/cases/_slide_strings.html", import.meta.url), "utf8");
  const found = [...template.matchAll(/\{% translate "(.*)" as words %\}"(\w+)":/g)].map(([, text, key]) => [key, text]);
  assert.deepEqual(Object.fromEntries(found), ENGLISH);
  assert.equal(translator({ failed: "Nein: {reason}" })("failed", { reason: "x" }), "Nein: x");
});
