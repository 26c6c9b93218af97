/**
 * A second series of the same space over the shown one: PET over CT, a map over what it was computed from.
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Series} Series
 * @typedef {import("./types.js").Window} Window
 * @typedef {import("./types.js").Host} Host
 * @typedef {import("./colormaps.js").ColorMap} ColorMap
 * @typedef {[number, number, number, number, number, number]} Affine
 */
import { createApi } from "./api.js";
import { COLOR_MAPS } from "./colormaps.js";
import { FrameLoader } from "./frames.js";
import { nearestFrame, sameSpace } from "./link.js";
import { Renderer } from "./render.js";
import { createColorBar } from "./ui/colors.js";
import { h } from "./ui/dom.js";
import { autoWindow, storedWindow } from "./windowing.js";

/** Cosine of the angle up to which two planes are one: half a degree. */
const PARALLEL = Math.cos((0.5 / 180) * Math.PI);
/** Bytes of stored numbers in memory. */
const BUDGET = 96 * 2 ** 20;

/** @param {number[]} a @param {number[]} b */
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** What a plane needs to be placed in the patient. @param {Frame} frame */
function plane({ position, orientation, pixel_spacing: spacing }) {
  if (!position || !orientation || orientation.length !== 6 || !spacing) return null;
  return { position, row: orientation.slice(0, 3), column: orientation.slice(3), across: spacing[1], down: spacing[0] };
}

/**
 * From pixels of one plane to pixels of a parallel one, along the normal (DICOM PS3.3 C.7.6.2.1.1; there positions
 * are those of the middle of the first pixel, here (0, 0) is its corner).
 * @param {Frame} from
 * @param {Frame} to
 * @returns {Affine|null} as a canvas has it; null where the planes are not parallel or unknown
 */
export function planeTransform(from, to) {
  const [a, b] = [plane(from), plane(to)];
  if (!a || !b) return null;
  // Both directions of the one have to lie in the plane of the other.
  const inPlane = [a.row, a.column].every((v) => Math.hypot(dot(v, b.row), dot(v, b.column)) >= PARALLEL);
  if (!inPlane) return null;
  /** @param {number[]} v millimetres @returns {[number, number]} pixels */
  const along = (v) => [dot(v, b.row) / b.across, dot(v, b.column) / b.down];
  const [xx, xy] = along(a.row.map((n) => n * a.across));
  const [yx, yy] = along(a.column.map((n) => n * a.down));
  const [x, y] = along(a.position.map((n, i) => n - b.position[i]));
  return [xx, xy, yx, yy, x + 0.5 - (xx + yx) / 2, y + 0.5 - (xy + yy) / 2];
}

/** Millimetres between the planes of a stack, measured across it; their thickness when there is one only. @param {Frame[]} frames */
function gap(frames) {
  const [first, second] = frames;
  if (!second?.position || !first.position) return first.slice_thickness ?? 0;
  const between = second.position.map((n, i) => n - /** @type {number[]} */ (first.position)[i]);
  return Math.hypot(...between);
}

/**
 * The plane of `frames` that lies over `base`, unless it is further away than the planes are from each other.
 * @param {Frame} base
 * @param {Frame[]} frames
 * @returns {number|null}
 */
export function planeOver(base, frames) {
  const index = nearestFrame(base, frames);
  const found = index === null ? null : frames[index];
  if (!found?.position || !base.position || !base.orientation) return null;
  const [a, b, c, d, e, f] = base.orientation;
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d];
  const distance = Math.abs(dot(normal, found.position.map((n, i) => n - /** @type {number[]} */ (base.position)[i])));
  return distance <= Math.max(gap(frames), base.slice_thickness ?? 0) ? index : null;
}

export class Fusion {
  /**
   * @param {Pick<Host, "state"|"frame"|"say"|"t"> & {series: Series, renew: () => void}} host
   * @param {{list: Series[], stage: HTMLElement, urlOf: (id: Series["id"]) => string}} options
   */
  constructor(host, { list, stage, urlOf }) {
    this.host = host;
    this.urlOf = urlOf;
    this.stage = stage;
    this.others = list.filter((one) => one.id !== host.series.id && sameSpace(one, host.series));
    this.opacity = 0.5;
    /** @type {ColorMap} */
    this.map = "hotIron";
    this.hidden = false;
    /** @type {{series: Series, loader: FrameLoader, window: Window|null}|null} */
    this.over = null;
    this.renderer = new Renderer(h("canvas"));
    /** @type {{element: HTMLElement, update: () => void}|null} */
    this.bar = null;
    this.turn = 0;
  }

