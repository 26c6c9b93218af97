/**
 * data-behaviour="upload": dropzone, choosers and the list of files (templates/_upload.html).
 *
 * Each file is its own request; its name stays in this browser. The answer {id, state, url} names where the
 * verdict will stand; it is read again when live news say so, and every three seconds while one is pending.
 */
import { filesOf } from "./dropped-files.js";
import { csrfToken, phrase } from "./dom.js";
import { sentenceOf } from "./requests.js";
import { UploadRow } from "./upload-row.js";

const AT_ONCE = 3;
const REREAD_MS = 3_000;
/** A verdict that has not come by then comes with the next page load. */
const REREAD_ENDS_MS = 30 * 60_000;

/** @typedef {import("./upload-row.js").State} State */
/** @typedef {import("./upload-row.js").Verdict} Verdict */
/** @typedef {{file: File, state: State, row: UploadRow, id?: string, url?: string, xhr?: XMLHttpRequest, reading?: boolean}} Item */

/** @type {ReadonlySet<State>} */
const PENDING = new Set(/** @type {State[]} */ (["quarantined", "cleaning"]));
/** @type {ReadonlySet<State>} */
const ENDED = new Set(/** @type {State[]} */ (["accepted", "refused", "cancelled", "failed"]));

class Uploader {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.url = element.dataset.uploadUrl ?? "";
    this.list = /** @type {HTMLElement} */ (element.querySelector("[data-list]"));
    /** @type {Item[]} */
    this.items = [];
    this.timer = 0;
    this.ends = 0;
  }

  /** @param {File[]} files */
  add(files) {
    for (const file of files) {
      const row = new UploadRow(file.name, file.size);
      /** @type {Item} */
      const item = { file, state: "queued", row };
      row.on("cancel", () => this.cancel(item));
      row.on("retry", () => this.queue(item));
      row.on("remove", () => this.remove(item));
      this.items.push(item);
      this.list.append(row.element);
      if (file.size === 0) this.set(item, "refused", { sentence: phrase("upload-empty") });
      else this.queue(item);
    }
    this.list.hidden = this.items.length === 0;
    this.summarise();
  }

  /** @param {Item} item */
  queue(item) {
    this.set(item, "queued");
    this.next();
  }

  next() {
    const free = AT_ONCE - this.items.filter((item) => item.state === "sending").length;
    for (const item of this.items.filter((one) => one.state === "queued").slice(0, Math.max(free, 0))) this.send(item);
  }

  /** @param {Item} item */
  send(item) {
    const xhr = new XMLHttpRequest();
    item.xhr = xhr;
    this.set(item, "sending");
    xhr.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) item.row.progress(event.loaded / event.total);
    });
    xhr.addEventListener("load", () => this.answered(item, xhr));
    xhr.addEventListener("error", () => this.set(item, "failed", { sentence: phrase("unreachable") }));
    xhr.addEventListener("abort", () => this.set(item, "cancelled"));
    xhr.addEventListener("loadend", () => {
      item.xhr = undefined;
      this.next();
    });
    xhr.open("POST", this.url);
    xhr.setRequestHeader("X-CSRFToken", csrfToken());
    xhr.setRequestHeader("Accept", "application/json");
    const form = new FormData();
    // A folder of patients is often named after them: the server never sees the name.
    form.append("file", item.file, "file");
    xhr.send(form);
  }

  /**
   * @param {Item} item
   * @param {XMLHttpRequest} xhr
   */
  answered(item, xhr) {
    if (xhr.status >= 200 && xhr.status < 300 && xhr.getResponseHeader("Content-Type")?.includes("json")) {
      this.judge(item, JSON.parse(xhr.responseText));
      return;
    }
    const fallback = { 413: "upload-too-large", 403: "request-forbidden" }[xhr.status] ?? "upload-failed";
    // The same bytes get the same answer to a 4xx; only a failure of the server is worth another try.
    const state = xhr.status >= 400 && xhr.status < 500 && xhr.status !== 429 ? "refused" : "failed";
    this.set(item, state, { sentence: sentenceOf(xhr) ?? phrase(fallback) });
  }

  /**
   * @param {Item} item
   * @param {Verdict} verdict
   */
  judge(item, verdict) {
    item.id = String(verdict.id);
    item.url = verdict.url ?? item.url;
    this.set(item, verdict.state, verdict);
  }

  /**
   * @param {Item} item
   * @param {State} state
   * @param {Partial<Verdict>} [verdict]
   */
  set(item, state, verdict = {}) {
    const changed = item.state !== state;
    item.state = state;
    item.row.show(state, verdict);
    this.summarise();
    this.watch();
    if (changed && state === "accepted") {
      this.element.dispatchEvent(new CustomEvent("medweb:upload-accepted", { bubbles: true, detail: verdict }));
    }
  }

  /** @param {Item} item */
  cancel(item) {
    if (item.xhr) item.xhr.abort();
    else this.set(item, "cancelled");
  }

  /** @param {Item} item */
  remove(item) {
    this.items = this.items.filter((one) => one !== item);
    item.row.element.remove();
    this.list.hidden = this.items.length === 0;
    this.summarise();
  }

  clear() {
    for (const item of this.items.filter((one) => one.state === "accepted" || one.state === "cancelled")) this.remove(item);
  }

  /** Keep re-reading while a verdict is out. */
  watch() {
    const pending = this.items.some((item) => PENDING.has(item.state));
    if (pending && !this.timer) {
      this.ends = Date.now() + REREAD_ENDS_MS;
      this.timer = window.setInterval(() => this.reread(), REREAD_MS);
    }
    if (this.timer && (!pending || Date.now() > this.ends)) {
      window.clearInterval(this.timer);
      this.timer = 0;
    }
  }

  /** @param {string} [id] only this one, when the news name it */
  reread(id) {
    if (!this.element.isConnected) {
      window.clearInterval(this.timer);
      return;
    }
    const pending = this.items.filter((item) => PENDING.has(item.state) && item.url && !item.reading);
    const named = id === undefined ? [] : pending.filter((item) => item.id === id);
    const some = named.length ? named : pending.slice(0, 2 * AT_ONCE);
    for (const item of some) void this.read(item);
    this.watch();
  }

  /** @param {Item} item */
  async read(item) {
    item.reading = true;
    try {
      const answer = await fetch(item.url ?? "", { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (answer.ok) this.judge(item, await answer.json());
      else if (answer.status === 404) this.set(item, "cancelled");
    } catch (error) {
      // The network came and went; the next round reads again.
      console.info("A verdict could not be read:", error);
    } finally {
      item.reading = false;
    }
  }

  summarise() {
    const box = this.element.querySelector("[data-summary]");
    const words = this.element.querySelector("[data-summary-words]");
    const clear = this.element.querySelector("[data-clear]");
    if (!(box instanceof HTMLElement) || !words || !(clear instanceof HTMLElement)) return;
    const done = this.items.filter((item) => ENDED.has(item.state)).length;
    const bad = this.items.filter((item) => item.state === "refused" || item.state === "failed").length;
    box.hidden = this.items.length === 0;
    const name = bad ? "upload-summary-bad" : "upload-summary";
    const text = phrase(name, { done, total: this.items.length, bad });
    // A live region speaks at each change, so it is changed only when there is one.
    if (words.textContent !== text) words.textContent = text;
    clear.hidden = !this.items.some((item) => item.state === "accepted" || item.state === "cancelled");
  }

  /** @returns {boolean} whether leaving the page would lose files */
  busy() {
    return this.items.some((item) => item.state === "queued" || item.state === "sending");
  }
}

/** @param {HTMLElement} element */
export function upload(element) {
  const uploader = new Uploader(element);
  for (const button of element.querySelectorAll("[data-choose]")) {
    const kind = button.getAttribute("data-choose");
    const input = /** @type {HTMLInputElement | null} */ (element.querySelector(`[data-input="${kind}"]`));
    button.addEventListener("click", () => input?.click());
    input?.addEventListener("change", () => {
      uploader.add([...(input.files ?? [])]);
      input.value = "";
    });
  }
  element.querySelector("[data-clear]")?.addEventListener("click", () => uploader.clear());

  const zone = /** @type {HTMLElement | null} */ (element.querySelector("[data-dropzone]"));
  let depth = 0;
  zone?.addEventListener("dragenter", (event) => {
    event.preventDefault();
    depth += 1;
    zone.toggleAttribute("data-over", true);
  });
  zone?.addEventListener("dragover", (event) => event.preventDefault());
  zone?.addEventListener("dragleave", () => {
    depth -= 1;
    if (depth <= 0) zone.toggleAttribute("data-over", false);
  });
  zone?.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    zone.toggleAttribute("data-over", false);
    if (event.dataTransfer) void filesOf(event.dataTransfer).then((files) => uploader.add(files));
  });

  document.addEventListener("medweb:uploads-changed", (event) => {
    const { detail } = /** @type {CustomEvent<{upload?: number | string, poll?: boolean}>} */ (event);
    uploader.reread(detail?.upload === undefined ? undefined : String(detail.upload));
  });
  window.addEventListener("beforeunload", (event) => {
    if (element.isConnected && uploader.busy()) event.preventDefault();
  });
}
