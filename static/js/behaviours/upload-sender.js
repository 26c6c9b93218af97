/** Sends one file by the tus protocol (vendor/tus.min.js): in pieces, again after failures, on after a pause. */
import { csrfToken, phrase } from "./dom.js";
import { sentenceOf } from "./requests.js";
import { PIECE_BYTES, RETRY_DELAYS, fingerprintOf, isPassing } from "./upload-rules.js";

/**
 * The part of tus-js-client that is used here.
 *
 * @typedef {{getStatus: () => number, getUnderlyingObject: () => XMLHttpRequest}} TusResponse
 * @typedef {Error & {originalResponse?: TusResponse | null}} TusError
 * @typedef {{setHeader: (name: string, value: string) => void}} TusRequest
 * @typedef {{
 *   url: string | null,
 *   start: () => void,
 *   abort: (terminate?: boolean) => Promise<void>,
 *   findPreviousUploads: () => Promise<{stateUrl?: string}[]>,
 *   resumeFromPreviousUpload: (previous: object) => void,
 * }} TusUpload
 * @typedef {{Upload: new (file: File, options: Record<string, unknown>) => TusUpload}} Tus
 */

/**
 * @typedef {object} Told what the sender tells
 * @property {(part: number) => void} progress 0..1 of the bytes
 * @property {() => void} waiting a failure that will pass; it tries again by itself
 * @property {(id: string) => void} received all bytes are there
 * @property {(sentence: string, final: boolean) => void} failed final: trying again changes nothing
 */

/**
 * tus-js-client is a script of its own, which may still be on its way when the first files are dropped.
 *
 * @returns {Promise<Tus>} rejected with a sentence when it did not come
 */
async function library() {
  const found = () => /** @type {{tus?: Tus}} */ (/** @type {unknown} */ (window)).tus;
  if (!found() && document.readyState !== "complete") {
    await new Promise((resolve) => {
      // The first comes after all scripts; the second for when it has been.
      document.addEventListener("DOMContentLoaded", resolve, { once: true });
      window.addEventListener("load", resolve, { once: true });
    });
  }
  const tus = found();
  if (!tus) throw new Error(phrase("request-failed"));
  return tus;
}

/** @returns {Record<string, string>} what every request must carry */
export const headers = () => ({ "X-CSRFToken": csrfToken(), Accept: "application/json" });

/**
 * A batch on the server, opened when its first file is sent.
 */
export class Batch {
  /** @param {string} url where batches are opened */
  constructor(url) {
    this.url = url;
    this.filesUrl = "";
    this.stateUrl = "";
    /** @type {import("./upload-rules.js").Limits | null} */
    this.limits = null;
    /** @type {Promise<void> | null} */
    this.opening = null;
  }

