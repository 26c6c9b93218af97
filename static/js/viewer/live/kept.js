/**
 * What is drawn and not saved yet lies on this browser as well: it survives a lost connection, a reload, a crash and
 * a closed window. Each window of each person has an entry of its own for each series, so that no window overwrites
 * what another one still has to save.
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").Annotation} Annotation
 * @typedef {Pick<Storage, "getItem"|"setItem"|"removeItem"|"key"|"length">} Store
 * @typedef {{id: Annotation["id"]|null, revision: number, shapes: Shape[]}} Work what it started from, and what is there now
 * @typedef {Work & {at: number, changed: number}} Entry `at`: when the first of the unsaved changes was made
 * @typedef {{key: string, window: string, entry: Entry}} Found
 */
import { canonical } from "../saver.js";

const HEAD = "medweb:kept:";
const WEEK = 7 * 24 * 3600 * 1000;

/** @param {Store} store @returns {string[]} */
function keysOf(store) {
  return Array.from({ length: store.length }, (_, i) => store.key(i) ?? "").filter((key) => key.startsWith(HEAD));
}

/** What an older program wrote, or somebody's hand, must not stop the viewer each time it opens. @param {any} shape */
function isShape(shape) {
  const { id, kind, frame, points } = shape ?? {};
  const placed = Array.isArray(points) && points.every((point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite));
  return typeof id === "string" && typeof kind === "string" && Number.isInteger(frame) && placed;
}

/** @param {Store} store @param {string} key @returns {Entry|null} null when it cannot be read */
function read(store, key) {
  try {
    const found = JSON.parse(store.getItem(key) ?? "null");
    const whole = Array.isArray(found?.shapes) && found.shapes.every(isShape) && Number.isFinite(found.changed) && Number.isFinite(found.at) && Number.isInteger(found.revision);
    return whole ? found : null;
  } catch (error) {
    console.warn("a kept drawing could not be read", error);
    return null;
  }
}

/**
 * Entries of a week ago, and those that nobody can read, whosever they are.
 * @param {Store} store
 * @param {number} now milliseconds
 */
export function expire(store, now) {
  for (const key of keysOf(store)) {
    const entry = read(store, key);
    if (!entry || now - entry.changed > WEEK || entry.changed - now > WEEK) store.removeItem(key);
  }
}

/** How many shapes are others: added, changed or gone. @param {Shape[]} before @param {Shape[]} after */
export function differences(before, after) {
  const known = new Map(before.map((shape) => [shape.id, canonical([shape])]));
  const ids = new Set(after.map((shape) => shape.id));
  return after.filter((shape) => known.get(shape.id) !== canonical([shape])).length + before.filter((shape) => !ids.has(shape.id)).length;
}

export class Kept {
  /**
   * @param {object} options
   * @param {Store} options.store
   * @param {string} options.user
   * @param {number|string} options.series
   * @param {string} options.window and which of its viewers: `0a1b-0`
   * @param {() => number} [options.now] milliseconds
   */
  constructor({ store, user, series, window, now = Date.now }) {
    this.store = store;
    this.head = `${HEAD}${user}:${series}:`;
    this.key = this.head + window;
    this.now = now;
    /** When the first of the unsaved changes was made; 0 while all is saved. */
    this.at = 0;
  }

  /** @param {Work} work @returns {boolean} false when the browser has no room for it */
  put({ id, revision, shapes }) {
    const changed = this.now();
    this.at ||= changed;
    try {
      this.store.setItem(this.key, JSON.stringify({ id, revision, shapes, at: this.at, changed }));
      return true;
    } catch (error) {
      // What is there is older than what is drawn, and would be taken for it.
      this.store.removeItem(this.key);
      console.warn("there is no room on this browser for what is not saved", error);
      return false;
    }
  }

  drop() {
    this.at = 0;
    this.store.removeItem(this.key);
  }

  /**
   * What windows left that are gone, the oldest first.
   * @param {ReadonlySet<string>} living windows that will save their own
   * @returns {Found[]}
   */
  left(living) {
    /** @type {Found[]} */
    const found = [];
    for (const key of keysOf(this.store)) {
      const window = key.slice(this.head.length);
      if (!key.startsWith(this.head) || key === this.key || living.has(window.split("-")[0])) continue;
      const entry = read(this.store, key);
      if (entry) found.push({ key, window, entry });
    }
    return found.sort((a, b) => a.entry.changed - b.entry.changed);
  }
}
