/**
 * Shapes as SVG above the canvas. Outlines live in image coordinates under one transform, so zoom and pan cost one
 * attribute; words, heads of arrows and the frame of a selection live in screen coordinates, so that they keep their
 * size. A shape is drawn anew only when it is another one; what is selected lies on a sheet of its own, so that a
 * drag does not paint a thousand others again.
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").Point} Point
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Label} Label
 * @typedef {{shape: Shape, color: string, selected: boolean, element: SVGGElement}} Drawn
 * @typedef {{said: string, element: SVGElement}} Said words beside a shape, or the head of an arrow
 */
import { bounds, extent, gripPoints, handles, isMany, isPlace, isRing, isRound, isTurned, maskPaths, measureText, semiAxes, strokes } from "./geometry.js";
import { labelColor, labelText } from "./labels.js";
import { heldShapes, selectedIds } from "./selection.js";
import { shaped } from "./tools/drafts.js";
import { selectionFrame } from "./tools/frame.js";
import { svg } from "./ui/dom.js";
import { aspectOf, matrix, toScreen } from "./viewport.js";

const LAYERS = /** @type {const} */ (["other", "reference", "mine"]);
/** Kinds that are their number: it is told without being asked for. */
const TOLD = new Set(["length", "bidirectional", "angle", "cobb"]);
const HEAD = 12;

/**
 * A line of next to no length with round ends: a dot that keeps its size under any zoom. Of no length at all,
 * Chromium takes a single one for an empty picture and leaves it out.
 * @param {Point[]} points
 */
function dots(points) {
  return points.map(([x, y]) => `M${x} ${y}h.001`).join("");
}

/** @param {Point[]} points */
function line(points) {
  return points.map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join("");
}

/** @param {Shape} shape @param {boolean} whole not one that is still being drawn */
function path(shape, whole) {
  const { kind, points } = shape;
  if (points.length === 0) return "";
  if (isPlace(shape)) return dots(points);
  if (kind === "bidirectional" || kind === "cobb") return points.length === 1 ? "" : strokes(shape).map(line).join("");
  const { x0, y0, x1, y1 } = bounds(points);
  if (kind === "box") return `M${x0} ${y0}H${x1}V${y1}H${x0}Z`;
  if (isTurned(shape)) {
    const [long, short, angle] = semiAxes(shape);
    const arc = `A${long} ${short} ${(angle * 180) / Math.PI} 1 0 `;
    return `M${points[0].join(" ")}${arc}${points[1].join(" ")}${arc}${points[0].join(" ")}Z`;
  }
  if (isRound(shape)) {
    const [a, b] = [(x1 - x0) / 2, (y1 - y0) / 2];
    return `M${x0} ${y0 + b}a${a} ${b} 0 1 0 ${2 * a} 0a${a} ${b} 0 1 0 ${-2 * a} 0Z`;
  }
  const closed = isRing(shape) && (whole || (kind === "rotated-box" && points.length === 4));
  return closed ? `${line(points)}Z` : line(points);
}

/** Children of a group, touched only when they are others. @param {Element} group @param {Element[]} known @param {Element[]} wanted */
function sync(group, known, wanted) {
  if (known.length !== wanted.length || wanted.some((element, i) => known[i] !== element)) group.replaceChildren(...wanted);
  return wanted;
}

export class Overlay {
  /** @param {SVGSVGElement} root */
  constructor(root) {
    this.still = svg("g");
    this.active = svg("g");
    this.grips = svg("g");
    this.marks = svg("g");
    this.words = svg("g", { class: "viewer-words" });
    this.stillWords = svg("g", { class: "viewer-words" });
    const sheet = svg("svg", { class: "viewer-overlay is-active", "aria-hidden": "true" }, this.active, this.grips, this.marks, this.words);
    root.append(this.still, this.stillWords);
    root.after(sheet);
    /** @type {Map<string, Drawn>} */
    this.drawn = new Map();
    /** @type {Map<string, Said>} */
    this.said = new Map();
    /** @type {Element[]} */
    this.stillWordNodes = [];
    /** @type {Element[]} */
    this.wordNodes = [];
    /** @type {Element[]} */
    this.stillNodes = [];
    /** @type {Element[]} */
    this.activeNodes = [];
    this.transform = "";
  }

