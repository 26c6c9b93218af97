/** The files under way as people see them: a row each, a summary, and no more rows than a page can bear. */
import { make, phrase } from "./dom.js";
import { shown } from "./upload-rules.js";
import { UploadRow, sizeWords } from "./upload-row.js";

/** @typedef {import("./upload-row.js").State} State */
/** @typedef {import("./upload-row.js").Act} Act */
/** @typedef {{name: string, size: number, state: State, part: number, verdict: Partial<import("./upload-row.js").Verdict>, row: UploadRow | null, isDirty: boolean}} Shown */

const MOST_ROWS = 100;
const SLOW_MS = 150;
/** @type {ReadonlySet<State>} */
const ENDED = new Set(/** @type {State[]} */ (["accepted", "refused", "cancelled", "failed"]));

/** @template {Shown} I */
export class UploadList {
  /**
   * @param {HTMLElement} element
   * @param {() => I[]} items
   * @param {(act: Act, item: I) => void} act
   */
  constructor(element, items, act) {
    this.items = items;
    this.act = act;
    const find = (/** @type {string} */ name) => /** @type {HTMLElement} */ (element.querySelector(`[data-${name}]`));
    this.list = find("list");
    this.box = find("summary");
    this.words = find("summary-words");
    this.bar = /** @type {HTMLProgressElement} */ (find("summary-bar"));
    this.buttons = { pause: find("pause-all"), resume: find("resume-all"), cancel: find("cancel-all"), clear: find("clear") };
    this.more = make("li", { class: "upload-more" });
    this.planned = 0;
  }

  /** Draw again soon; a thousand changes are one drawing. */
  plan() {
    if (this.planned) return;
    const later = this.items().length > MOST_ROWS ? SLOW_MS : 0;
    this.planned = window.setTimeout(() => window.requestAnimationFrame(() => {
      this.planned = 0;
      this.draw();
    }), later);
  }

  draw() {
    const items = this.items();
    const rows = shown(items, MOST_ROWS);
    const wanted = rows.map((item) => this.rowOf(item));
    if (rows.length < items.length) {
      this.more.textContent = phrase("upload-more", { n: items.length - rows.length });
      wanted.push(this.more);
    }
    const current = [...this.list.children];
    if (current.length !== wanted.length || current.some((child, index) => child !== wanted[index])) {
      const lost = this.list.contains(document.activeElement) && !wanted.some((row) => row.contains(document.activeElement));
      for (const child of current) if (!wanted.includes(/** @type {HTMLLIElement} */ (child))) child.remove();
      wanted.forEach((row, index) => {
        if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
      });
      if (lost) this.box.focus();
    }
    this.list.hidden = items.length === 0;
    this.summarise(items);
  }

  /**
   * @param {I} item
   * @returns {HTMLLIElement}
   */
  rowOf(item) {
    if (!item.row) {
      const row = new UploadRow(item.name, item.size);
      for (const act of /** @type {Act[]} */ (["pause", "resume", "cancel", "retry", "remove"])) row.on(act, () => this.act(act, item));
      item.row = row;
      item.isDirty = true;
    }
    if (item.isDirty) item.row.show(item.state, item.verdict, item.part);
    else if (item.state === "sending") item.row.progress(item.part);
    item.isDirty = false;
    return item.row.element;
  }

  /** @param {I[]} items */
  summarise(items) {
    /** @type {Record<string, number>} */
    const count = {};
    let sum = 0;
    let sent = 0;
    for (const item of items) {
      count[item.state] = (count[item.state] ?? 0) + 1;
      sum += item.size;
      sent += item.size * (ENDED.has(item.state) || item.state === "quarantined" ? 1 : item.part);
    }
    const of = (/** @type {State[]} */ ...states) => states.reduce((total, state) => total + (count[state] ?? 0), 0);
    const bad = of("refused", "failed");
    const active = of("queued", "sending", "waiting");
    this.box.hidden = items.length === 0;
    const values = { done: of("accepted", "cancelled") + bad, total: items.length, bad };
    const text = phrase(bad ? "upload-summary-bad" : "upload-summary", values);
    // A live region speaks at each change, so it is changed only when there is one.
    if (this.words.textContent !== text) this.words.textContent = text;
    this.bar.hidden = active + of("paused") === 0;
    this.bar.value = sum ? sent / sum : 0;
    this.bar.title = `${sizeWords(sent)} / ${sizeWords(sum)}`;
    this.show("pause", active > 0);
    this.show("resume", active === 0 && of("paused") > 0);
    this.show("cancel", active + of("paused") > 0);
    this.show("clear", of("accepted", "cancelled") > 0);
  }

  /**
   * @param {"pause" | "resume" | "cancel" | "clear"} name
   * @param {boolean} isThere
   */
  show(name, isThere) {
    const button = this.buttons[name];
    if (button.hidden === !isThere) return;
    const had = button === document.activeElement;
    button.hidden = !isThere;
    // Pause turns into go on under the finger; the focus goes along.
    if (had) Object.values(this.buttons).find((other) => !other.hidden)?.focus();
  }
}
