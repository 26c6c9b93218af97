/**
 * What may be done with the shapes of a series: every change is a step that undo takes back.
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").Point} Point
 */
import { Display } from "./display.js";
import { measureText, pixelRuns, removeVertex } from "./geometry.js";
import { History } from "./history.js";
import { labelText, withCodes } from "./labels.js";
import { regionOf } from "./region.js";
import { heldShapes } from "./selection.js";
import { finishDraft, placePoint } from "./tools/draw.js";
import { isDrawn } from "./tools/drafts.js";
import { askWords } from "./ui/words.js";

/** The viewer adds what hears of it. @abstract */
export class Drawing extends Display {
  /** @type {History<Shape[]>} */
  history = new History(/** @type {Shape[]} */ ([]));

  /** Let go of what a pointer holds. @abstract @returns {boolean} whether it held something */
  stopGesture() {
    throw new Error("a drawing needs a pointer");
  }

  /** Show the keys. @abstract */
  help() {
    throw new Error("a drawing needs a page that explains it");
  }

  /** The shapes are others now: they have to be saved. @abstract @param {Shape[]} _shapes */
  shapesChanged(_shapes) {
    throw new Error("a drawing needs somebody who saves it");
  }

  /** @param {string} tool */
  setTool(tool) {
    this.stopGesture();
    const draft = this.state.draft?.kind === tool ? this.state.draft : null;
    this.set({ tool, draft, crosshair: null, loupe: null, ...(isDrawn(tool) ? { selected: null, vertex: null } : {}) });
  }

  /** @param {Shape[]} shapes */
  preview(shapes) {
    this.set({ shapes });
  }

  rollback() {
    this.set({ shapes: this.history.present });
  }

  /** @param {Shape[]} shapes @param {string|null} [selected] @returns {boolean} false when nothing may be changed */
  commit(shapes, selected = this.state.selected) {
    if (!this.state.canDraw) return false;
    if (this.state.locked.mine) {
      this.rollback();
      this.say(this.t("layerLocked"));
      return false;
    }
    const coded = withCodes(this.labels, this.history.present, shapes);
    this.history.commit(coded);
    this.adopt(coded, selected);
    return true;
  }

  /** @param {Shape[]} shapes @param {string|null} selected */
  adopt(shapes, selected) {
    const kept = shapes.some((shape) => shape.id === selected) ? selected : null;
    this.set({ shapes, selected: kept, vertex: kept ? this.state.vertex : null });
    this.shapesChanged(shapes);
  }

  undo() {
    if (this.state.draft) this.set({ draft: null });
    else if (this.state.canDraw && this.history.canUndo) this.adopt(this.history.undo(), this.state.selected);
  }

  redo() {
    if (this.state.canDraw && this.history.canRedo) this.adopt(this.history.redo(), this.state.selected);
  }

  /** @param {Shape} shape */
  add(shape) {
    if (this.commit([...this.state.shapes, shape], shape.id)) this.say(this.t("added", { kind: this.describe(shape) }));
  }

  removeSelected() {
    const { shapes, selected, vertex } = this.state;
    const held = new Set(heldShapes(this.state));
    // Also one that lies on another image, chosen from the list.
    const first = shapes.find((item) => item.id === selected);
    if (first) held.add(first);
    if (!first || !this.state.canDraw) return;
    const next = vertex === null || held.size > 1 ? first : removeVertex(first, vertex);
    if (next !== first) {
      this.set({ vertex: null });
      this.commit(shapes.map((item) => (item === first ? next : item)));
      return;
    }
    if (!this.commit(shapes.filter((item) => !held.has(item)), null)) return;
    this.say(this.t("removed", { kind: held.size > 1 ? this.t("selectedMany", { n: held.size }) : this.t(first.kind) }));
  }

  /** @param {Shape} shape */
  describe(shape) {
    const size = measureText(shape, this.frames[shape.frame]?.pixel_spacing ?? null);
    return [this.t(shape.kind), labelText(this.labels, shape.label), size].filter(Boolean).join(", ");
  }

  /** @param {string} title @param {string} words @returns {Promise<string>} */
  askWords(title, words) {
    return askWords(this.root, this.t, title, words);
  }

  finishDraft() {
    finishDraft(this);
  }

  /** @param {Point} point */
  placePoint(point) {
    placePoint(this, point);
  }

  simplify() {
    const stage = this.shown?.stage;
    if (!stage) return;
    import("./ui/simplify.js").then(({ openSimplify }) => openSimplify(this, stage)).catch((error) => this.missing(error));
  }

  windowFromRegion() {
    const shape = this.state.shapes.find((item) => item.id === this.state.selected && item.frame === this.state.frame);
    const runs = shape ? pixelRuns(shape, this.frame.rows, this.frame.columns) : [];
    // A point or a line has no inside: then what is in sight counts.
    if (runs.length > 0) this.windowFromRuns(runs);
    else this.windowFromBox(this.inSight());
  }

  /** Numbers of the pixels of a shape of the shown image, once they are here. @param {Shape} shape */
  regionOf(shape) {
    const pixels = shape.frame === this.state.frame ? this.pixels : undefined;
    return pixels ? regionOf(pixels, this.frame, pixelRuns(shape, this.frame.rows, this.frame.columns)) : null;
  }
}
