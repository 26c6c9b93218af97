/**
 * Several images side by side: which series is where, and what one of them tells the others.
 * @typedef {import("./types.js").Layout} Layout
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Series} Series
 * @typedef {import("./types.js").Frame} Frame
 * What is asked of the viewer and of the workspace; declared here because a circle of files cannot be hashed by the
 * static files storage.
 * @typedef {{element: HTMLElement, series: Series, unit: string, state: State, frames: Frame[], say: (text: string) => void,
 *   goTo: (index: number) => void, set: (patch: Partial<State>) => void, setWindow: (window: import("./types.js").Window, preset: string) => void,
 *   lie: (turn: number, mirror: boolean) => void, setTool: (name: string) => void, close: () => void}} Viewer
 * @typedef {object} Workspace
 * @property {Viewer[]} panes
 * @property {Viewer|null} active
 * @property {HTMLElement} grid
 * @property {import("./strings.js").Translate} t
 * @property {import("./types.js").Hanging} hanging
 * @property {boolean} linkScroll
 * @property {boolean} linkWindow
 * @property {(id: Series["id"]) => Viewer[]} showing
 * @property {(id: Series["id"]) => Promise<any>} load
 * @property {(loaded: any, share: number) => Viewer} make
 * @property {(pane: any) => void} activate
 * @property {() => void} tell
 */
import { PROJECTIONS_OF_X_RAYS, companions, linkedFrame, sameScale, sameSpace } from "./link.js";
import { NAMES, PROJECTIONS, SLABS, cutOf, fromPatient, idOf, toPatient } from "./planes.js";
import { h } from "./ui/dom.js";

/** @type {Record<Layout, number>} */
const PLACES = { "1x1": 1, "1x2": 2, "2x2": 4 };

export class Grid {
  /** @param {Workspace} room @param {Series[]} list the series of the case */
  constructor(room, list) {
    this.room = room;
    this.list = list;
    /** The image that each viewer showed before. @type {Map<Viewer, number>} */
    this.shown = new Map();
    this.following = false;
    /** Counts arrangements: one that was overtaken stops. */
    this.turn = 0;
  }

  /** @param {Layout} layout @param {Series["id"][]} [wanted] in place of what is there beside the active one */
  async arrange(layout, wanted = []) {
    const { room } = this;
    const turn = ++this.turn;
    const places = PLACES[layout];
    for (const pane of this.surplus(wanted.length ? 1 : places)) this.remove(pane);
    // What an earlier arrangement still waits for is not wanted any more.
    for (const waiting of room.grid.querySelectorAll(".is-waiting")) waiting.remove();
    room.grid.dataset.layout = layout;
    this.heads();
    room.tell();
    const { active } = room;
    if (!active) return;
    const others = companions(active.series, this.list).filter((one) => room.showing(one.id).length === 0);
    while (room.panes.length < places && turn === this.turn && room.grid.isConnected) {
      // With no series left, the same one once more: two windows of one stack are worth seeing.
      await this.add(wanted.shift() ?? others.shift()?.id ?? active.series.id, 1 / places);
    }
    if (turn === this.turn) active.say(room.t("layoutSaid", { n: room.panes.length }));
  }

  /** The series of the case where they belong: which one, which image of it, and how it lies. @param {import("./types.js").Hanging} hanging */
  async hang({ layout = "1x1", places = [], name = "" }) {
    const { room } = this;
    const [first, ...rest] = places;
    if (!room.active || !first) return;
    await this.open(room.active, first.series);
    await this.arrange(layout, rest.map(({ series }) => series));
    // Somebody has changed it meanwhile.
    if (room.panes.length !== places.length || places.some(({ series }, at) => String(room.panes[at].series.id) !== String(series))) return;
    this.following = true;
    try {
      for (const [at, { frame, turn, mirror }] of places.entries()) {
        const pane = room.panes[at];
        if (rest.length === 0 && !frame && !turn && !mirror) continue;
        // A stack opens in its middle, where the organs are.
        if (frame || PROJECTIONS_OF_X_RAYS.includes(pane.series.modality)) pane.goTo(frame);
        pane.lie(turn, mirror);
      }
    } finally {
      this.following = false;
    }
    for (const pane of room.panes) this.shown.set(pane, pane.state.frame);
    room.active.say(room.t("hungSaid", { name }));
  }

