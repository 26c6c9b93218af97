/**
 * Where a text leads to: one image of one series of the case. Fetched with the first link that is followed.
 * @typedef {{element: HTMLElement, parts: {stage: HTMLElement}, goTo: (frame: number) => void}} Pane
 * @typedef {object} Room what is asked of the workspace
 * @property {HTMLElement} root
 * @property {any} active
 * @property {(series: string) => Pane[]} showing
 * @property {() => Promise<{open: (pane: any, series: string) => Promise<void>}>} openGrid
 * @property {(pane: any) => void} activate
 */

/**
 * Show an image in the viewer that shows its series, or in the active one, and bring it before the reader's eyes.
 * @param {Room} room
 * @param {number} frame
 * @param {string} series
 */
export async function visit(room, frame, series) {
  if (room.showing(series).length === 0) {
    const grid = await room.openGrid();
    await grid.open(room.active, series);
  }
  const [pane] = room.showing(series);
  if (!pane) throw new Error(`series ${series} is not of this case`);
  room.activate(pane);
  pane.goTo(frame);
  const place = room.root.closest("section") ?? room.root;
  const { top, bottom } = room.root.getBoundingClientRect();
  const seen = Math.min(bottom, window.innerHeight) - Math.max(top, 0);
  if (seen < (bottom - top) * 0.6) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    place.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }
  // As after a link to a place of the page: keys go on from there.
  pane.parts.stage.focus({ preventScroll: true });
}
