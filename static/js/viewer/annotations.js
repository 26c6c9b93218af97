/**
 * The layers of a series: mine is edited and saved, the others are shown.
 * @typedef {import("./types.js").Host} Host
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").Annotation} Annotation
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
   */
  constructor(host, { api, series, history, root, canDraw, isBusy }) {
    this.host = host;
    this.api = api;
    this.history = history;
    this.root = root;
    this.allowed = canDraw;
    this.isBusy = isBusy;
    this.asking = false;
    this.saver = new Saver({
      api,
      series,
      onState: (save, message) => {
        const stuck = ["invalid", "refused"].includes(save);
        host.set(stuck ? { save, message } : { save });
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
    /** @param {string} layer */
    const shapesOf = (layer) =>
      annotations
        .filter((annotation) => annotation.layer === layer)
        .flatMap(({ author, shapes }) => shapes.map((shape) => ({ ...shape, author })));
    this.host.set({ reference: shapesOf("reference"), other: shapesOf("other") });
    const mine = annotations.find((annotation) => annotation.layer === "mine");
    if (!mine || this.saver.unsaved || this.saver.busy || this.isBusy()) return;
    if (mine.id === this.saver.id && mine.revision === this.saver.revision && mine.status === this.host.state.status) return;
    this.saver.load(mine);
    this.history.reset(mine.shapes);
    const canDraw = this.allowed && mine.can_edit !== false;
    this.host.set({ shapes: mine.shapes, status: mine.status, canDraw });
  }

  async reload() {
    this.show(await this.api.annotations());
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