  /** The shown stack, and the three planes through it. */
  async planes() {
    const { active } = this.room;
    if (!active) return;
    const stack = String(active.series.stack ?? active.series.id);
    const ids = /** @type {const} */ (["coronal", "sagittal", "axial"]).map((name) => idOf({ stack, name, slab: 0, by: "mean" }));
    // Where no planes can be cut, the reason is told and everything stays where it is.
    await this.room.load(ids[0]);
    await this.arrange("2x2", ids);
  }

  /** Turn the others to a place of one image. @param {Viewer} pane @param {[number, number]} point */
  locate(pane, point) {
    const place = toPatient(pane.frames[pane.state.frame], point);
    if (!place) return;
    this.following = true;
    try {
      for (const other of this.room.panes) {
        if (other === pane || !sameSpace(pane.series, other.series)) continue;
        const found = fromPatient(other.frames, place);
        if (!found) continue;
        other.goTo(found.index);
        other.set({ crosshair: found.point });
      }
    } finally {
      this.following = false;
    }
  }

  /** Viewers that have to go; the active one stays. @param {number} places @returns {Viewer[]} */
  surplus(places) {
    const { panes, active } = this.room;
    const rest = panes.filter((pane) => pane !== active);
    return rest.slice(places - 1);
  }

  /** @param {Viewer} pane */
  remove(pane) {
    this.room.panes = this.room.panes.filter((one) => one !== pane);
    this.shown.delete(pane);
    pane.element.remove();
    pane.close();
  }

  /** @param {Series["id"]} id @param {number} share of the memory */
  async add(id, share) {
    const waiting = h("div", { class: "viewer-main is-waiting", "aria-busy": "true" });
    this.room.grid.append(waiting);
    await this.put(id, share, waiting, null);
  }

  /** Another series in the place of `pane`. @param {Viewer} pane @param {Series["id"]} id */
  async open(pane, id) {
    if (String(pane.series.id) === String(id) || !(cutOf(id) || this.list.some((one) => String(one.id) === String(id)))) return;
    await this.put(id, 1 / this.room.panes.length, pane.element, pane);
  }

  /**
   * @param {Series["id"]} id
   * @param {number} share
   * @param {HTMLElement} place what the new viewer takes the place of
   * @param {Viewer|null} old closed once the new one is there
   */
  async put(id, share, place, old) {
    const { room } = this;
    let loaded;
    try {
      loaded = await room.load(id);
    } catch (error) {
      if (!old) place.remove();
      this.heads();
      throw new Error(room.t("failedSeries", { reason: error instanceof Error ? error.message : String(error) }), { cause: error });
    }
    // Meanwhile the layout was changed again, or the page has gone on.
    if (!place.isConnected) return;
    const viewer = room.make(loaded, share);
    // Another thickness of the same plane keeps its place and its window.
    if (old && cutOf(id) && sameSpace(old.series, viewer.series)) viewer.setWindow(old.state.window, "custom");
    this.meet(viewer, old);
    place.replaceWith(viewer.element);
    if (!old) room.panes = [...room.panes, viewer];
    else {
      room.panes = room.panes.map((one) => (one === old ? viewer : one));
      this.shown.delete(old);
      if (room.active === old) room.activate(viewer);
      old.close();
    }
    this.heads();
    viewer.say(room.t("paneSaid", { n: room.panes.indexOf(viewer) + 1, count: room.panes.length, name: named(viewer.series) }));
  }

  /** Begin where the one before it was, or the active one, if that is a place in the same patient. @param {Viewer} viewer @param {Viewer|null} old */
  meet(viewer, old) {
    const { linkScroll } = this.room;
    const active = old && cutOf(old.series.id)?.name === cutOf(viewer.series.id)?.name ? old : this.room.active;
    if (!active || !linkScroll || !(sameSpace(active.series, viewer.series) || active.series.id === viewer.series.id)) return;
    const from = { series: active.series, frames: active.frames, frame: active.state.frame, moved: active.state.frame - viewer.state.frame };
    viewer.goTo(linkedFrame(from, { series: viewer.series, frames: viewer.frames, frame: viewer.state.frame }));
  }

