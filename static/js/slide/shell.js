/**
 * The room of one slide: nothing is beside it.
 * @typedef {import("../viewer/types.js").Shell} Shell
 */

/** @returns {Shell} */
export function alone() {
  const nothing = () => {};
  return {
    many: false,
    layout: "1x1",
    linkScroll: false,
    linkWindow: false,
    arrange: nothing,
    nextLayout: nothing,
    nextPane: nothing,
    toggle: nothing,
    hanging: {},
    hang: nothing,
    cutPlanes: nothing,
    locate: nothing,
    isActive: () => true,
    listSeries: async () => [],
    urlOf: () => "",
    heard: nothing,
  };
}