  /** @param {string} id "" for none */
  async choose(id) {
    const turn = ++this.turn;
    this.drop();
    const found = this.others.find((one) => String(one.id) === id);
    if (!found) return;
    const api = createApi({ seriesUrl: this.urlOf(found.id), annotationUrl: "" });
    const read = await api.series();
    const series = read.modality === "PT" ? (await import("./uptake.js")).inUptake(read) : read;
    if (turn !== this.turn || series.frames.length === 0) return;
    const loader = new FrameLoader({
      frames: series.frames,
      fetchFrame: api.pixels,
      budget: BUDGET,
      onFrame: () => this.host.renew(),
      onError: (index) => this.host.say(this.host.t("failed", { n: index + 1 })),
    });
    this.over = { series, loader, window: storedWindow(series.frames[0]) };
    this.hidden = false;
    this.explain();
    this.host.say(this.host.t("overSaid", { name: series.description || series.modality }));
    this.host.renew();
  }

  drop() {
    this.over?.loader.close();
    this.over = null;
    this.bar?.element.remove();
    this.bar = null;
    this.host.renew();
  }

  /** The bar that says which colour is which value of the second image. */
  explain() {
    const { over, host } = this;
    if (!over) return;
    const seen = () => ({ ...host.state, map: this.map, window: over.window ?? { center: 0, width: 1 }, invert: false });
    const self = { t: host.t, unit: over.series.unit ?? "", frame: over.series.frames[0], get state() { return seen(); } };
    this.bar = createColorBar(self);
    this.bar.element.classList.add("is-second");
    this.stage.append(this.bar.element);
  }

  toggle() {
    this.hidden = !this.hidden;
    this.host.say(this.host.t(this.hidden ? "switchedOff" : "switchedOn", { name: this.host.t("over") }));
    this.host.renew();
  }

  /** Painted over the image, whose pixels the context's units are. @param {CanvasRenderingContext2D} context */
  paint(context) {
    const { over, host } = this;
    if (this.bar) this.bar.element.classList.toggle("is-off", this.hidden);
    if (!over || this.hidden) return;
    const index = planeOver(host.frame, over.series.frames);
    if (index === null) return;
    if (over.loader.current !== index || over.loader.cache.size === 0) over.loader.setCurrent(index);
    const frame = over.series.frames[index];
    const pixels = over.loader.get(index);
    const affine = planeTransform(frame, host.frame);
    if (!pixels || !affine) return;
    over.window ??= autoWindow(pixels, frame);
    this.renderer.develop(frame, pixels, over.window, false, this.map);
    this.bar?.update();
    context.save();
    context.globalAlpha = this.opacity;
    context.transform(...affine);
    context.drawImage(this.renderer.picture, 0, 0);
    context.restore();
  }

  /** Which image, how opaque and in which colours. @returns {HTMLElement} */
  createControls() {
    const { t } = this.host;
    const none = h("option", { value: "" }, t("none"));
    const series = h("select", { class: "viewer-select" }, none, ...this.others.map((one) => h("option", { value: String(one.id) }, `${one.modality} ${one.description || one.number}`)));
    series.addEventListener("change", () => {
      this.choose(series.value).catch((error) => {
        series.value = "";
        this.host.say(t("failedSeries", { reason: error.message }));
      });
    });
    const opacity = h("input", { type: "range", min: "0", max: "100", value: String(this.opacity * 100) });
    opacity.addEventListener("input", () => {
      this.opacity = Number(opacity.value) / 100;
      this.host.renew();
    });
    const map = h("select", { class: "viewer-select" }, ...COLOR_MAPS.map((name) => h("option", { value: name, selected: name === this.map }, t(name))));
    map.addEventListener("change", () => {
      this.map = /** @type {ColorMap} */ (map.value);
      this.host.renew();
    });
    /** @param {string} text @param {HTMLElement} field */
    const line = (text, field) => {
      field.setAttribute("aria-label", text);
      return h("label", { class: "viewer-line" }, h("span", {}, text), field);
    };
    if (this.others.length === 0) return h("p", { class: "viewer-line" }, t("overNone"));
    return h("div", {}, line(t("over"), series), line(t("overOpacity"), opacity), line(t("colorBar"), map));
  }

  close() {
    this.over?.loader.close();
  }
}
