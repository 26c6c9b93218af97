/**
 * Undo and redo over values that are replaced and never changed in place.
 * @template T
 */
export class History {
  /**
   * @param {T} present
   * @param {number} limit how many steps back are kept
   */
  constructor(present, limit = Infinity) {
    this.present = present;
    this.limit = limit;
    /** @type {T[]} */
    this.past = [];
    /** @type {T[]} */
    this.future = [];
  }

  /** @param {T} next */
  commit(next) {
    if (next === this.present) return;
    this.past.push(this.present);
    if (this.past.length > this.limit) this.past.shift();
    this.present = next;
    this.future = [];
  }

  /** Start again from a value that came from the server: there is nothing to undo before it. @param {T} present */
  reset(present) {
    this.present = present;
    this.past = [];
    this.future = [];
  }

  get canUndo() {
    return this.past.length > 0;
  }

  get canRedo() {
    return this.future.length > 0;
  }

  /** @returns {T} */
  undo() {
    const last = this.past.pop();
    if (last !== undefined) {
      this.future.push(this.present);
      this.present = last;
    }
    return this.present;
  }

  /** @returns {T} */
  redo() {
    const next = this.future.pop();
    if (next !== undefined) {
      this.past.push(this.present);
      this.present = next;
    }
    return this.present;
  }
}
