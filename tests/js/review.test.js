/** Comments: threads, pins and what is new; and that the page has all words. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ENGLISH } from "../../static/js/viewer/review/strings.js";
import { arrivedSince, threadsOf } from "../../static/js/viewer/review/threads.js";

/** @param {number} id @param {object} more */
const said = (id, more = {}) => ({ id, annotation: 1, author: "ann", mine: false, text: "x", frame: null, x: null, y: null, answer_to: null, created_at: "", ...more });

test("answers follow what they answer, and pins are counted", () => {
  const found = threadsOf([said(1, { frame: 0, x: 1, y: 2 }), said(2), said(3, { answer_to: 1 }), said(4, { frame: 2, x: 0, y: 0 }), said(5, { annotation: 2 })], new Set([1]));
  assert.deepEqual(found.map(({ comment, number, answers }) => [comment.id, number, answers.map((one) => one.id)]), [[1, 1, [3]], [2, null, []], [4, 2, []]]);
});

test("only what others have written since is new", () => {
  assert.equal(arrivedSince([said(1)], [said(1), said(2), said(3, { mine: true })]), 1);
});

test("the page has every word of the review", async () => {
  const page = await readFile(new URL("../../templates/cases/_review_strings.html", import.meta.url), "utf8");
  for (const [key, words] of Object.entries(ENGLISH)) assert.ok(page.includes(`{% translate "${words}" as words %}"${key}":`), key);
});