  /**
   * @param {State} state
   * @param {Frame} frame
   * @param {Label[]} labels
   */
  draw(state, frame, labels) {
    const view = state.view;
    if (!view) return;
    const aspect = aspectOf(frame.pixel_spacing);
    const transform = `matrix(${matrix(view, aspect).join(" ")})`;
    if (transform !== this.transform) {
      for (const group of [this.still, this.active, this.grips]) group.setAttribute("transform", transform);
      this.transform = transform;
    }
    const selected = new Set(selectedIds(state));
    /** @type {Map<string, Drawn>} */
    const drawn = new Map();
    /** @type {Map<string, Said>} */
    const said = new Map();
    /** @type {Element[]} */
    const still = [];
    /** @type {Element[]} */
    const active = [];
    /** @type {Element[]} */
    const marks = [];
    /** @type {Element[]} */
    const words = [];
    /** @type {Element[]} */
    const stillWords = [];
    for (const layer of LAYERS) {
      if (!state.visible[layer]) continue;
      const opacity = state.opacity[layer];
      for (const shape of state[layer === "mine" ? "shapes" : layer]) {
        // What is being painted is shown by the sheet of the brush meanwhile.
        if (shape.frame !== state.frame || state.painted.includes(shape.id)) continue;
        const chosen = selected.has(shape.id);
        const node = this.node(shape, layer, labelColor(labels, shape.label), chosen);
        if (node.element.getAttribute("opacity") !== String(opacity)) node.element.setAttribute("opacity", String(opacity));
        if (state.fresh.has(shape) !== node.element.classList.contains("is-new")) node.element.classList.toggle("is-new");
        drawn.set(`${layer} ${shape.id}`, node);
        (chosen ? active : still).push(node.element);
        const beside = chosen ? words : stillWords;
        if (shape.kind === "arrow") {
          const head = this.head(`head ${layer} ${shape.id}`, shape, layer, node.color, opacity, (p) => toScreen(view, aspect, p));
          said.set(`head ${layer} ${shape.id}`, head);
          beside.push(head.element);
        }
        // Of many selected ones each would only hide the next.
        const text = this.text(shape, layer, chosen && selected.size === 1, labels, frame);
        if (!text) continue;
        const { x1, y0 } = extent(shape);
        const [x, y] = toScreen(view, aspect, shape.kind === "text" ? shape.points[0] : [x1, y0]);
        const spoken = this.say(`${layer} ${shape.id}`, text, x + 8, y + 4, opacity);
        said.set(`${layer} ${shape.id}`, spoken);
        beside.push(spoken.element);
      }
    }
    this.drawn = drawn;
    this.said = said;
    this.stillWordNodes = sync(this.stillWords, this.stillWordNodes, stillWords);
    this.stillNodes = sync(this.still, this.stillNodes, still);
    /** @type {Element[]} */
    const grips = [];
    if (state.tool === "select") this.selection(state, aspect, grips, marks, labels);
    this.draft(state, frame, labels, active, grips, words, marks);
    if (state.crosshair) marks.push(this.crosshair(toScreen(view, aspect, state.crosshair)));
    this.activeNodes = sync(this.active, this.activeNodes, active);
    this.grips.replaceChildren(...grips);
    this.marks.replaceChildren(...marks);
    this.wordNodes = sync(this.words, this.wordNodes, words);
  }

  /** The elements of a shape: the ones from before when nothing about it is new. @param {Shape} shape @param {string} layer @param {string} color @param {boolean} selected @returns {Drawn} */
  node(shape, layer, color, selected) {
    const known = this.drawn.get(`${layer} ${shape.id}`);
    if (known && known.shape === shape && known.color === color && known.selected === selected) return known;
    const element = known?.element ?? svg("g");
    element.replaceChildren(...this.outline(shape, layer, color, selected));
    return { shape, color, selected, element };
  }

  /** Words at a place of the screen: the element from before, moved. @param {string} key @param {string} text @param {number} x @param {number} y @param {number} opacity @returns {Said} */
  say(key, text, x, y, opacity) {
    const said = `${text} ${x} ${y} ${opacity}`;
    const known = this.said.get(key);
    if (known?.said === said) return known;
    const element = known?.element ?? svg("text");
    for (const [name, value] of Object.entries({ x, y, opacity })) element.setAttribute(name, String(value));
    if (element.textContent !== text) element.textContent = text;
    return { said, element };
  }

  /**
   * Words beside a shape. One's own speak when selected, or else twenty of them hide the image; a length is its
   * number, and a text is its words.
   * @param {Shape} shape
   * @param {string} layer
   * @param {boolean} selected
   * @param {Label[]} labels
   * @param {Frame} frame
   */
  text(shape, layer, selected, labels, frame) {
    if (shape.kind === "text") return shape.note ?? "";
    const named = selected || layer !== "mine" ? labelText(labels, shape.label) : "";
    const measured = selected || TOLD.has(shape.kind) ? measureText(shape, frame.pixel_spacing) : "";
    return [named, measured].filter(Boolean).join("  ");
  }

