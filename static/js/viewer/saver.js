/**
 * Sends the shapes to the server and never loses one: waits for a pause, retries with growing gaps, and asks
 * when somebody (often the same person in another tab) saved in between.
 *
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").Annotation} Annotation
 * @typedef {import("./frames.js").Timers} Timers
 * @typedef {"saved"|"waiting"|"saving"|"retrying"|"conflict"|"invalid"|"refused"} SaveState
 */
import { ApiError } from "./api.js";

/**
 * The text by which two lists of shapes are compared.
 * @param {Shape[]} shapes
 */
export function canonical(shapes) {
  return JSON.stringify(
    shapes.map((s) => {
      // A database may return the attributes in another order.
      const attributes = Object.entries(s.attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
      return [s.id, s.kind, s.frame, s.points, s.label, s.code ?? "", s.note ?? "", s.counts ?? [], attributes];
    }),
  );
}

/**
 * Everything of both: what is the same once, what differs twice, mine under a new id.
 * @param {Shape[]} mine
 * @param {Shape[]} theirs
 * @param {() => string} newId
 * @returns {Shape[]}
 */
export function mergeBoth(mine, theirs, newId) {
  const byId = new Map(theirs.map((shape) => [shape.id, canonical([shape])]));
  const extra = mine.filter((shape) => byId.get(shape.id) !== canonical([shape]));
  return [...theirs, ...extra.map((shape) => (byId.has(shape.id) ? { ...shape, id: newId() } : shape))];
}

export class Saver {
  /**
   * @param {object} options
   * @param {Pick<import("./api.js").Api, "create"|"update"|"submit"|"annotations">} options.api
   * @param {number|string} options.series
   * @param {(state: SaveState, message: string) => void} options.onState
   * @param {(theirs: Shape[]) => void} options.onConflict
   * @param {(annotation: Partial<Annotation>) => void} options.onSaved
   * @param {Timers} [options.timers]
   * @param {number} [options.delay] milliseconds of quiet before a save
   */
  constructor({ api, series, onState, onConflict, onSaved, timers, delay = 800 }) {
    this.api = api;
    this.series = series;
    this.onState = onState;
    this.onConflict = onConflict;
    this.onSaved = onSaved;
    this.delay = delay;
    /** @type {Timers} */
    this.timers = timers ?? { setTimeout: (f, ms) => window.setTimeout(f, ms), clearTimeout: (id) => window.clearTimeout(id) };
    /** @type {Annotation["id"]|null} */
    this.id = null;
    this.revision = 0;
    /** @type {Shape[]} */
    this.shapes = [];
    this.base = canonical([]);
    /** @type {SaveState} */
    this.state = "saved";
    this.attempts = 0;
    /** @type {number|null} */
    this.timer = null;
    /** @type {Promise<void>|null} */
    this.busy = null;
    /** @type {{revision: number, shapes: Shape[]}|null} */
    this.theirs = null;
    this.unsure = false;
    /** The last answer never came. */
    this.unreachable = false;
    /** Whoever keeps what is not saved hears of every change. @type {(() => void)|null} */
    this.watch = null;
  }

  /** What the server has now. @param {Pick<Annotation, "id"|"revision"|"shapes">} annotation */
  load({ id, revision, shapes }) {
    this.id = id;
    this.revision = revision;
    this.shapes = shapes;
    this.base = canonical(shapes);
    this.theirs = null;
    this.attempts = 0;
    this.enter("saved");
  }

  get unsaved() {
    return canonical(this.shapes) !== this.base || this.state === "conflict";
  }

  /** @param {Shape[]} shapes */
  changed(shapes) {
    this.shapes = shapes;
    this.watch?.();
    if (this.state === "conflict") return;
    if (!this.unsaved && !this.busy) {
      this.stop();
      this.enter("saved");
      return;
    }
    if (!this.busy) this.enter("waiting");
    this.schedule(this.delay);
  }

  /** Save what is waiting now. @returns {Promise<boolean>} true when nothing is left to save */
  async flush() {
    this.stop();
    if (this.busy) await this.busy;
    if (this.unsaved && this.state !== "conflict") await this.save();
    return !this.unsaved;
  }

  /** The connection is back, or the person pressed "try again". */
  retryNow() {
    if (this.state === "retrying" || this.state === "refused" || this.state === "invalid") {
      this.attempts = 0;
      this.schedule(0);
    }
  }

  /**
   * The answer to a conflict: the list to go on with.
   * @param {Shape[]} shapes
   */
  resolve(shapes) {
    if (!this.theirs) return;
    this.revision = this.theirs.revision;
    this.base = canonical(this.theirs.shapes);
    this.theirs = null;
    this.state = "waiting";
    this.changed(shapes);
  }

  /** @returns {Promise<boolean>} true when submitted */
  async submit() {
    if (!(await this.flush()) || this.id === null) return false;
    try {
      this.onSaved(this.adopt(await this.api.submit(this.id, this.revision), this.base));
      this.enter("saved");
      return true;
    } catch (error) {
      this.failed(error, this.shapes, false);
      return false;
    }
  }

  close() {
    this.stop();
  }

  stop() {
    if (this.timer !== null) this.timers.clearTimeout(this.timer);
    this.timer = null;
  }

  /** @param {number} ms */
  schedule(ms) {
    this.stop();
    this.timer = this.timers.setTimeout(() => {
      this.timer = null;
      if (!this.busy) void this.save();
    }, ms);
  }

  /** @param {SaveState} state @param {string} message */
  enter(state, message = "") {
    this.state = state;
    this.watch?.();
    this.onState(state, message);
  }

  save() {
    if (this.busy) return this.busy;
    this.busy = this.attempt().finally(() => {
      this.busy = null;
      if (this.unsaved && this.state === "saved") {
        this.enter("waiting");
        this.schedule(this.delay);
      }
    });
    return this.busy;
  }

  async attempt() {
    const sent = this.shapes;
    this.enter("saving");
    try {
      if (this.unsure && this.id === null) await this.find();
      const answer =
        this.id === null
          ? await this.api.create(this.series, sent)
          : await this.api.update(this.id, this.revision, sent);
      this.attempts = 0;
      this.unsure = false;
      this.adopt(answer, canonical(sent));
      this.enter("saved");
      this.onSaved(answer);
    } catch (error) {
      await this.failedSave(error, sent);
    }
  }

  /**
   * A browser may send a first save twice by itself when the connection breaks: the second answer then says
   * that there is one already, and that one is what to compare with.
   * @param {unknown} error
   * @param {Shape[]} sent
   */
  async failedSave(error, sent) {
    if (!(error instanceof ApiError) || error.status !== 409 || error.problem.current || this.id !== null) {
      this.failed(error, sent, true);
      return;
    }
    try {
      const mine = await this.mine();
      if (mine) this.stale(mine, sent);
      else this.failed(error, sent, true);
    } catch (another) {
      this.failed(another, sent, true);
    }
  }

  async mine() {
    return (await this.api.annotations()).find((annotation) => annotation.layer === "mine");
  }

  /** A first save whose answer got lost may have arrived: look before a second one is made. */
  async find() {
    const mine = await this.mine();
    if (mine) this.adopt(mine, canonical(mine.shapes));
  }

  /** @param {Partial<Annotation>} answer @param {string} base */
  adopt(answer, base) {
    if (answer.id !== undefined) this.id = answer.id;
    if (answer.revision !== undefined) this.revision = answer.revision;
    this.base = base;
    return answer;
  }

  /** @param {unknown} error @param {Shape[]} sent @param {boolean} again whether to try again by itself */
  failed(error, sent, again) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 409 && error.problem.current) {
      this.stale(error.problem.current, sent);
    } else if (error.transient && again) {
      this.unsure = true;
      this.unreachable = error.status === 0;
      this.enter("retrying", error.message);
      this.schedule(Math.min(1000 * 2 ** this.attempts, 30000));
      this.attempts += 1;
    } else if (error.status === 400 && Array.isArray(error.problem.errors)) {
      this.enter("invalid", error.problem.errors.map((e) => `${e.field}: ${e.message}`).join("\n"));
    } else {
      this.enter("refused", error.message);
    }
  }

  /**
   * Somebody saved since. When the server holds what we sent (its answer got lost) or what we started from,
   * nothing is in conflict.
   * @param {{id?: Annotation["id"], revision: number, shapes: Shape[]}} current
   * @param {Shape[]} sent
   */
  stale(current, sent) {
    const theirs = canonical(current.shapes);
    if (current.id !== undefined) this.id = current.id;
    if (theirs === canonical(sent) || theirs === this.base) {
      this.revision = current.revision;
      this.base = theirs;
      this.enter("saved");
      return;
    }
    this.theirs = current;
    this.enter("conflict");
    this.onConflict(current.shapes);
  }

  /**
   * Shapes that were drawn over an earlier state of the server come back.
   * @param {{id?: Annotation["id"], revision: number, shapes: Shape[]}} current
   * @param {Shape[]} mine
   */
  clash(current, mine) {
    this.stop();
    this.shapes = mine;
    // No list of shapes reads so: what they started from is not known any more.
    this.base = "";
    // Not the one that is there: kept with that, they would be saved over it without a question.
    this.revision = 0;
    this.stale(current, mine);
  }
}
