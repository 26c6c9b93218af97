/**
 * The layers of a series: mine is edited and saved, the others are shown.
 * @typedef {import("./types.js").Host} Host
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").Annotation} Annotation
 * @typedef {import("./types.js").LayerShape} LayerShape
 * @typedef {import("./api.js").Api} Api
 * @typedef {import("./history.js").History<Shape[]>} ShapeHistory
 */
import { Saver, mergeBoth } from "./saver.js";
import { newId } from "./tools/draw.js";
import { ask } from "./ui/dialogs.js";

export class Annotations {
  /**
   * @param {Host} host
   * @param {object} options
   * @param {Api} options.api
   * @param {number|string} options.series
   * @param {ShapeHistory} options.history
   * @param {HTMLElement} options.root dialogs open inside of it
   * @param {boolean} options.canDraw what the page allows
   * @param {() => boolean} options.isBusy a drag or a dialog is under way
   * @param {(annotations: Annotation[]) => void} [options.onShown]
   */
  constructor(host, { api, series, history, root, canDraw, isBusy, onShown }) {
    this.onShown = onShown;
    /** @type {Annotation[]|null} */
    this.told = null;
    this.host = host;
    this.api = api;
    this.history = history;
    this.root = root;
    this.allowed = canDraw;
    this.isBusy = isBusy;
    this.asking = false;
    /** What keeps unsaved shapes on this device, once it is there. @type {{safe: boolean}|null} */
    this.keeper = null;
    /** Hears of layers of others that were read again. @type {(before: LayerShape[], next: LayerShape[]) => LayerShape[]} */
    this.onArrival = (_before, next) => next;
    this.closed = false;
    this.behind = 0;
    this.again = false;
    /** @type {Promise<void>|null} */
    this.reloading = null;
    this.saver = new Saver({
      api,
      series,
      onState: (save, message) => {
        // Said once, and not with every attempt: a screen reader reads what changes here.
        if (save === "saving" && host.state.save === "offline" && this.saver.attempts > 0) return;
        const stuck = ["invalid", "refused"].includes(save);
        const kept = save === "retrying" && this.saver.unreachable && this.keeper?.safe;
        host.set(stuck ? { save, message } : { save: kept ? "offline" : save });
      },
      onConflict: (theirs) => void this.conflict(theirs),
      onSaved: (annotation) => {
        if (annotation.status) host.set({ status: annotation.status });
        if (annotation.can_edit === false) host.set({ canDraw: false, draft: null, vertex: null, tool: "select" });
        const detail = { series, id: this.saver.id, revision: this.saver.revision, status: host.state.status };
        root.dispatchEvent(new CustomEvent("medweb:annotations-saved", { bubbles: true, detail }));
      },
    });
  }

  /** @param {Annotation[]} annotations */
  show(annotations) {
    window.clearTimeout(this.behind);
    // Shown once more when the hand rests: that is no news.
    if (annotations !== this.told) this.onShown?.(annotations);
    this.told = annotations;
    /** @param {string} layer */
    const shapesOf = (layer) =>
      annotations
        .filter((annotation) => annotation.layer === layer)
        .flatMap(({ author, shapes }) => shapes.map((shape) => ({ ...shape, author })));
    const { reference, other } = this.host.state;
    const seen = this.onArrival([...reference, ...other], [...shapesOf("reference"), ...shapesOf("other")]);
    const others = shapesOf("reference").length;
    this.host.set({ reference: seen.slice(0, others), other: seen.slice(others) });
    const mine = annotations.find((annotation) => annotation.layer === "mine");
    if (!mine || this.saver.unsaved || this.saver.busy) return;
    if (mine.id === this.saver.id && mine.revision === this.saver.revision && mine.status === this.host.state.status) return;
    // An answer that set out before the last save and came after it.
    if (mine.id === this.saver.id && mine.revision < this.saver.revision) return;
    if (this.isBusy()) {
      this.behind = window.setTimeout(() => this.show(annotations), 500);
      return;
    }
    // What another window of the same person did is a step like any other; there is nothing before the first one.
    if (this.saver.id === null) this.history.reset(mine.shapes);
    else this.history.commit(mine.shapes);
    this.saver.load(mine);
    const canDraw = this.allowed && mine.can_edit !== false;
    this.host.set({ shapes: mine.shapes, status: mine.status, canDraw });
  }

  /** Read all layers again; asked for many times at once, it reads at most once more. @returns {Promise<void>} */
  reload() {
    this.again = true;
    this.reloading ??= this.readAgain().finally(() => (this.reloading = null));
    return this.reloading;
  }

  async readAgain() {
    while (this.again && !this.closed) {
      this.again = false;
      this.show(await this.api.annotations());
    }
  }

  /**
   * News of layers: those of one's own saves name the revision, and the window that saved it has it.
   * @param {{annotation?: number, revision?: number}} news
   */
  async heard({ annotation, revision }) {
    if (annotation !== undefined && revision !== undefined) {
      // The news may overtake the answer to the save that they tell of.
      await this.saver.busy;
      if (annotation === this.saver.id && revision <= this.saver.revision) return;
    }
    await this.reload();
  }

  /** Whether leaving the page would lose something. */
  get atRisk() {
    return this.saver.unsaved && !this.keeper?.safe;
  }

  close() {
    this.closed = true;
    window.clearTimeout(this.behind);
    void this.saver.flush();
  }

  /** @param {Shape[]} theirs */
  async conflict(theirs) {
    if (this.asking) return;
    this.asking = true;
    const { t } = this.host;
    const mine = this.host.state.shapes;
    const both = mergeBoth(mine, theirs, newId);
    const answer = await ask(
      this.root,
      t("conflictTitle"),
      [t("conflictText", { revision: this.saver.theirs?.revision ?? "" })],
      [
        { text: t("keepMine", { n: mine.length }), value: "mine" },
        { text: t("takeTheirs", { n: theirs.length }), value: "theirs" },
        { text: t("keepBoth", { n: both.length }), value: "both", main: true },
      ],
      false,
    );
    this.asking = false;
    const chosen = answer === "mine" ? mine : answer === "theirs" ? theirs : both;
    // A step in the history: whatever was chosen, undo brings back what was on the screen.
    this.history.commit(chosen);
    this.host.set({ shapes: chosen, draft: null, vertex: null });
    this.saver.resolve(chosen);
  }

  async submit() {
    const { t } = this.host;
    const yes = await ask(
      this.root,
      t("submit"),
      [t("submitAsk")],
      [
        { text: t("submit"), value: true, main: true },
        { text: t("cancel"), value: false },
      ],
      true,
    );
    if (yes && (await this.saver.submit())) this.host.set({ status: "submitted" });
  }
}
