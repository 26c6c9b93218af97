/**
 * data-behaviour="upload": files, folders and archives dropped or chosen here are sent to data-batch-url.
 *
 * Each file is sent by the tus protocol in requests of its own, three at once; its name stays in this browser.
 * Verdicts are read per batch when live news say so, and every three seconds while one is pending.
 */
import { filesOf } from "./dropped-files.js";
import { phrase } from "./dom.js";
import { UploadList } from "./upload-list.js";
import { Memory, sift } from "./upload-rules.js";
import { sizeWords } from "./upload-row.js";
import { Batch, Sender, headers } from "./upload-sender.js";
import { Verdicts } from "./upload-verdicts.js";

const AT_ONCE = 3;

/** @typedef {import("./upload-row.js").State} State */
/** @typedef {import("./upload-row.js").Act} Act */
/** @typedef {import("./upload-row.js").Verdict} Verdict */
/**
 * @typedef {object} Item
 * @property {File} file
 * @property {string} name
 * @property {number} size
 * @property {State} state
 * @property {number} part 0..1 of its bytes that are there
 * @property {Partial<Verdict>} verdict
 * @property {import("./upload-row.js").UploadRow | null} row
 * @property {boolean} isDirty its row shows an earlier state
 * @property {boolean} isLost the network was at fault, so its return is reason enough to go on
 * @property {Batch} batch
 * @property {Sender | null} sender
 * @property {string} id
 */

/** Names of files that were sent from this page, by number of the upload. @type {Map<string, string>} */
const names = new Map();

/** Put the names that this browser knows into the tables of the server, which knows none. */
function nameRows() {
  for (const cell of document.querySelectorAll("[data-upload]")) {
    const name = names.get(cell.getAttribute("data-upload") ?? "");
    if (!name) continue;
    cell.textContent = name;
    cell.setAttribute("title", name);
  }
}