  /** Above each of several images: which series it is, to be changed there. */
  heads() {
    const { panes, grid, t } = this.room;
    const several = grid.dataset.layout !== "1x1";
    for (const [at, pane] of panes.entries()) {
      this.shown.set(pane, pane.state.frame);
      pane.element.querySelector(".viewer-head")?.remove();
      const name = t("pane", { n: at + 1, count: panes.length });
      if (several) pane.element.setAttribute("aria-label", name);
      else pane.element.removeAttribute("aria-label");
      if (!several) continue;
      const select = h(
        "select",
        { class: "viewer-select", "aria-label": `${name}: ${t("series")}` },
        ...this.choices(pane).map(([id, text]) => h("option", { value: id, selected: id === String(pane.series.id) }, text)),
      );
      this.opens(pane, select, () => select.value);
      pane.element.prepend(h("div", { class: "viewer-head" }, select, ...this.thickness(pane, name)));
    }
  }

  /** What a place may show: the series of the case, and the planes through its stack. @param {Viewer} pane @returns {[string, string][]} */
  choices(pane) {
    const cut = cutOf(pane.series.id);
    const stack = this.list.find((one) => String(one.id) === String(pane.series.stack ?? pane.series.id));
    /** @type {[string, string][]} */
    const series = this.list.map((one) => [String(one.id), [named(one), this.room.hanging.ages?.[String(one.id)]].filter(Boolean).join(", ")]);
    if (!stack || stack.is_localiser || (stack.frame_count ?? 0) < 3) return series;
    const { slab = 0, by = "mean" } = cut ?? {};
    const planes = NAMES.map((name) => /** @type {[string, string]} */ ([idOf({ stack: String(stack.id), name, slab, by }), `${this.room.t(name)}: ${named(stack)}`]));
    return [...series, ...planes];
  }

  /** How thick the images of a plane are, and how their layers are joined. @param {Viewer} pane @param {string} name */
  thickness(pane, name) {
    const cut = cutOf(pane.series.id);
    if (!cut) return [];
    const { t } = this.room;
    /** @param {string} label @param {[string, string, boolean][]} options */
    const list = (label, options) =>
      h("select", { class: "viewer-select", "aria-label": `${name}: ${label}` }, ...options.map(([value, text, selected]) => h("option", { value, selected }, text)));
    const slabs = list(t("slab"), SLABS.map((mm) => [String(mm), mm ? `${mm} mm` : t("thin"), mm === cut.slab]));
    const ways = list(t("projection"), PROJECTIONS.map((by) => [by, t(by), by === cut.by]));
    ways.hidden = cut.slab === 0;
    this.opens(pane, slabs, () => idOf({ ...cut, slab: Number(slabs.value) }));
    this.opens(pane, ways, () => idOf({ ...cut, by: PROJECTIONS[ways.selectedIndex] }));
    return [slabs, ways];
  }

  /** A choice opens something else in the place of `pane`. @param {Viewer} pane @param {HTMLSelectElement} select @param {() => string} id */
  opens(pane, select, id) {
    const before = select.selectedIndex;
    select.addEventListener("change", () => {
      this.open(pane, id()).catch((error) => {
        select.selectedIndex = before;
        pane.say(error.message);
      });
    });
  }

  /** The others go along, when they are linked. @param {Viewer} pane @param {Set<keyof State>} changed */
  follow(pane, changed) {
    const { room } = this;
    const before = this.shown.get(pane) ?? pane.state.frame;
    this.shown.set(pane, pane.state.frame);
    if (this.following) return;
    this.following = true;
    try {
      for (const other of room.panes) {
        if (other === pane) continue;
        if (changed.has("frame") && room.linkScroll) {
          const from = { series: pane.series, frames: pane.frames, frame: pane.state.frame, moved: pane.state.frame - before };
          other.goTo(linkedFrame(from, { series: other.series, frames: other.frames, frame: other.state.frame }));
        }
        if (changed.has("window") && room.linkWindow && sameScale({ ...pane.series, unit: pane.unit }, { ...other.series, unit: other.unit })) other.setWindow(pane.state.window, "custom");
      }
    } finally {
      this.following = false;
    }
  }
}

/** @param {Series} series */
function named({ modality, description, number }) {
  return [modality, description || number].filter(Boolean).join(" ");
}