  /** @returns {Promise<void>} rejected with a sentence */
  open() {
    this.opening ??= this.ask().catch((error) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  async ask() {
    for (const delay of [...RETRY_DELAYS, null]) {
      const answer = await fetch(this.url, { method: "POST", headers: headers(), credentials: "same-origin", redirect: "manual" }).catch((error) => {
        console.info("No batch could be opened:", error);
        return null;
      });
      if (answer?.status === 201) {
        const batch = await answer.json();
        this.filesUrl = batch.files_url;
        this.stateUrl = batch.state_url;
        this.limits = batch.limits;
        return;
      }
      if (answer?.type === "opaqueredirect") throw new Error(phrase("upload-signed-out"));
      if (answer && !isPassing(answer.status)) throw new Error(phrase("request-forbidden"));
      if (delay !== null) await new Promise((resolve) => setTimeout(resolve, delay));
    }
    throw new Error(phrase("unreachable"));
  }
}

export class Sender {
  /**
   * @param {File} file
   * @param {Batch} batch
   * @param {import("./upload-rules.js").Memory} memory
   * @param {Told} told
   */
  constructor(file, batch, memory, told) {
    this.file = file;
    this.batch = batch;
    this.memory = memory;
    this.told = told;
    /** Where its verdict will stand: an upload that goes on belongs to the batch it began in. */
    this.stateUrl = "";
    /** @type {TusUpload | null} */
    this.upload = null;
    /** Counts starts and stops: what an earlier one waited for must not act after a later one. */
    this.turn = 0;
  }

  /** Begin, or go on where it stopped. */
  async start() {
    const turn = ++this.turn;
    try {
      await this.batch.open();
      if (turn !== this.turn) return;
      this.stateUrl ||= this.batch.stateUrl;
      // A new object tries as often as the first one did.
      const upload = await this.make(this.upload?.url ?? null);
      if (turn !== this.turn) return;
      this.upload = upload;
      upload.start();
    } catch (error) {
      if (turn === this.turn) this.told.failed(/** @type {Error} */ (error).message, false);
    }
  }

  /**
   * @param {string | null} url of an upload that has begun
   * @returns {Promise<TusUpload>}
   */
  async make(url) {
    const tus = await library();
    const { file, batch, memory } = this;
    const isWhole = file.size <= PIECE_BYTES;
    // Small files are sent again faster than they are remembered.
    const fingerprint = isWhole ? null : await fingerprintOf(file, batch.url, window.crypto.subtle);
    if (fingerprint) memory.beside.set(fingerprint, { stateUrl: this.stateUrl, place: batch.url });
    const upload = new tus.Upload(file, {
      endpoint: batch.filesUrl,
      uploadUrl: url,
      chunkSize: PIECE_BYTES,
      uploadDataDuringCreation: isWhole,
      retryDelays: RETRY_DELAYS,
      storeFingerprintForResuming: fingerprint !== null,
      removeFingerprintOnSuccess: true,
      fingerprint: () => Promise.resolve(fingerprint),
      urlStorage: memory,
      metadata: {},
      onBeforeRequest: (/** @type {TusRequest} */ request) => {
        for (const [name, value] of Object.entries(headers())) request.setHeader(name, value);
      },
      onProgress: (/** @type {number} */ sent, /** @type {number} */ total) => this.told.progress(total ? sent / total : 1),
      onShouldRetry: (/** @type {TusError} */ error) => {
        const passing = isPassing(error.originalResponse?.getStatus() ?? 0);
        if (passing) this.told.waiting();
        return passing;
      },
      onSuccess: () => this.told.received(/\/files\/(\d+)\//.exec(upload.url ?? "")?.[1] ?? ""),
      onError: (/** @type {TusError} */ error) => this.failed(error),
    });
    if (fingerprint && !url) {
      const [previous] = await upload.findPreviousUploads();
      if (previous) {
        this.stateUrl = previous.stateUrl ?? this.stateUrl;
        memory.beside.set(fingerprint, { stateUrl: this.stateUrl, place: batch.url });
        upload.resumeFromPreviousUpload(previous);
      }
    }
    return upload;
  }

  /** @param {TusError} error */
  failed(error) {
    const answer = error.originalResponse;
    const status = answer?.getStatus() ?? 0;
    const sentence = answer ? sentenceOf(answer.getUnderlyingObject()) : null;
    if (status === 0) this.told.failed(phrase("upload-lost"), false);
    // The sign-in page came instead of an answer.
    else if (status < 300) this.told.failed(phrase("upload-signed-out"), false);
    else this.told.failed(sentence ?? phrase(status === 413 ? "upload-too-large" : "upload-failed"), !isPassing(status));
  }

  /** Stop for a while; what is there stays there. */
  pause() {
    this.turn += 1;
    void this.upload?.abort();
  }

  /** Stop for good; the server throws away what it has. */
  async cancel() {
    this.turn += 1;
    try {
      await this.upload?.abort(true);
    } catch (error) {
      // It expires by itself after a day.
      console.info("The server was not told that an upload was cancelled:", error);
    }
  }
}
