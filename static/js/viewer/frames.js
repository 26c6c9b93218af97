/**
 * Brings the pixels: the shown image first, its neighbours next, the rest in the background.
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Pixels} Pixels
 * @typedef {{setTimeout: (f: () => void, ms: number) => number, clearTimeout: (id: number) => void}} Timers
 */

/**
 * The order in which images are wanted: near before far, and ahead before behind.
 * @param {number} current
 * @param {number} count
 * @param {number} direction 1 or -1
 * @returns {number[]}
 */
export function wantedOrder(current, count, direction) {
  const order = [current];
  for (let step = 1; step < count; step++) {
    for (const index of [current + step * direction, current - step * direction]) {
      if (index >= 0 && index < count) order.push(index);
    }
  }
  return order;
}

const NEAR = 6;
const ATTEMPTS = 4;

export class FrameLoader {
  /**
   * @param {object} options
   * @param {Frame[]} options.frames
   * @param {(frame: Frame, signal: AbortSignal) => Promise<Pixels>} options.fetchFrame
   * @param {(index: number, loaded: number) => void} options.onFrame
   * @param {(index: number, error: Error) => void} options.onError after the last attempt
   * @param {number} [options.concurrency]
   * @param {number} [options.budget] bytes kept in memory
   * @param {Timers} [options.timers]
   */
  constructor({ frames, fetchFrame, onFrame, onError, concurrency = 4, budget = 384 * 2 ** 20, timers }) {
    this.frames = frames;
    this.fetchFrame = fetchFrame;
    this.onFrame = onFrame;
    this.onError = onError;
    this.concurrency = concurrency;
    /** @type {Timers} */
    this.timers = timers ?? { setTimeout: (f, ms) => window.setTimeout(f, ms), clearTimeout: (id) => window.clearTimeout(id) };
    /** @type {Map<number, Pixels>} */
    this.cache = new Map();
    /** @type {Map<number, AbortController>} */
    this.running = new Map();
    /** @type {Map<number, {attempts: number, timer: number|null}>} */
    this.failures = new Map();
    this.current = 0;
    this.order = wantedOrder(0, frames.length, 1);
    const first = frames[0];
    const bytes = first ? first.rows * first.columns * first.samples * (first.dtype === "uint8" ? 1 : 2) : 1;
    this.keep = Math.max(8, Math.floor(budget / bytes));
    this.closed = false;
  }

  /** @param {number} index @returns {Pixels|undefined} */
  get(index) {
    return this.cache.get(index);
  }

  /** @param {number} index */
  setCurrent(index) {
    const direction = index >= this.current ? 1 : -1;
    this.current = index;
    // Given up in the background, where nobody was told: now that it is wanted, it gets new attempts.
    if (this.failures.get(index)?.timer === null) this.failures.delete(index);
    this.order = wantedOrder(index, this.frames.length, direction).slice(0, this.keep);
    const wanted = new Set(this.order.slice(0, 1 + 2 * NEAR));
    for (const [running, controller] of this.running) {
      if (!wanted.has(running)) controller.abort();
    }
    this.pump();
  }

  /** Try a given-up image again. @param {number} index */
  retry(index) {
    this.failures.delete(index);
    this.pump();
  }

  close() {
    this.closed = true;
    for (const controller of this.running.values()) controller.abort();
    for (const { timer } of this.failures.values()) if (timer !== null) this.timers.clearTimeout(timer);
  }

  pump() {
    if (this.closed) return;
    for (const index of this.order) {
      if (this.running.size >= this.concurrency) return;
      if (this.cache.has(index) || this.running.has(index) || this.failures.has(index)) continue;
      this.start(index, 0);
    }
  }

  /** @param {number} index @param {number} attempts */
  start(index, attempts) {
    const controller = new AbortController();
    this.running.set(index, controller);
    this.fetchFrame(this.frames[index], controller.signal)
      .then(
        (pixels) => {
          if (this.closed || controller.signal.aborted) return;
          this.failures.delete(index);
          this.store(index, pixels);
          this.onFrame(index, this.cache.size);
        },
        (error) => {
          if (this.closed || controller.signal.aborted) return;
          this.failed(index, attempts + 1, error instanceof Error ? error : new Error(String(error)));
        },
      )
      .finally(() => {
        if (this.running.get(index) === controller) this.running.delete(index);
        this.pump();
      });
  }

  /** @param {number} index @param {number} attempts @param {Error} error */
  failed(index, attempts, error) {
    if (attempts >= ATTEMPTS) {
      this.failures.set(index, { attempts, timer: null });
      this.onError(index, error);
      return;
    }
    const timer = this.timers.setTimeout(() => this.start(index, attempts), 500 * 2 ** attempts);
    this.failures.set(index, { attempts, timer });
  }

  /** @param {number} index @param {Pixels} pixels */
  store(index, pixels) {
    this.cache.set(index, pixels);
    if (this.cache.size <= this.keep) return;
    const wanted = new Set(this.order);
    for (const old of this.cache.keys()) {
      if (this.cache.size <= this.keep) break;
      if (!wanted.has(old)) this.cache.delete(old);
    }
  }
}
