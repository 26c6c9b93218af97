/**
 * Shapes as SVG above the canvas. Outlines live in image coordinates under one transform, so zoom and pan cost
 * one attribute; the words beside them live in screen coordinates, so that they stay readable.
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").Point} Point
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Label} Label
 */
import { bounds, gripPoints, handles, measureText } from "./geometry.js";
import { labelColor, labelText } from "./labels.js";
import { svg } from "./ui/dom.js";
import { aspectOf, matrix, toScreen } from "./viewport.js";

/**
 * A line of next to no length with round ends: a dot that keeps its size under any zoom. Of no length at all,
 * Chromium takes a single one for an empty picture and leaves it out.
 * @param {Point[]} points
 */
function dots(points) {
  return points.map(([x, y]) => `M${x} ${y}h.001`).join("");
}

/** @param {Shape["kind"]} kind @param {Point[]} points @param {boolean} closed */
function path(kind, points, closed) {
  if (points.length === 0) return "";
  if (kind === "point") return dots(points);
  const { x0, y0, x1, y1 } = bounds(points);
  if (kind === "box") return `M${x0} ${y0}H${x1}V${y1}H${x0}Z`;
  if (kind === "ellipse") {
    const [a, b] = [(x1 - x0) / 2, (y1 - y0) / 2];
    return `M${x0} ${y0 + b}a${a} ${b} 0 1 0 ${2 * a} 0a${a} ${b} 0 1 0 ${-2 * a} 0Z`;
  }
  const line = points.map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join("");
  return closed && kind !== "length" ? `${line}Z` : line;
}

export class Overlay {
  /** @param {SVGSVGElement} root */
  constructor(root) {
    this.root = root;
    this.shapes = svg("g");
    this.words = svg("g", { class: "viewer-words" });
    root.append(this.shapes, this.words);
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
    this.shapes.setAttribute("transform", `matrix(${matrix(view, aspect).join(" ")})`);
    /** @type {Element[]} */
    const drawn = [];
    /** @type {Element[]} */
    const words = [];
    for (const layer of /** @type {const} */ (["other", "reference", "mine"])) {
      if (!state.visible[layer]) continue;
      for (const shape of layer === "mine" ? state.shapes : state[layer]) {
        if (shape.frame !== state.frame) continue;
        const color = labelColor(labels, shape.label);
        const selected = shape.id === state.selected;
        drawn.push(...this.outline(shape, layer, color, selected));
        if (selected && layer === "mine" && state.canDraw && state.tool === "select") drawn.push(...this.grips(shape, color, state.vertex));
        const { x1, y0 } = bounds(shape.points);
        const [x, y] = toScreen(view, aspect, [x1, y0]);
        // One's own shapes speak when selected, or else twenty of them hide the image; a length is its number.
        const named = selected || layer !== "mine" ? labelText(labels, shape.label) : "";
        const measured = selected || shape.kind === "length" ? measureText(shape, frame.pixel_spacing) : "";
        const text = [named, measured].filter(Boolean).join("  ");
        if (text) words.push(svg("text", { x: String(x + 8), y: String(y + 4) }, text));
      }
    }
    const draft = state.draft;
    if (draft && draft.frame === state.frame) {
      const color = labelColor(labels, state.label);
      const points = draft.cursor ? [...draft.points, draft.cursor] : draft.points;
      const shape = { ...draft, id: "draft", label: state.label, points };
      drawn.push(...this.outline(shape, "draft", color, true), ...this.grips({ ...shape, points: draft.points }, color, null));
      if (points.length > 1) {
        const [x, y] = toScreen(view, aspect, points[points.length - 1]);
        words.push(svg("text", { x: String(x + 14), y: String(y - 10) }, measureText(shape, frame.pixel_spacing)));
      }
    }
    if (state.crosshair) words.push(this.crosshair(toScreen(view, aspect, state.crosshair)));
    this.shapes.replaceChildren(...drawn);
    this.words.replaceChildren(...words);
  }

  /** @param {Shape} shape @param {string} layer @param {string} color @param {boolean} selected */
  outline(shape, layer, color, selected) {
    const d = path(shape.kind, shape.points, layer !== "draft");
    const name = `viewer-shape is-${layer}${selected ? " is-selected" : ""}${shape.kind === "point" ? " is-point" : ""}`;
    return [
      svg("path", { d, class: `${name} is-halo`, "vector-effect": "non-scaling-stroke" }),
      svg("path", { d, class: name, stroke: color, "vector-effect": "non-scaling-stroke" }),
    ];
  }

  /** @param {Shape} shape @param {string} color @param {number|null} active */
  grips(shape, color, active) {
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
