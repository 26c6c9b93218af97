/**
 * Keeps what one viewer has not saved yet on this browser, and saves what an earlier window left there.
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Found} Found
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../saver.js").Saver} Saver
 * @typedef {Pick<Host, "state"|"set"|"t"> & {say: (text: string) => void}} Page
 * @typedef {import("../history.js").History<Shape[]>} ShapeHistory
 */
import { canonical } from "../saver.js";
import { differences } from "./kept.js";

/** When it was, in few words. @param {number} at @param {number} now @param {string} [language] */
export function whenText(at, now, language) {
  const [then, today] = [new Date(at), new Date(now)];
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = { hour: "2-digit", minute: "2-digit" };
  const same = then.toDateString() === today.toDateString();
  return then.toLocaleString(language, same ? clock : { day: "numeric", month: "short", ...clock });
}

export class Keeper {
  /**
   * @param {object} options
   * @param {Kept} options.kept
   * @param {Saver} options.saver
   * @param {Page} options.page
   * @param {ShapeHistory} options.history
   * @param {() => boolean} options.isBusy a drag or a dialog is under way
   * @param {() => number} [options.now]
   * @param {string} [options.language]
   */
  constructor({ kept, saver, page, history, isBusy, now = Date.now, language }) {
    this.kept = kept;
    this.saver = saver;
    this.page = page;
    this.history = history;
    this.isBusy = isBusy;
    this.now = now;
    this.language = language;
    /** What the server had when the unsaved changes began. @type {Shape[]} */
    this.before = saver.unsaved ? [] : saver.shapes;
    /** What lies on this browser. @type {Shape[]|null} */
    this.held = null;
    this.heldRevision = -1;
    /** The connection was lost, or the page closed, before it was saved. */
    this.late = false;
    this.stopped = false;
    /** @type {Found[]} */
    this.waiting = [];
    saver.watch = () => this.heard();
    this.heard();
  }

  /** Whether this browser has all that is not saved. */
  get safe() {
    return this.held !== null && this.held === this.saver.shapes;
  }

  /** The shapes, or what the server has of them, may be others. */
  heard() {
    if (this.stopped) return;
    const { saver } = this;
    if (saver.unsaved) {
      if (this.held !== saver.shapes || this.heldRevision !== saver.revision) {
        const fits = this.kept.put({ id: saver.id, revision: saver.revision, shapes: saver.shapes });
        this.held = fits ? saver.shapes : null;
        this.heldRevision = saver.revision;
      }
      if (saver.state === "retrying") this.late = true;
      // Whoever is asked knows what became of it.
      if (saver.state === "conflict") this.late = false;
      return;
    }
    if (this.late) this.tell(differences(this.before, saver.shapes), this.kept.at);
    this.late = false;
    this.before = saver.shapes;
    this.held = null;
    this.kept.drop();
    if (this.waiting.length > 0) setTimeout(() => this.next());
  }

  /** @param {number} n @param {number} at */
  tell(n, at) {
    if (n > 0) this.page.say(this.page.t(n === 1 ? "keptSavedOne" : "keptSaved", { n, time: whenText(at, this.now(), this.language) }));
  }

  /** Go on with what windows left that are gone. @param {Found[]} found */
  replay(found) {
    this.waiting.push(...found);
    this.next();
  }

  /** The oldest that is left, once this window has nothing of its own to save. */
  next() {
    const { saver, page, kept } = this;
    if (this.stopped || this.waiting.length === 0 || !page.state.canDraw) return;
    if (saver.unsaved || saver.busy) return;
    if (this.isBusy()) {
      setTimeout(() => this.next(), 500);
      return;
    }
    const { key, entry } = /** @type {Found} */ (this.waiting.shift());
    const stored = saver.shapes;
    if (canonical(entry.shapes) === canonical(stored)) {
      // It arrived; only its answer did not.
      kept.store.removeItem(key);
      this.next();
      return;
    }
    this.history.commit(entry.shapes);
    page.set({ shapes: entry.shapes, draft: null, vertex: null });
    kept.at = entry.at;
    if (entry.id === saver.id && entry.revision === saver.revision) {
      this.late = true;
      saver.changed(entry.shapes);
      // It lies under the name of this window now.
      if (this.safe) kept.store.removeItem(key);
      void saver.flush();
      return;
    }
    saver.clash({ id: saver.id ?? undefined, revision: saver.revision, shapes: stored }, entry.shapes);
    if (this.safe) kept.store.removeItem(key);
  }

  /** The person signs out. */
  stop() {
    this.stopped = true;
    this.held = null;
  }
}
