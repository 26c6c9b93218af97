/** Rules of sending files that need no page: what is tried again, what is remembered, what may be sent at all. */

export const PIECE_BYTES = 8 * 1024 * 1024;
/** After that many failures in a row a file waits for the person, or for the network to come back. */
export const RETRY_DELAYS = [500, 1_000, 3_000, 5_000, 10_000, 20_000, 30_000];
/** The server throws unfinished files away after a day. */
const REMEMBERED_MS = 24 * 3_600_000;
const PREFIX = "medweb-upload:";

/** @typedef {{file_bytes: number, batch_bytes: number, batch_files: number, left_bytes: number}} Limits */
/** @typedef {{uploadUrl: string, size: number | null, creationTime: string, stateUrl?: string, place?: string}} Remembered */
/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Store */

/**
 * Whether a failed request is worth another try. The same bytes get the same answer to most 4xx.
 *
 * @param {number} status of the answer; 0 when there was none
 * @returns {boolean}
 */
export function isPassing(status) {
  // 408 slow, 409 other offset (asked for anew), 423 and 429 later, 460 damaged on the way.
  return status === 0 || status >= 500 || [408, 409, 423, 429, 460].includes(status);
}

/**
 * What identifies a file on this computer, as a hash: names of files are often names of patients.
 *
 * @param {{name: string, size: number, lastModified: number}} file
 * @param {string} place where it is sent
 * @param {SubtleCrypto | undefined} subtle there only on https and on this computer
 * @returns {Promise<string | null>} null when nothing can be remembered
 */
export async function fingerprintOf(file, place, subtle) {
  if (!subtle) return null;
  const text = JSON.stringify([file.name, file.size, file.lastModified, place]);
  const digest = new Uint8Array(await subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Where unfinished files go on: the urlStorage of tus-js-client, without names. */
export class Memory {
  /**
   * @param {Store} store
   * @param {() => number} [now] milliseconds since the epoch
   */
  constructor(store, now = Date.now) {
    this.store = store;
    this.now = now;
    /** What is remembered beside each address. @type {Map<string, {stateUrl: string, place: string}>} */
    this.beside = new Map();
  }

  /** @returns {[string, Remembered][]} what is not too old; the rest is forgotten */
  entries() {
    const keys = Array.from({ length: this.store.length }, (_, index) => this.store.key(index));
    /** @type {[string, Remembered][]} */
    const found = [];
    for (const key of keys) {
      if (!key?.startsWith(PREFIX)) continue;
      const entry = this.read(key);
      if (entry && this.now() - Date.parse(entry.creationTime) < REMEMBERED_MS) found.push([key, entry]);
      else this.store.removeItem(key);
    }
    return found;
  }

  /**
   * @param {string} key
   * @returns {Remembered | null}
   */
  read(key) {
    try {
      const entry = JSON.parse(this.store.getItem(key) ?? "null");
      return typeof entry?.uploadUrl === "string" ? entry : null;
    } catch (error) {
      console.info("An unfinished upload is forgotten:", error);
      return null;
    }
  }

  /** @param {string} place @returns {number} unfinished files of a place */
  count(place) {
    return this.entries().filter(([, entry]) => entry.place === place).length;
  }

  async findAllUploads() {
    return this.entries().map(([key, entry]) => ({ ...entry, metadata: {}, urlStorageKey: key, parallelUploadUrls: null }));
  }

  /** @param {string} fingerprint */
  async findUploadsByFingerprint(fingerprint) {
    const all = await this.findAllUploads();
    return all.filter((entry) => entry.urlStorageKey === PREFIX + fingerprint);
  }

  /** @param {string} key */
  async removeUpload(key) {
    this.store.removeItem(key);
  }

  /**
   * @param {string} fingerprint
   * @param {{uploadUrl: string | null, size: number | null, creationTime: string}} upload
   */
  async addUpload(fingerprint, upload) {
    const key = PREFIX + fingerprint;
    const { uploadUrl, size, creationTime } = upload;
    try {
      this.store.setItem(key, JSON.stringify({ uploadUrl, size, creationTime, ...this.beside.get(fingerprint) }));
    } catch (error) {
      console.info("An upload will not be resumed after a reload:", error);
    }
    return key;
  }
}

/**
 * Which of the chosen files may be sent, before the first byte.
 *
 * @template {{size: number}} F
 * @param {F[]} files
 * @param {Limits} limits
 * @returns {{fits: F[], empty: F[], large: F[], trouble: "" | "files" | "batch" | "left"}}
 *   `trouble` names the limit that all together break; then none is sent
 */
export function sift(files, limits) {
  const empty = files.filter((file) => file.size === 0);
  const large = files.filter((file) => file.size > limits.file_bytes);
  const fits = files.filter((file) => file.size > 0 && file.size <= limits.file_bytes);
  const sum = fits.reduce((total, file) => total + file.size, 0);
  /** @type {"" | "files" | "batch" | "left"} */
  let trouble = "";
  if (fits.length > limits.batch_files) trouble = "files";
  else if (sum > limits.batch_bytes) trouble = "batch";
  else if (sum > limits.left_bytes) trouble = "left";
  return { fits, empty, large, trouble };
}

/** What must be seen first when there are more files than rows. @type {Record<string, number>} */
const URGENCY = { sending: 0, waiting: 0, paused: 1, failed: 2, refused: 3, cancelled: 4, queued: 5, quarantined: 6, accepted: 7 };

/**
 * The files that get a row: all when they are few, otherwise the most urgent, in the order they were chosen.
 *
 * @template {{state: string}} I
 * @param {I[]} items
 * @param {number} most
 * @returns {I[]}
 */
export function shown(items, most) {
  if (items.length <= most) return items;
  /** @type {I[][]} */
  const buckets = [];
  for (const item of items) (buckets[URGENCY[item.state] ?? 6] ??= []).push(item);
  const chosen = new Set(buckets.flat().filter((item) => item !== undefined).slice(0, most));
  return items.filter((item) => chosen.has(item));
}
