import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { isKnown } from "../../static/js/viewer/keys.js";
import { Keymap, SHORTCUTS, chord, pretty } from "../../static/js/viewer/shortcuts.js";
import { ENGLISH } from "../../static/js/viewer/english.js";

/** A storage in memory. */
function keeper(text = null) {
  return { getItem: () => text, setItem(_, value) { text = value; }, removeItem() { text = null; } };
}

function press(key, ...held) {
  return { key, ctrlKey: held.includes("ctrl"), metaKey: held.includes("meta"), altKey: held.includes("alt"), shiftKey: held.includes("shift") };
}

test("no key has two meanings, save arrows and their like", () => {
  const keys = SHORTCUTS.filter((item) => !item.fixed).flatMap((item) => item.keys);
  assert.deepEqual(keys.filter((key, i) => keys.indexOf(key) !== i), []);
  const fixed = SHORTCUTS.filter((item) => item.fixed).flatMap((item) => item.keys);
  assert.deepEqual(keys.filter((key) => fixed.includes(key)), []);
});

test("every shortcut does something and has a name", () => {
  for (const item of SHORTCUTS) {
    assert.ok(item.name in ENGLISH, item.name);
    assert.ok(item.fixed || isKnown(item.id), item.id);
  }
});

test("a chord is the same however a keyboard makes it", () => {
  assert.equal(chord(press("w")), "W");
  assert.equal(chord(press("W", "shift")), "Shift+W");
  assert.equal(chord(press("Z", "ctrl", "shift")), "Ctrl+Shift+Z");
  assert.equal(chord(press("z", "meta")), "Ctrl+Z");
  assert.equal(chord(press("?", "shift")), "?");
  assert.equal(chord(press("[", "ctrl", "alt")), "[");
  assert.equal(chord(press(" ")), "Space");
  assert.equal(chord(press("PageDown", "shift")), "Shift+PageDown");
  assert.equal(chord(press("Shift", "shift")), "");
});

test("people read signs", () => {
  assert.equal(pretty("Shift+ArrowUp"), "Shift+↑");
  assert.equal(pretty("+"), "+");
  assert.equal(pretty("Ctrl+-"), "Ctrl+−");
});

test("a changed key is kept, and found by the next page", () => {
  const kept = keeper();
  const first = new Keymap(kept);
  assert.equal(first.command("W"), "tool:window");
  assert.equal(first.change("tool:window", "F8"), null);
  assert.deepEqual([first.command("W"), first.command("F8")], [null, "tool:window"]);
  const second = new Keymap(kept);
  assert.deepEqual(second.keys("tool:window"), ["F8"]);
  second.reset();
  assert.deepEqual(new Keymap(kept).keys("tool:window"), ["W"]);
});

test("a key that is taken is refused and its owner named", () => {
  const map = new Keymap(keeper());
  assert.equal(map.change("invert", "W")?.id, "tool:window");
  assert.equal(map.change("invert", "Enter")?.id, "enter");
  assert.equal(map.change("tool:window", "F9"), null);
  assert.equal(map.change("invert", "W"), null);
});

test("what was kept wrongly is left out", () => {
  const warn = console.warn;
  console.warn = () => {};
  assert.deepEqual(new Keymap(keeper("{")).changes.size, 0);
  console.warn = warn;
  const odd = { invert: "W", enter: "Q", nothing: "Q", "zoom-in": 5 };
  assert.deepEqual(new Keymap(keeper(JSON.stringify(odd))).changes.size, 0);
});

test("the page's words are the words of the script", async () => {
  const page = await readFile(new URL("../../templates/cases/_viewer_strings.html", import.meta.url), "utf8");
  const found = [...page.matchAll(/\{% translate "(.*)" as words %\}"([\w-]+)"/g)].map(([, text, key]) => [key, text]);
  assert.deepEqual(Object.fromEntries(found), ENGLISH);
});
