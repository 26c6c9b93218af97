/**
 * The room of up to four viewers: one of them is active and has the tools and the panel, which are shared. How they
 * are laid out is in `grid.js`, fetched when a second one is wanted.
 * @typedef {import("./types.js").Shell} Shell
 * @typedef {import("./types.js").Layout} Layout
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Series} Series
 * @typedef {import("./types.js").Annotation} Annotation
 * @typedef {import("./grid.js").Grid} Grid
 * @typedef {{series: Series, annotations: Annotation[], api: import("./api.js").Api}} Loaded
 */
import { createApi } from "./api.js";
import { h } from "./ui/dom.js";
import { Viewer } from "./viewer.js";

const KEPT = "medweb:viewer-layout";
/** @type {Layout[]} */
const LAYOUTS = ["1x1", "1x2", "2x2"];
/** Bytes of stored numbers in memory, for all viewers together. */
const BUDGET = 384 * 2 ** 20;
/** As the style sheet has it: there is room for one image. */
const NARROW = "(max-width: 760px)";
/** Milliseconds after which other people are looked for. */
const COMPANY = 300;

/** What was chosen on this browser; null: no layout. @returns {{layout: Layout|null, linkScroll: boolean, linkWindow: boolean}} */
function remembered() {
  const found = { layout: /** @type {Layout|null} */ (null), linkScroll: true, linkWindow: false };
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    if (LAYOUTS.includes(kept.layout)) found.layout = kept.layout;
    for (const key of /** @type {const} */ (["linkScroll", "linkWindow"])) if (typeof kept[key] === "boolean") found[key] = kept[key];
  } catch (error) {
    console.warn("the layout could not be read", error);
  }
  return found;
}

/** @implements {Shell} */
export class Workspace {
  /**
   * @param {HTMLElement} root
   * @param {object} options
   * @param {import("./strings.js").Translate} options.t
   * @param {boolean} options.canDraw
   * @param {string} options.seriesUrl of the first series; the others' differ in the number
   * @param {string} options.annotationUrl
   * @param {string} options.caseSeriesUrl "" where no other series may be shown
   * @param {import("./types.js").Hanging} options.hanging
   * @param {string} [options.presenceUrl] "" where nobody is told who else looks
   * @param {string} [options.user] whose unsaved shapes this browser keeps
   * @param {string} [options.overlaysUrl] lists what models say about the images
   */
  constructor(root, { t, canDraw, seriesUrl, annotationUrl, caseSeriesUrl, hanging, presenceUrl = "", overlaysUrl = "", user = "" }) {
    this.root = root;
    this.t = t;
    this.canDraw = canDraw;
    this.seriesUrl = seriesUrl;
    this.annotationUrl = annotationUrl;
    this.caseSeriesUrl = caseSeriesUrl;
    this.presenceUrl = presenceUrl;
    this.user = user;
    /** @type {import("./live/company.js").Company|null} */
    this.company = null;
    this.hanging = hanging;
    this.overlaysUrl = overlaysUrl;
    /** @type {import("./overlays.js").ModelLayers|null} */
    this.models = null;
    /** @type {Viewer[]} */
    this.panes = [];
    /** @type {Viewer|null} */
    this.active = null;
    this.grid = h("div", { class: "viewer-grid", "data-layout": "1x1" });
    /** @type {Promise<Series[]>|null} */
    this.listed = null;
    /** @type {Promise<Grid>|null} */
    this.arranging = null;
    /** @type {Grid|null} */
    this.arranged = null;
    this.chosen = remembered();
    this.closing = new AbortController();
  }

  get many() {
    return this.caseSeriesUrl !== "";
  }

  get layout() {
    return /** @type {Layout} */ (this.grid.dataset.layout);
  }

  get linkScroll() {
    return this.chosen.linkScroll;
  }

  get linkWindow() {
    return this.chosen.linkWindow;
  }

  /** @param {Series["id"]} id */
  urlOf(id) {
    return this.seriesUrl.replace(/\d+\/$/, `${id}/`);
  }

  /** @param {Series["id"]|null} id null: the series that the page opened @returns {Promise<Loaded>} */
  async load(id) {
    if (String(id).includes("/")) return this.loadPlane(String(id));
    const seriesUrl = id === null ? this.seriesUrl : this.urlOf(id);
    const annotationUrl = id === null || !this.annotationUrl ? this.annotationUrl : `${this.annotationUrl.split("?")[0]}?series=${id}`;
    const api = createApi({ seriesUrl, annotationUrl });
    const [series, annotations] = await Promise.all([api.series(), annotationUrl ? api.annotations() : []]);
    return { series: await this.measured(series), annotations, api };
  }

  /** PET in the unit that it is read in. @param {Series} series @returns {Promise<Series>} */
  async measured(series) {
    return series.modality === "PT" ? (await import("./uptake.js")).inUptake(series) : series;
  }