class Uploader {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.url = element.dataset.batchUrl ?? "";
    /** @type {import("./upload-rules.js").Limits} */
    this.limits = JSON.parse(element.dataset.limits ?? "{}");
    this.memory = new Memory(window.localStorage);
    /** @type {Item[]} */
    this.items = [];
    /** @type {Map<string, Item>} */
    this.byId = new Map();
    /** Verdicts that came before the answer to the request. @type {Map<string, Verdict>} */
    this.early = new Map();
    this.list = new UploadList(element, () => this.items, (act, item) => this.act(act, item));
    this.verdicts = new Verdicts(
      (url) => this.items.some((item) => item.state === "quarantined" && item.sender?.stateUrl === url),
      (url, verdicts) => this.judge(url, verdicts),
    );
    this.tellUnfinished();
  }

  /** @param {string} sentence nothing hides it */
  notice(sentence) {
    const box = /** @type {HTMLElement} */ (this.element.querySelector("[data-notice]"));
    box.textContent = sentence;
    box.hidden = sentence === "";
  }

  tellUnfinished() {
    const n = this.memory.count(this.url);
    this.notice(n ? phrase("upload-unfinished", { n }) : "");
  }

  /** @param {File[]} files */
  add(files) {
    const found = sift(files, this.limits);
    const { batch_files: n, batch_bytes: batch, left_bytes: left, file_bytes: most } = this.limits;
    if (found.trouble) {
      const size = sizeWords(found.trouble === "left" ? left : batch);
      this.notice(phrase(`upload-trouble-${found.trouble}`, { n, size }));
      return;
    }
    this.notice("");
    const sent = new Batch(this.url);
    for (const file of found.empty) this.put(file, sent, "refused", phrase("upload-empty"));
    for (const file of found.large) this.put(file, sent, "refused", phrase("upload-larger", { size: sizeWords(most) }));
    for (const file of found.fits) this.put(file, sent, "queued", "");
    this.next();
  }

  /**
   * @param {File} file
   * @param {Batch} batch
   * @param {State} state
   * @param {string} sentence
   */
  put(file, batch, state, sentence) {
    this.items.push({
      file, name: file.name, size: file.size, state, part: 0, verdict: { sentence },
      row: null, isDirty: true, isLost: false, batch, sender: null, id: "",
    });
    this.list.plan();
  }

  next() {
    let free = AT_ONCE - this.items.filter((item) => item.state === "sending" || item.state === "waiting").length;
    for (const item of this.items) {
      if (free <= 0) break;
      if (item.state !== "queued") continue;
      free -= 1;
      this.send(item);
    }
  }

  /** @param {Item} item */
  send(item) {
    this.set(item, "sending");
    item.sender ??= new Sender(item.file, item.batch, this.memory, {
      progress: (part) => this.progress(item, part),
      waiting: () => this.set(item, "waiting"),
      received: (id) => this.received(item, id),
      failed: (sentence, final) => {
        item.isLost = !final;
        this.set(item, final ? "refused" : "failed", { sentence });
        this.next();
      },
    });
    void item.sender.start();
  }

  /**
   * @param {Item} item
   * @param {number} part
   */
  progress(item, part) {
    item.part = part;
    if (item.state === "waiting") this.set(item, "sending");
    this.list.plan();
  }

  /**
   * @param {Item} item
   * @param {string} id
   */
  received(item, id) {
    item.id = id;
    item.part = 1;
    this.byId.set(id, item);
    names.set(id, item.name);
    this.limits = item.batch.limits ?? this.limits;
    this.set(item, "quarantined");
    const early = this.early.get(id);
    if (early) this.end(item, early);
    else this.verdicts.follow(item.sender?.stateUrl ?? "");
    this.next();
  }

  /**
   * @param {string} stateUrl
   * @param {Verdict[] | null} verdicts
   */
  judge(stateUrl, verdicts) {
    if (verdicts === null) {
      for (const item of this.items) {
        if (item.state === "quarantined" && item.sender?.stateUrl === stateUrl) this.set(item, "cancelled");
      }
      return;
    }
    for (const verdict of verdicts) {
      const item = this.byId.get(String(verdict.id));
      if (!item) this.early.set(String(verdict.id), verdict);
      else if (item.state === "quarantined") this.end(item, verdict);
    }
    nameRows();
  }

  /**
   * @param {Item} item
   * @param {Verdict} verdict
   */
  end(item, verdict) {
    const state = /** @type {State} */ (["accepted", "refused", "cancelled"].includes(verdict.state) ? verdict.state : "quarantined");
    this.set(item, state, verdict);
    if (state === "accepted") {
      this.element.dispatchEvent(new CustomEvent("medweb:upload-accepted", { bubbles: true, detail: verdict }));
    }
  }

  /**
   * @param {Item} item
   * @param {State} state
   * @param {Partial<Verdict>} [verdict]
   */
  set(item, state, verdict = {}) {
    item.state = state;
    item.verdict = verdict;
    item.isDirty = true;
    this.list.plan();
  }

  /**
   * @param {Act} act
   * @param {Item} item
   */
  act(act, item) {
    if (act === "pause") this.pause(item);
    else if (act === "cancel") void this.cancel(item);
    else if (act === "remove") this.remove((one) => one === item);
    else {
      if (item.state === "cancelled") {
        Object.assign(item, { sender: null, part: 0, batch: new Batch(this.url) });
      }
      this.set(item, "queued");
    }
    this.next();
  }

  /** @param {Item} item */
  pause(item) {
    if (!["queued", "sending", "waiting"].includes(item.state)) return;
    this.set(item, "paused");
    item.sender?.pause();
  }

  /** @param {Item} item */
  async cancel(item) {
    if (item.state !== "quarantined") {
      this.set(item, "cancelled");
      await item.sender?.cancel();
      return;
    }
    const answer = await fetch(item.sender?.upload?.url ?? "", {
      method: "DELETE",
      headers: { ...headers(), "Tus-Resumable": "1.0.0" },
      credentials: "same-origin",
    }).catch(() => null);
    // Refused when the verdict came first: it is read with the next news.
    if (answer?.ok) this.set(item, "cancelled");
    else this.verdicts.news();
  }

  /** @param {"pause" | "resume" | "cancel"} act */
  all(act) {
    for (const item of [...this.items].reverse()) {
      if (act === "resume" ? item.state === "paused" : ["queued", "sending", "waiting", "paused"].includes(item.state)) {
        if (act === "pause") this.pause(item);
        else if (act === "resume") this.set(item, "queued");
        else void this.cancel(item);
      }
    }
    this.next();
  }

  /** The network is back. */
  online() {
    for (const item of this.items) if (item.state === "failed" && item.isLost) this.set(item, "queued");
    this.next();
  }

  /** @param {(item: Item) => boolean} isMeant */
  remove(isMeant) {
    this.items = this.items.filter((item) => !isMeant(item));
    this.list.plan();
  }

  /** @returns {boolean} whether leaving the page would interrupt files */
  busy() {
    return this.items.some((item) => ["queued", "sending", "waiting", "paused"].includes(item.state));
  }
}

/**
 * @param {HTMLElement} element
 * @param {(files: File[]) => void} add
 */
function takeFiles(element, add) {
  for (const button of element.querySelectorAll("[data-choose]")) {
    const kind = button.getAttribute("data-choose");
    const input = /** @type {HTMLInputElement | null} */ (element.querySelector(`[data-input="${kind}"]`));
    button.addEventListener("click", () => input?.click());
    input?.addEventListener("change", () => {
      add([...(input.files ?? [])]);
      input.value = "";
    });
  }
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
    if (event.dataTransfer) void filesOf(event.dataTransfer).then(add);
  });
}

/** @param {HTMLElement} element */
export function upload(element) {
  const uploader = new Uploader(element);
  takeFiles(element, (files) => uploader.add(files));
  for (const act of /** @type {const} */ (["pause", "resume", "cancel"])) {
    element.querySelector(`[data-${act}-all]`)?.addEventListener("click", () => uploader.all(act));
  }
  element.querySelector("[data-clear]")?.addEventListener("click", () => {
    uploader.remove((item) => item.state === "accepted" || item.state === "cancelled");
  });
  document.addEventListener("medweb:uploads-changed", () => {
    if (element.isConnected) uploader.verdicts.news();
  });
  document.addEventListener("htmx:load", nameRows);
  window.addEventListener("online", () => uploader.online());
  window.addEventListener("beforeunload", (event) => {
    if (element.isConnected && uploader.busy()) event.preventDefault();
  });
  // From here on nothing that is dropped gets lost.
  element.dataset.ready = "";
}
