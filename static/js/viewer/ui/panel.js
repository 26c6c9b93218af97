/**
 * Beside the image: layers, label, the list of shapes, and whether they are saved.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Shape} Shape
 * @typedef {import("../types.js").LayerShape} LayerShape
 * @typedef {"mine"|"reference"|"other"} Layer
 */
import { measureText } from "../geometry.js";
import { findLabel, labelColor, labelText } from "../labels.js";
import { h, svg } from "./dom.js";
import { icon } from "./icons.js";

/** @type {Layer[]} */
const LAYERS = ["mine", "reference", "other"];

/** @param {string} color the colour as an attribute: the page's policy forbids style attributes */
function swatch(color) {
  return svg("svg", { viewBox: "0 0 10 10", class: "viewer-swatch", "aria-hidden": "true" }, svg("circle", { cx: 5, cy: 5, r: 5, fill: color }));
}

/**
 * @param {Host} host
 * @param {{statistics: (shape: Shape) => string, submit: () => void, retry: () => void}} options
 */
export function createPanel(host, { statistics, submit, retry }) {
  const { t } = host;

  const toggles = LAYERS.map((layer) => {
    const count = h("span", { class: "viewer-count" });
    const button = h(
      "button",
      {
        type: "button",
        class: "viewer-toggle",
        title: t("show", { layer: t(layer) }),
        onclick: () => host.set({ visible: { ...host.state.visible, [layer]: !host.state.visible[layer] } }),
      },
      icon("eye"),
      h("span", {}, t(layer)),
      count,
    );
    return { layer, button, count };
  });

  /** @param {string} label */
  const choose = (label) => {
    const { state } = host;
    host.set({ label });
    // While drawing, a label is for the next shape: the one just made keeps the label it was made with.
    const selected = state.tool === "select" && state.shapes.find((shape) => shape.id === state.selected);
    if (selected && state.canDraw && selected.label !== label) {
      host.commit(state.shapes.map((shape) => (shape === selected ? { ...shape, label } : shape)), selected.id);
    }
  };
  const chips = host.labels.map((label) => ({
    label,
    element: h(
      "button",
      { type: "button", class: "viewer-chip", onclick: () => choose(label.label) },
      swatch(labelColor(host.labels, label.code)),
      label.label,
    ),
  }));
  const free = h("input", {
    type: "text",
    class: "viewer-text",
    maxlength: "64",
    placeholder: t("newLabel"),
    "aria-label": t("newLabel"),
    autocomplete: "off",
    onchange: () => {
      const value = free.value.trim();
      choose(labelText(host.labels, value));
    },
  });
  const labels = h(
    "section",
    { class: "viewer-section" },
    h("h3", { class: "viewer-heading" }, t("label")),
    h("div", { class: "viewer-chips", role: "group", "aria-label": t("label") }, ...chips.map((chip) => chip.element)),
    free,
  );

  const list = h("ul", { class: "viewer-list" });
  const empty = h("p", { class: "viewer-empty" });
  const detail = h("p", { class: "viewer-detail" });
  const note = h("textarea", {
    class: "viewer-text",
    rows: "2",
    maxlength: "500",
    placeholder: t("note"),
    "aria-label": t("note"),
    onchange: () => {
      const { state } = host;
      const next = state.shapes.map((shape) => (shape.id === state.selected ? { ...shape, note: note.value } : shape));
      host.commit(next, state.selected);
    },
  });
  const save = h("span", { class: "viewer-save", role: "status" });
  const reason = h("p", { class: "viewer-reason" });
  const again = h("button", { type: "button", class: "viewer-action", onclick: retry }, t("retry"));
  const send = h("button", { type: "button", class: "viewer-action is-main", onclick: submit }, t("submit"));
  const foot = h("footer", { class: "viewer-foot" }, save, again, send, reason);

  const element = h(
    "aside",
    { class: "viewer-panel", "aria-label": t("shapes") },
    h("div", { class: "viewer-toggles", role: "group", "aria-label": t("layers") }, ...toggles.map((item) => item.button)),
    host.state.canDraw ? labels : null,
    h("section", { class: "viewer-section is-list" }, h("h3", { class: "viewer-heading" }, t("shapes")), empty, list, detail, note),
    host.state.canDraw ? foot : null,
  );

  /** Rows are kept from one state to the next, so that the focus stays where it is. */
  /** @type {Map<string, {element: HTMLLIElement, key: string}>} */
  let rows = new Map();

  /** @param {LayerShape|Shape} shape @param {Layer} layer @param {State} state */
  function row(shape, layer, state) {
    const spacing = host.frames[shape.frame]?.pixel_spacing ?? null;
    const measure = measureText(shape, spacing);
    const text = labelText(host.labels, shape.label) || t("unlabelled");
    const author = "author" in shape ? shape.author : "";
    const where = t("image", { n: shape.frame + 1, count: host.frames.length });
    const key = [text, measure, where, author, shape.kind, layer, state.canDraw, shape.label].join("|");
    const known = rows.get(shape.id);
    const made = known?.key === key ? known : { key, element: build() };
    made.element.classList.toggle("is-selected", shape.id === state.selected);
    made.element.classList.toggle("is-here", shape.frame === state.frame);
    made.element.firstElementChild?.setAttribute("aria-current", String(shape.id === state.selected));
    return made;

    function build() {
      return h(
        "li",
        { class: `viewer-row is-${layer}` },
        h(
          "button",
          {
            type: "button",
            class: "viewer-pick",
            onclick: () => {
              host.goTo(shape.frame);
              host.set({ selected: shape.id, vertex: null, tool: host.state.canDraw ? "select" : host.state.tool });
            },
          },
          swatch(labelColor(host.labels, shape.label)),
          h("span", { class: "viewer-name" }, text),
          h("span", { class: "viewer-measure" }, measure || t(shape.kind)),
          h("span", { class: "viewer-where" }, [layer === "mine" ? "" : author || t(layer), where].filter(Boolean).join(" · ")),
        ),
        layer === "mine" && state.canDraw
          ? h(
              "button",
              {
                type: "button",
                class: "viewer-button is-small",
                "aria-label": `${t("remove")}: ${text}`,
                onclick: () => {
                  host.set({ selected: shape.id, vertex: null });
                  host.removeSelected();
                },
              },
              icon("remove"),
            )
          : null,
      );
    }
  }

  /** @type {HTMLLIElement|undefined} */
  let lastChosen;

  /** Not by scrollIntoView, which would move the page, too. @param {HTMLLIElement} item */
  function reveal(item) {
    const top = item.offsetTop - list.offsetTop;
    list.scrollTop = Math.max(Math.min(list.scrollTop, top), top + item.offsetHeight - list.clientHeight);
  }

  /** @param {State} state */
  function drawList(state) {
    const next = new Map();
    const shown = LAYERS.filter((layer) => state.visible[layer]).flatMap((layer) =>
      (layer === "mine" ? state.shapes : state[layer]).map((shape) => ({ shape, layer })),
    );
    shown.sort((a, b) => a.shape.frame - b.shape.frame);
    for (const { shape, layer } of shown) next.set(shape.id, row(shape, layer, state));
    rows = next;
    const wanted = [...rows.values()].map((item) => item.element);
    if (wanted.length !== list.children.length || wanted.some((item, i) => list.children[i] !== item)) list.replaceChildren(...wanted);
    const chosen = state.selected === null ? undefined : rows.get(state.selected)?.element;
    if (chosen && chosen !== lastChosen) reveal(chosen);
    lastChosen = chosen;
    empty.hidden = shown.length > 0;
    empty.textContent = state.canDraw ? `${t("noShapes")} ${t("noShapesHint")}` : t("noShapes");
  }

  /** @param {State} state @param {Set<keyof State>|null} changed null: everything */
  function update(state, changed) {
    /** @param {(keyof State)[]} keys */
    const any = (...keys) => changed === null || keys.some((key) => changed.has(key));
    if (any("visible", "shapes", "reference", "other")) {
      for (const { layer, button, count } of toggles) {
        button.setAttribute("aria-pressed", String(state.visible[layer]));
        count.textContent = String((layer === "mine" ? state.shapes : state[layer]).length);
      }
    }
    if (any("visible", "shapes", "reference", "other", "selected", "frame", "canDraw")) drawList(state);
    if (any("selected", "shapes", "frame", "loaded", "canDraw")) {
      const selected = [...state.shapes, ...state.reference, ...state.other].find((shape) => shape.id === state.selected);
      const own = state.shapes.some((shape) => shape.id === state.selected);
      detail.textContent = selected ? statistics(selected) : "";
      detail.hidden = detail.textContent === "";
      note.hidden = !selected || (!own && !selected.note);
      note.readOnly = !own || !state.canDraw;
      if (selected && document.activeElement !== note) note.value = selected.note ?? "";
    }
    if (any("label", "selected", "shapes", "canDraw", "tool")) {
      labels.hidden = !state.canDraw;
      const selected = state.tool === "select" && state.shapes.find((shape) => shape.id === state.selected);
      const label = selected ? selected.label : state.label;
      for (const chip of chips) chip.element.setAttribute("aria-pressed", String(chip.label === findLabel(host.labels, label)));
      if (document.activeElement !== free) free.value = findLabel(host.labels, label) ? "" : label;
    }
    if (any("save", "message", "status", "shapes", "canDraw")) {
      const submitted = state.status === "submitted" && state.save === "saved";
      save.textContent = submitted ? t("submitted") : t(/** @type {any} */ (state.save));
      save.dataset.state = state.save;
      reason.textContent = ["invalid", "refused"].includes(state.save) ? state.message : "";
      again.hidden = !["retrying", "refused", "invalid"].includes(state.save);
      send.hidden = !state.canDraw || state.status === "submitted" || state.shapes.length === 0;
      send.disabled = state.save === "conflict";
    }
  }

  return { element, update };
}
