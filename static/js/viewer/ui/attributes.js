/**
 * Attributes of the selected shape: short texts by name.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").Shape} Shape
 */
import { replaceShapes } from "../tools/commands.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const MOST = 16;

/** @param {Host} host */
export function createAttributes(host) {
  const { t } = host;
  const list = h("div", { class: "viewer-attributes" });
  const name = field("attributeName", 32);
  const value = field("attributeValue", 64);
  const add = h("button", { type: "submit", class: "viewer-action" }, t("addAttribute"));
  const form = h("form", { class: "viewer-attribute is-new", onsubmit: (/** @type {Event} */ event) => submit(event) }, name, value, add);
  const summary = h("summary", {}, t("attributes"));
  const element = h("details", { class: "viewer-fold" }, summary, list, form);
  /** What is written in the list now. */
  let known = "";

  /** @param {import("../strings.js").StringKey} label @param {number} most */
  function field(label, most) {
    return h("input", { type: "text", class: "viewer-text", maxlength: String(most), placeholder: t(label), "aria-label": t(label), autocomplete: "off" });
  }

  /** @param {(attributes: Record<string, string>) => void} change */
  function edit(change) {
    const shape = host.state.shapes.find((item) => item.id === host.state.selected);
    if (!shape) return;
    const attributes = { ...shape.attributes };
    change(attributes);
    replaceShapes(host, [{ ...shape, attributes }]);
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const key = name.value.trim();
    const text = value.value.trim();
    if (key === "" || text === "") {
      (key === "" ? name : value).focus();
      return;
    }
    edit((attributes) => {
      attributes[key] = text;
    });
    name.value = value.value = "";
    name.focus();
  }

  /** @param {string} key @param {string} text @param {boolean} editable */
  function row(key, text, editable) {
    const input = h("input", { type: "text", class: "viewer-text", maxlength: "64", value: text, "aria-label": key, readonly: !editable });
    input.addEventListener("change", () => edit((attributes) => void (attributes[key] = input.value.trim())));
    const remove = () => {
      edit((attributes) => void delete attributes[key]);
      name.focus();
    };
    return h(
      "div",
      { class: "viewer-attribute" },
      h("span", { class: "viewer-name" }, key),
      input,
      editable ? h("button", { type: "button", class: "viewer-button is-small", "aria-label": t("removeAttribute", { name: key }), onclick: remove }, icon("remove")) : null,
    );
  }

  return {
    element,
    /** @param {Shape|null} shape @param {boolean} editable */
    update(shape, editable) {
      const pairs = Object.entries(shape?.attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
      element.hidden = !shape || (!editable && pairs.length === 0);
      form.hidden = !editable || pairs.length >= MOST;
      const next = JSON.stringify([shape?.id, editable, pairs]);
      if (next === known) return;
      known = next;
      summary.textContent = pairs.length > 0 ? `${t("attributes")} (${pairs.length})` : t("attributes");
      list.replaceChildren(...pairs.map(([key, text]) => row(key, text, editable)));
    },
  };
}
