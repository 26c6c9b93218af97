/**
 * Which shapes are selected and which may be touched. The first selected one is `state.selected`: its handles are
 * shown. The others belong to it: choosing another first one lets go of them.
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").LayerShape} LayerShape
 */

/** @param {State} state @returns {string[]} ids, the first one first */
export function selectedIds(state) {
  if (state.selected === null) return [];
  return [state.selected, ...(state.also.of === state.selected ? state.also.ids : [])];
}

/** One's own selected shapes, on whichever image. @param {State} state @returns {Shape[]} */
export function selectedShapes(state) {
  const ids = new Set(selectedIds(state));
  return ids.size === 0 ? [] : state.shapes.filter((shape) => ids.has(shape.id));
}

/** Selected ones that are seen and may be changed. @param {State} state @returns {Shape[]} */
export function heldShapes(state) {
  if (!state.canDraw || state.locked.mine || !state.visible.mine) return [];
  return selectedShapes(state).filter((shape) => shape.frame === state.frame);
}

/** @param {string[]} ids the first one gets the handles @returns {Pick<State, "selected"|"also"|"vertex">} */
export function selecting(ids) {
  const [first = null, ...others] = ids;
  return { selected: first, also: { of: first, ids: others }, vertex: null };
}

/** Add to the selection, or take out of it. @param {State} state @param {string} id */
export function toggling(state, id) {
  const ids = selectedIds(state);
  return selecting(ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]);
}

/** Own shapes of the shown image, when they are seen. @param {State} state */
export function ownShapes(state) {
  return state.visible.mine ? state.shapes.filter((shape) => shape.frame === state.frame) : [];
}

/** Everything that is seen on the shown image. @param {State} state @returns {Shape[]} */
export function seenShapes(state) {
  const others = [...(state.visible.reference ? state.reference : []), ...(state.visible.other ? state.other : [])];
  return [...ownShapes(state), ...others.filter((shape) => shape.frame === state.frame)];
}