  /** A plane through a stack, as a series. @param {string} id @returns {Promise<Loaded>} */
  async loadPlane(id) {
    const { cutOf, fetchPlanes, seriesOf } = await import("./planes.js");
    const cut = cutOf(id);
    if (!cut) throw new Error(this.t("noPlanes"));
    const seriesUrl = this.urlOf(cut.stack);
    const api = createApi({ seriesUrl, annotationUrl: "" });
    const [series, found] = await Promise.all([api.series(), fetchPlanes(seriesUrl)]);
    return { series: await this.measured(seriesOf(series, found, cut, this.t)), annotations: [], api };
  }

  /** A viewer that is not shown yet. @param {Loaded} loaded @param {number} [share] of the memory */
  make({ series, annotations, api }, share = 1) {
    // Two viewers that save the same shapes would contradict each other: the second one only shows them.
    const drawn = this.panes.some((pane) => pane.series.id === series.id && pane.canSave);
    const viewer = new Viewer(this.root, { series, api, canDraw: this.canDraw && !drawn && series.stack === undefined, t: this.t, shell: this, budget: BUDGET * share });
    viewer.annotations.show(annotations);
    this.company?.join(viewer);
    this.models?.attach(viewer);
    return viewer;
  }

  /** What models say, where there is anything; asked for anew when an analysis is done. */
  async openModels() {
    try {
      const answer = await fetch(this.overlaysUrl, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const list = (await answer.json()).results;
      if (list.length === 0 && !this.models) return;
      const { ModelLayers } = await import("./overlays.js");
      if (this.closing.signal.aborted) return;
      if (!this.models) {
        this.models = new ModelLayers(this.root, this.closing.signal);
        for (const pane of this.panes) this.models.attach(pane);
      }
      this.models.show(list);
    } catch (error) {
      // The images are there without them.
      console.warn("what models say could not be fetched", error);
    }
  }

  /** Show the first one. @param {Loaded} loaded */
  begin(loaded) {
    const viewer = this.make(loaded);
    this.panes = [viewer];
    this.active = viewer;
    this.grid.replaceChildren(viewer.element);
    this.root.replaceChildren(viewer.toolbar.element, h("div", { class: "viewer-body" }, this.grid, viewer.panel.element));
    performance.mark("medweb:tools");
    viewer.element.classList.add("is-active");
    this.root.dataset.series = String(viewer.series.id);
    this.observe();
    // The image goes first.
    window.setTimeout(() => void this.meet(), COMPANY);
    if (this.overlaysUrl) void this.openModels();
    if (this.many && !matchMedia(NARROW).matches) this.restore();
    return viewer;
  }

  /** Other people, other windows, and what an earlier one left. */
  async meet() {
    try {
      const { Company } = await import("./live/company.js");
      if (this.closing.signal.aborted) return;
      this.company = new Company(this);
      for (const pane of this.panes) this.company.join(pane);
    } catch (error) {
      console.warn("others are not seen", error);
    }
  }

  /** The layout of the last visit, where there is something to be put beside the image; or as the case is hung. */
  restore() {
    const { layout } = this.chosen;
    const { auto, places = [] } = this.hanging;
    if (!layout && auto && (places.length > 1 || places.some(({ frame, turn, mirror }) => frame || turn || mirror))) this.hung();
    if (!layout || layout === "1x1") return;
    this.openGrid()
      .then((grid) => (grid.list.length > 1 ? grid.arrange(layout) : undefined))
      .catch((error) => this.complain(error));
  }

  hung() {
    this.openGrid()
      .then((grid) => grid.hang(this.hanging))
      .catch((error) => this.complain(error));
  }

  /** As a case opens where nobody chose a layout; the choice is forgotten. */
  hang() {
    if (!this.many || !this.hanging.places || matchMedia(NARROW).matches) return;
    this.chosen = { ...this.chosen, layout: null };
    this.keep();
    this.hung();
  }

  /** @param {unknown} error */
  complain(error) {
    console.warn("the layout could not be changed", error);
    this.active?.say(error instanceof Error ? error.message : String(error));
  }

  /** @param {unknown} pane */
  isActive(pane) {
    return pane === this.active;
  }

  observe() {
    const { signal } = this.closing;
    this.root.addEventListener("keydown", (event) => this.active?.onKey(event), { signal });
    /** @param {Event} event */
    const choose = (event) => {
      const pane = this.panes.find((one) => event.target instanceof Node && one.element.contains(event.target));
      if (pane) this.activate(pane);
    };
    this.grid.addEventListener("pointerdown", choose, { capture: true, signal });
    this.grid.addEventListener("focusin", choose, { signal });
    this.grid.addEventListener("dragover", (event) => this.many && event.dataTransfer?.types.includes("text/uri-list") && event.preventDefault(), { signal });
    this.grid.addEventListener("drop", (event) => this.dropped(event), { signal });
    document.addEventListener("medweb:analysis-changed", () => this.overlaysUrl && void this.openModels(), { signal });
    this.root.addEventListener("medweb:annotations-saved", (event) => {
      const { series } = /** @type {CustomEvent<{series: number|string}>} */ (event).detail;
      for (const pane of this.panes) if (pane.series.id === series && !pane.canSave) void pane.annotations.reload();
    }, { signal });
  }

  /** A thumbnail of the series strip is a link: drawn onto an image, it opens there. @param {DragEvent} event */
  dropped(event) {
    const link = event.dataTransfer?.getData("text/uri-list");
    const pane = this.panes.find((one) => event.target instanceof Node && one.element.contains(event.target));
    if (!link || !pane || !this.many) return;
    const { pathname, searchParams } = new URL(link, location.href);
    const id = searchParams.get("series");
    if (pathname !== location.pathname || !id) return;
    event.preventDefault();
    this.openGrid()
      .then((grid) => grid.open(pane, id))
      .catch((error) => this.complain(error));
  }

  /** @returns {Promise<Grid>} */
  openGrid() {
    this.arranging ??= import("./grid.js").then(async ({ Grid }) => {
      this.arranged = new Grid(this, await this.listSeries());
      return this.arranged;
    });
    // The next attempt begins anew.
    this.arranging.catch(() => (this.arranging = null));
    return this.arranging;
  }

  /** All series of the case, asked for once. @returns {Promise<Series[]>} */
  listSeries() {
    this.listed ??= this.fetchSeries();
    return this.listed;
  }

  async fetchSeries() {
    const answer = await fetch(this.caseSeriesUrl, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (answer.ok) return (await answer.json()).results;
    this.listed = null;
    throw new Error(this.t("failedSeries", { reason: `HTTP ${answer.status}` }));
  }

  /** @param {Viewer} pane */
  activate(pane) {
    const before = this.active;
    if (!before || before === pane) return;
    this.active = pane;
    before.toolbar.element.replaceWith(pane.toolbar.element);
    before.panel.element.replaceWith(pane.panel.element);
    this.company?.follow();
    before.element.classList.remove("is-active");
    pane.element.classList.add("is-active");
    this.root.dataset.series = String(pane.series.id);
    // The tool in hand stays in hand.
    if (pane.mayUse(before.state.tool)) pane.setTool(before.state.tool);
    this.tell();
  }

  /** @param {Layout} layout */
  arrange(layout) {
    if (!this.many || (layout === "1x1" && this.panes.length === 1)) return;
    this.chosen = { ...this.chosen, layout };
    this.keep();
    this.openGrid()
      .then((grid) => grid.arrange(layout))
      .catch((error) => this.complain(error));
  }

  cutPlanes() {
    if (!this.many) return;
    const narrow = matchMedia(NARROW).matches;
    this.openGrid()
      .then(async (grid) => (narrow ? (await import("./oneplane.js")).onePlane(grid) : grid.planes()))
      .catch((error) => this.complain(error));
  }

  /** @param {import("./types.js").Host} host @param {[number, number]} point */
  locate(host, point) {
    const pane = this.panes.find((one) => one === host);
    pane?.set({ crosshair: point });
    if (pane) this.arranged?.locate(pane, point);
  }

  nextLayout() {
    if (!matchMedia(NARROW).matches) this.arrange(LAYOUTS[(LAYOUTS.indexOf(this.layout) + 1) % LAYOUTS.length]);
  }

  /** @param {number} step */
  nextPane(step) {
    if (!this.active || this.panes.length < 2) return;
    const at = this.panes.indexOf(this.active) + step + this.panes.length;
    this.panes[at % this.panes.length].parts.stage.focus();
  }

  /** @param {"linkScroll"|"linkWindow"} what */
  toggle(what) {
    this.chosen = { ...this.chosen, [what]: !this.chosen[what] };
    this.keep();
    this.tell();
    this.active?.say(this.t(this.chosen[what] ? "switchedOn" : "switchedOff", { name: this.t(what) }));
  }

  /** @param {import("./types.js").Host} host @param {Set<keyof State>} changed */
  heard(host, changed) {
    const pane = this.panes.find((one) => one === host);
    if (pane) this.arranged?.follow(pane, changed);
  }

  /** Something that the tools show has changed. */
  tell() {
    this.active?.toolbar.update(this.active.state);
  }

  keep() {
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.chosen));
    } catch (error) {
      console.warn("the layout could not be kept", error);
    }
  }

  /** The viewers that show a series; all without one. @param {string|number} [series] */
  showing(series) {
    return this.panes.filter((pane) => series === undefined || String(pane.series.id) === String(series));
  }

  close() {
    this.closing.abort();
    for (const pane of this.panes) pane.close();
  }
}