  /** @param {State} state @param {number} aspect @param {Element[]} grips @param {Element[]} marks @param {Label[]} labels */
  selection(state, aspect, grips, marks, labels) {
    const held = heldShapes(state);
    if (held.length === 0 || !state.view) return;
    if (held.length === 1) grips.push(...this.gripsOf(held[0], labelColor(labels, held[0].label), state.vertex));
    const frame = selectionFrame(held, state.view, aspect);
    if (!frame) return;
    const { corners, resizes, knob, foot } = frame;
    let d = resizes ? `${line(corners.map(({ at }) => at))}Z` : "";
    if (knob) d += `M${foot[0]} ${foot[1]}L${knob[0]} ${knob[1]}`;
    marks.push(svg("path", { d, class: "viewer-frame is-halo" }), svg("path", { d, class: "viewer-frame" }));
    if (resizes) marks.push(...corners.map(({ at: [x, y] }) => svg("rect", { x: x - 4, y: y - 4, width: 8, height: 8, class: "viewer-knob" })));
    if (knob) marks.push(svg("circle", { cx: knob[0], cy: knob[1], r: 6, class: "viewer-knob" }));
  }

  /** What is being drawn. @param {State} state @param {Frame} frame @param {Label[]} labels @param {Element[]} active @param {Element[]} grips @param {Element[]} words @param {Element[]} marks */
  draft(state, frame, labels, active, grips, words, marks) {
    const { draft, view } = state;
    if (!draft || draft.frame !== state.frame || !view) return;
    const aspect = aspectOf(frame.pixel_spacing);
    const color = labelColor(labels, state.label);
    const placed = [...draft.points, ...(draft.tail ?? []), ...(draft.cursor ? [draft.cursor] : [])];
    const points = shaped(draft.kind, placed, { aspect, rows: frame.rows, columns: frame.columns });
    const shape = { id: "draft", kind: draft.kind, frame: draft.frame, label: state.label, points };
    active.push(...this.outline(shape, "draft", color, true));
    grips.push(...this.gripsOf({ ...shape, kind: isMany(draft.kind) ? draft.kind : "polyline", points: draft.points }, color, null));
    if (points.length < 2) return;
    if (shape.kind === "arrow") marks.push(this.head("draft", shape, "draft", color, 1, (p) => toScreen(view, aspect, p)).element);
    const [x, y] = toScreen(view, aspect, placed[placed.length - 1]);
    const ready = shape.kind !== "rotated-box" || points.length === 4;
    if (ready) words.push(svg("text", { x: String(x + 14), y: String(y - 10) }, measureText(shape, frame.pixel_spacing)));
  }

  /** @param {Shape} shape @param {string} layer @param {string} color @param {boolean} selected */
  outline(shape, layer, color, selected) {
    const name = `viewer-shape is-${layer}${selected ? " is-selected" : ""}${isPlace(shape) ? " is-point" : ""}`;
    const effect = { "vector-effect": "non-scaling-stroke" };
    if (shape.kind === "mask") {
      const { edge, fill } = maskPaths(shape);
      return [
        svg("path", { d: fill, class: "viewer-mask", fill: color }),
        svg("path", { d: edge, class: `${name} is-halo`, ...effect }),
        svg("path", { d: edge, class: name, stroke: color, ...effect }),
      ];
    }
    const d = path(shape, layer !== "draft");
    return [svg("path", { d, class: `${name} is-halo`, ...effect }), svg("path", { d, class: name, stroke: color, ...effect })];
  }

  /** Two strokes back from the tip, in css pixels. @param {string} key @param {Shape} shape @param {string} layer @param {string} color @param {number} opacity @param {(p: Point) => Point} seen @returns {Said} */
  head(key, { points }, layer, color, opacity, seen) {
    const [tail, tip] = points.map(seen);
    const way = Math.atan2(tip[1] - tail[1], tip[0] - tail[0]);
    const ends = [way + 2.7, way - 2.7].map((angle) => /** @type {Point} */ ([tip[0] + HEAD * Math.cos(angle), tip[1] + HEAD * Math.sin(angle)]));
    const d = line([ends[0], tip, ends[1]]);
    const said = `${d} ${color} ${opacity}`;
    const known = this.said.get(key);
    if (known?.said === said) return known;
    const strokes = [svg("path", { d, class: "viewer-shape is-halo" }), svg("path", { d, class: `viewer-shape is-${layer} is-head`, stroke: color })];
    return { said, element: svg("g", { opacity: String(opacity) }, ...strokes) };
  }

  /** @param {Shape} shape @param {string} color @param {number|null} active */
  gripsOf(shape, color, active) {
    const all = dots(gripPoints(shape));
    const parts = [
      svg("path", { d: all, class: "viewer-grip is-rim", "vector-effect": "non-scaling-stroke" }),
      svg("path", { d: all, class: "viewer-grip", stroke: color, "vector-effect": "non-scaling-stroke" }),
    ];
    if (active !== null && handles(shape)[active]) {
      const d = dots([handles(shape)[active]]);
      parts.push(svg("path", { d, class: "viewer-grip is-active", "vector-effect": "non-scaling-stroke" }));
    }
    return parts;
  }

  /** @param {Point} at */
  crosshair([x, y]) {
    const d = `M${x - 16} ${y}h12m8 0h12M${x} ${y - 16}v12m0 8v12`;
    return svg("g", {}, svg("path", { d, class: "viewer-crosshair is-halo" }), svg("path", { d, class: "viewer-crosshair" }));
  }
}
