/**
 * The labels to choose from, and a field for others.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 */
import { codeText, findLabel, labelColor, labelText } from "../labels.js";
import { chooseLabel } from "../tools/commands.js";
import { h, put, svg } from "./dom.js";

/** @param {string} color the colour as an attribute: the page's policy forbids style attributes */
export function swatch(color) {
  return svg("svg", { viewBox: "0 0 10 10", class: "viewer-swatch", "aria-hidden": "true" }, svg("circle", { cx: 5, cy: 5, r: 5, fill: color }));
}

/** @param {Host} host */
export function createChips(host) {
  const { t } = host;
  const chips = host.labels.map((label, i) => {
    const key = i < 9 ? String(i + 1) : "";
    const element = h(
      "button",
      { type: "button", class: "viewer-chip", "aria-keyshortcuts": key || null, title: codeText(label.term) || null, onclick: () => chooseLabel(host, label.label) },
      swatch(labelColor(host.labels, label.code)),
      label.label,
      key ? h("kbd", { "aria-hidden": "true" }, key) : null,
    );
    return { label, element };
  });
  const free = h("input", {
    type: "text",
    class: "viewer-text",
    maxlength: "64",
    placeholder: t("newLabel"),
    "aria-label": t("newLabel"),
    autocomplete: "off",
    onchange: () => chooseLabel(host, labelText(host.labels, free.value.trim())),
    onfocus: () => void offerTerms(),
  });
  const code = h("p", { class: "viewer-code" });
  let offered = false;

  /** Terms to choose from, fetched when the field is first visited. */
  async function offerTerms() {
    const viewer = free.closest("[data-terms-url]");
    if (offered || !(viewer instanceof HTMLElement)) return;
    offered = true;
    try {
      const { attachTerms } = await import("./terms.js");
      attachTerms(host, free, viewer.dataset.termsUrl ?? "");
    } catch (error) {
      offered = false;
      // Own words are taken all the same.
      console.warn("terms could not be offered", error);
    }
  }

  const element = h(
    "section",
    { class: "viewer-section" },
    h("h3", { class: "viewer-heading" }, t("label")),
    h("div", { class: "viewer-chips", role: "group", "aria-label": t("label") }, ...chips.map((chip) => chip.element)),
    free,
    code,
  );

  return {
    element,
    /** @param {State} state */
    update(state) {
      element.hidden = !state.canDraw;
      const selected = state.tool === "select" && state.shapes.find((shape) => shape.id === state.selected);
      const label = selected ? selected.label : state.label;
      for (const chip of chips) put(chip.element, "aria-pressed", chip.label === findLabel(host.labels, label));
      const coded = codeText(selected ? selected.code : findLabel(host.labels, label)?.term);
      if (code.textContent !== coded) code.textContent = coded;
      if (document.activeElement !== free) free.value = findLabel(host.labels, label) ? "" : label;
    },
  };
}
