import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";

import { Memory, PIECE_BYTES, fingerprintOf, isPassing, shown, sift } from "../../static/js/behaviours/upload-rules.js";

const FILE = { name: "Doe^Jane.dcm", size: 20 * PIECE_BYTES, lastModified: 1_700_000_000_000 };
const PLACE = "/cases/3/batches/";
const LIMITS = { file_bytes: 100, batch_bytes: 250, batch_files: 4, left_bytes: 220 };

/** A browser's storage. */
class Store {
  constructor() {
    this.map = new Map();
    this.isFull = false;
  }
  get length() {
    return this.map.size;
  }
  key = (index) => [...this.map.keys()][index] ?? null;
  getItem = (key) => this.map.get(key) ?? null;
  removeItem = (key) => void this.map.delete(key);
  setItem = (key, value) => {
    if (this.isFull) throw new Error("QuotaExceededError");
    this.map.set(key, value);
  };
}

test("what passes is tried again, and what the same bytes bring about again is final", () => {
  for (const status of [0, 408, 409, 423, 429, 460, 500, 502, 503, 504, 507]) assert.ok(isPassing(status), String(status));
  for (const status of [200, 302, 400, 401, 403, 404, 410, 412, 413, 415, 416]) assert.ok(!isPassing(status), String(status));
});

test("a fingerprint tells files and places apart and holds no name", async () => {
  const subtle = /** @type {SubtleCrypto} */ (webcrypto.subtle);
  const one = await fingerprintOf(FILE, PLACE, subtle);
  assert.match(one ?? "", /^[0-9a-f]{64}$/);
  assert.equal(one, await fingerprintOf({ ...FILE }, PLACE, subtle));
  for (const other of [{ ...FILE, name: "Doe^John.dcm" }, { ...FILE, size: 1 }, { ...FILE, lastModified: 1 }]) {
    assert.notEqual(one, await fingerprintOf(other, PLACE, subtle));
  }
  assert.notEqual(one, await fingerprintOf(FILE, "/cases/4/batches/", subtle));
  // Without https a browser has no digest: nothing is remembered then.
  assert.equal(await fingerprintOf(FILE, PLACE, undefined), null);
});

test("an unfinished upload is found again by its fingerprint, without a name", async () => {
  const store = new Store();
  const memory = new Memory(store, () => Date.parse("2026-05-01T12:00:00Z"));
  memory.beside.set("abc", { stateUrl: "/batches/9/state/", place: PLACE });
  const key = await memory.addUpload("abc", { uploadUrl: "/files/7/", size: 5, creationTime: "2026-05-01T10:00:00Z", metadata: { filename: FILE.name } });
  assert.ok(![...store.map.values()].join().includes("Doe"));
  const [found] = await new Memory(store, memory.now).findUploadsByFingerprint("abc");
  assert.equal(found.uploadUrl, "/files/7/");
  assert.equal(found.stateUrl, "/batches/9/state/");
  assert.equal(found.urlStorageKey, key);
  assert.deepEqual(await memory.findUploadsByFingerprint("ab"), []);
  assert.equal(memory.count(PLACE), 1);
  assert.equal(memory.count("/cases/4/batches/"), 0);
  await memory.removeUpload(key);
  assert.equal(memory.count(PLACE), 0);
});

test("what is a day old or nonsense is forgotten, what others keep is left alone", async () => {
  const store = new Store();
  store.setItem("theme", "dark");
  store.setItem("medweb-upload:broken", "{");
  store.setItem("medweb-upload:odd", "[1]");
  let now = Date.parse("2026-05-01T12:00:00Z");
  const memory = new Memory(store, () => now);
  await memory.addUpload("old", { uploadUrl: "/files/1/", size: 5, creationTime: "2026-05-01T11:00:00Z" });
  assert.equal((await memory.findAllUploads()).length, 1);
  now += 24 * 3_600_000;
  assert.equal((await memory.findAllUploads()).length, 0);
  assert.deepEqual([...store.map.keys()], ["theme"]);
  store.isFull = true;
  await memory.addUpload("new", { uploadUrl: "/files/2/", size: 5, creationTime: "2026-05-02T11:00:00Z" });
  assert.deepEqual([...store.map.keys()], ["theme"]);
});

test("limits are looked at before the first byte", () => {
  const of = (...sizes) => sifted(sizes);
  const sifted = (sizes) => sift(sizes.map((size) => ({ size })), LIMITS);
  const mixed = of(0, 50, 101, 100);
  assert.deepEqual([mixed.fits.length, mixed.empty.length, mixed.large.length, mixed.trouble], [2, 1, 1, ""]);
  assert.equal(of(1, 1, 1, 1, 1).trouble, "files");
  assert.equal(of(100, 100, 60).trouble, "batch");
  assert.equal(of(100, 100, 30).trouble, "left");
  // What is too large by itself does not count against the others.
  assert.equal(of(100, 100, 9_999).trouble, "");
});

test("of thousands of files the urgent ones get a row, in their order", () => {
  const items = Array.from({ length: 5_000 }, (_, id) => ({ id, state: id < 4_000 ? "accepted" : "queued" }));
  items[10].state = "refused";
  items[4_500].state = "sending";
  items[20].state = "failed";
  const rows = shown(items, 5);
  assert.deepEqual(rows.map((item) => item.id), [10, 20, 4_000, 4_001, 4_500]);
  assert.equal(shown(items.slice(0, 5), 5).length, 5);
  assert.equal(shown(items, 100).length, 100);
});
