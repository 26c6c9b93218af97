/** @typedef {import("./types.js").State} State */

/**
 * One value, replaced and never changed in place; listeners hear which keys are new.
 * @template {object} T
 * @param {T} initial
 */
export function createStore(initial) {
  let state = initial;
  /** @type {Set<(state: T, changed: Set<keyof T>) => void>} */
  const listeners = new Set();
  return {
    /** @returns {T} */
    get() {
      return state;
    },
    /** @param {Partial<T>} patch */
    set(patch) {
      /** @type {Set<keyof T>} */
      const changed = new Set();
      for (const key of /** @type {(keyof T)[]} */ (Object.keys(patch))) {
        if (!Object.is(state[key], patch[key])) changed.add(key);
      }
      if (changed.size === 0) return;
      state = { ...state, ...patch };
      for (const listener of listeners) listener(state, changed);
    },
    /** @param {(state: T, changed: Set<keyof T>) => void} listener */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * @param {boolean} canDraw
 * @returns {State}
 */
export function initialState(canDraw) {
  return {
    frame: 0,
    view: null,
    window: { center: 0, width: 1 },
    preset: "stored",
    invert: false,
    smooth: true,
    map: "grey",
    band: null,
    loupe: null,
    playing: false,
    tool: "window",
    shapes: [],
    reference: [],
    other: [],
    visible: { mine: true, reference: true, other: true },
    locked: { mine: false, reference: false, other: false },
    opacity: { mine: 1, reference: 1, other: 1 },
    paint: { size: 12, square: false, low: null, high: null, tolerance: 10, reach: 100, outside: false, watershed: false },
    painted: [],
    selected: null,
    also: { of: null, ids: [] },
    several: false,
    vertex: null,
    label: "",
    draft: null,
    crosshair: null,
    hover: null,
    save: "saved",
    message: "",
    canDraw,
    status: "draft",
    fresh: new Set(),
    scale: "",
    loaded: 0,
    failed: "",
  };
}

/**
 * @param {number} index any number
 * @param {number} count at least 1
 */
export function clampFrame(index, count) {
  if (!Number.isFinite(index)) return 0;
  return Math.min(Math.max(Math.round(index), 0), count - 1);
}

/**
 * A stack of slices opens in its middle, where the organs are; a cine run and loose pictures at their beginning.
 *
 * @param {ReadonlyArray<{position?: number[] | null}>} frames in order
 */
export function openingFrame(frames) {
  return frames.length > 2 && frames.every((frame) => frame.position) ? Math.floor(frames.length / 2) : 0;
}
