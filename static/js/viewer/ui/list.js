/**
 * Every shape in a line: chosen from here, a shape is gone to.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").LayerShape} LayerShape
 * @typedef {import("./layers.js").Layer} Layer
 * @typedef {{shape: LayerShape|Shape, canDraw: boolean, isNew: boolean, element: HTMLLIElement}} Row
 */
import { measureText } from "../geometry.js";
import { labelColor, labelText } from "../labels.js";
import { selectedIds, selecting, toggling } from "../selection.js";
import { swatch } from "./chips.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { LAYERS } from "./layers.js";

/** @param {Host} host */
export function createList(host) {
  const { t } = host;
  const list = h("ul", { class: "viewer-list" });
  const empty = h("p", { class: "viewer-empty" });
  /** Rows are kept from one state to the next, so that the focus stays where it is. @type {Map<string, Row>} */
  let rows = new Map();
  /** @type {HTMLLIElement[]} */
  let known = [];
  /** @type {string|null} */
  let lastChosen = null;

  /** @param {LayerShape|Shape} shape @param {Layer} layer @param {boolean} canDraw @param {boolean} isNew */
  function build(shape, layer, canDraw, isNew) {
    const text = shape.kind === "text" ? (shape.note ?? "") : labelText(host.labels, shape.label) || t("unlabelled");
    const author = "author" in shape ? shape.author : "";
    const measure = measureText(shape, host.frames[shape.frame]?.pixel_spacing ?? null);
    const where = host.tiled ? "" : t("image", { n: shape.frame + 1, count: host.frames.length });
    const remove = () => {
      host.set(selecting([shape.id]));
      host.removeSelected();
    };
    return h(
      "li",
      { class: `viewer-row is-${layer}` },
      h(
        "button",
        { type: "button", class: "viewer-pick", onclick: (/** @type {MouseEvent} */ event) => choose(shape, layer, event) },
        swatch(labelColor(host.labels, shape.label)),
        h("span", { class: "viewer-name" }, text, isNew && h("span", { class: "viewer-new" }, t("newShapeMark"))),
        h("span", { class: "viewer-measure" }, measure || t(shape.kind)),
        h("span", { class: "viewer-where" }, [layer === "mine" ? "" : author || t(layer), where].filter(Boolean).join(" · ")),
      ),
      layer === "mine" && canDraw
        ? h("button", { type: "button", class: "viewer-button is-small", "aria-label": `${t("remove")}: ${text}`, onclick: remove }, icon("remove"))
        : null,
    );
  }

  /** @param {Shape} shape @param {Layer} layer @param {MouseEvent} event */
  function choose(shape, layer, event) {
    const { state } = host;
    const more = layer === "mine" && (event.shiftKey || event.ctrlKey || event.metaKey || state.several);
    if (!more) host.goTo(shape.frame);
    host.set({ ...(more ? toggling(state, shape.id) : selecting([shape.id])), tool: state.canDraw ? "select" : state.tool });
  }

  /** @param {LayerShape|Shape} shape @param {Layer} layer @param {State} state @param {boolean} selected @returns {Row} */
  function row(shape, layer, state, selected) {
    const before = rows.get(shape.id);
    const isNew = state.fresh.has(shape);
    const same = before?.shape === shape && before.canDraw === state.canDraw && before.isNew === isNew;
    const made = same ? before : { shape, canDraw: state.canDraw, isNew, element: build(shape, layer, state.canDraw, isNew) };
    // A row that is written anew under the focus keeps it.
    const focused = before && before !== made && before.element.contains(document.activeElement);
    if (focused) queueMicrotask(() => made.element.querySelector("button")?.focus({ preventScroll: true }));
    const name = `viewer-row is-${layer}${selected ? " is-selected" : ""}${shape.frame === state.frame ? " is-here" : ""}`;
    if (made.element.className !== name) {
      made.element.className = name;
      made.element.firstElementChild?.setAttribute("aria-current", String(selected));
    }
    return made;
  }

  /** Not by scrollIntoView, which would move the page, too. @param {HTMLLIElement} item */
  function reveal(item) {
    const top = item.offsetTop - list.offsetTop;
    list.scrollTop = Math.max(Math.min(list.scrollTop, top), top + item.offsetHeight - list.clientHeight);
  }

  return {
    elements: [empty, list],
    /** @param {State} state */
    update(state) {
      /** @type {Map<string, Row>} */
      const next = new Map();
      const selected = new Set(selectedIds(state));
      const shown = LAYERS.filter((layer) => state.visible[layer]).flatMap((layer) =>
        (layer === "mine" ? state.shapes : state[layer]).map((shape) => ({ shape, layer })),
      );
      shown.sort((a, b) => a.shape.frame - b.shape.frame);
      for (const { shape, layer } of shown) next.set(shape.id, row(shape, layer, state, selected.has(shape.id)));
      rows = next;
      const wanted = [...rows.values()].map((item) => item.element);
      // Row by row where one was written anew: replacing a thousand of them costs a frame.
      if (wanted.length === known.length) wanted.forEach((item, i) => item !== known[i] && !wanted.includes(known[i]) && known[i].replaceWith(item));
      const focused = list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
      const place = known.findIndex((item) => item.contains(focused));
      if (wanted.length !== list.children.length || wanted.some((item, i) => list.children[i] !== item)) list.replaceChildren(...wanted);
      // Rows that are put anew lose the focus, and one that is gone hands it to the next.
      if (focused && document.activeElement !== focused) {
        const next = list.contains(focused) ? focused : wanted[Math.min(place, wanted.length - 1)]?.querySelector("button");
        next?.focus({ preventScroll: true });
      }
      known = wanted;
      const chosen = state.selected === null ? undefined : rows.get(state.selected)?.element;
      if (chosen && state.selected !== lastChosen) reveal(chosen);
      lastChosen = state.selected;
      empty.hidden = shown.length > 0;
      empty.textContent = state.canDraw ? `${t("noShapes")} ${t("noShapesHint")}` : t("noShapes");
    },
  };
}
