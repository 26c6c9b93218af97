/**
 * The row of tools. One tab stop for the buttons, arrows inside of it (WAI-ARIA toolbar pattern).
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Preset} Preset
 * @typedef {import("./icons.js").IconName} IconName
 */
import { keyOf } from "../shortcuts.js";
import { COMMON, DRAWN } from "../tools/drafts.js";
import { ONLY_PIXELS, PAINTED, fillBetween, isPainted } from "../tools/painted.js";
import { createColors } from "./colors.js";
import { h, put } from "./dom.js";
import { icon } from "./icons.js";
import { createLayouts } from "./layouts.js";
import { createItem, createSheet } from "./menu.js";

/**
 * @param {Host} host
 * @param {{history: {canUndo: boolean, canRedo: boolean}, fullscreen: () => void}} options
 */
export function createToolbar(host, { history, fullscreen }) {
  const { t, tiled } = host;
  /** @type {Map<string, HTMLButtonElement>} */
  const tools = new Map();

  /** @param {IconName} name @param {string} label @param {string} shortcut @param {() => void} action */
  const button = (name, label, shortcut, action) =>
    h(
      "button",
      {
        type: "button",
        class: "viewer-button",
        "aria-label": label,
        "aria-keyshortcuts": shortcut || null,
        "data-tip": shortcut ? `${label} · ${shortcut}` : label,
        tabindex: "-1",
        onclick: action,
      },
      icon(name),
    );

  /** @param {string} label @param {(Node|null)[]} children */
  const group = (label, ...children) => h("div", { class: "viewer-group", role: "group", "aria-label": label }, ...children);

  /** @param {string} name */
  const tool = (name) => {
    const made = button(/** @type {IconName} */ (name), t(/** @type {any} */ (name)), keyOf(`tool:${name}`), () => host.setTool(name));
    tools.set(name, made);
    return made;
  };

  const choice = h(
    "select",
    { class: "viewer-select", "aria-label": t("preset"), onchange: () => host.applyPreset(choice.value) },
    h("option", { value: "stored" }, t("stored")),
    h("option", { value: "auto" }, t("auto")),
    h("option", { value: "tight" }, t("tight")),
    h("option", { value: "full" }, t("full")),
    h("option", { value: "custom", disabled: true }, t("custom")),
  );
  /** @type {Preset[]|null} */
  let listed = null;
  /** The named windows, which are others in another unit. */
  const list = () => {
    if (listed === host.presets) return;
    for (const { name } of listed ?? []) [...choice.options].find(({ value }) => value === name)?.remove();
    listed = host.presets;
    choice.lastElementChild?.before(...listed.map(({ name }) => h("option", { value: name }, name)));
  };
  list();

  /** @param {"width"|"center"} part @param {string} letter */
  const number = (part, letter) => {
    const field = h("input", {
      type: "number",
      step: "any",
      class: "viewer-number",
      "aria-label": t(part),
      onchange: () => {
        const value = Number(field.value);
        if (field.value === "" || !Number.isFinite(value) || (part === "width" && value <= 0)) update(host.state);
        else host.setWindow({ ...host.state.window, [part]: value }, "custom");
      },
    });
    return { field, label: h("label", { class: "viewer-field" }, h("span", { "aria-hidden": "true" }, letter), field) };
  };
  const width = number("width", "W");
  const center = number("center", "L");

  const invert = button("invert", t("invert"), keyOf("invert"), () => host.set({ invert: !host.state.invert }));
  const palette = button("palette", t("colors"), "", () => {});
  const colors = createColors(host, palette);
  const drawing = button("moreDraw", t("moreDraw"), "", () => {});
  /** @param {import("../types.js").Kind|import("../tools/painted.js").Painted} name */
  const rarely = (name) => {
    const made = createItem({ icon: /** @type {IconName} */ (name), label: t(name), shortcut: keyOf(`tool:${name}`), action: () => host.setTool(name) });
    tools.set(name, made);
    return made;
  };
  const slices = createItem({ icon: "interpolate", label: t("interpolate"), shortcut: keyOf("interpolate"), action: () => void fillBetween(host) });
  const rare = createSheet(drawing, t("moreDraw"), ...PAINTED.filter((name) => !tiled || ONLY_PIXELS.includes(name)).map(rarely), ...(tiled ? [] : [slices]), h("hr"), ...DRAWN.filter((name) => !COMMON.includes(name)).map(rarely));
  const undo = button("undo", t("undo"), keyOf("undo"), () => host.undo());
  const redo = button("redo", t("redo"), keyOf("redo"), () => host.redo());
  const remove = button("remove", t("remove"), keyOf("remove"), () => host.removeSelected());

  // What the wheel and the keys do as well, or is wanted once in a while: in a sheet, so that the tools stay in one row.
  const smooth = createItem({ icon: "smooth", label: t("smooth"), action: () => host.set({ smooth: !host.state.smooth }), stays: true });
  const more = button("more", t("moreView"), "", () => {});
  /** @param {IconName & import("../strings.js").StringKey} name @param {string} id @param {() => void} action */
  const item = (name, id, action) => createItem({ icon: name, label: t(name), shortcut: keyOf(id), action, stays: true });
  const magnifier = createItem({ icon: "magnifier", label: t("magnifier"), shortcut: keyOf("tool:magnifier"), action: () => host.setTool("magnifier") });
  // Where there is no room to divide, planes come one by one.
  const planes = host.shell.many && host.frames.length > 2 ? createItem({ icon: "planes", label: t("planes"), shortcut: keyOf("planes"), action: () => host.shell.cutPlanes() }) : null;
  planes?.classList.add("is-narrow");
  const sheet = createSheet(
    more,
    t("moreView"),
    planes,
    item("fit", "zoom-fit", () => host.zoom("fit")),
    item("zoomIn", "zoom-in", () => host.zoom("in")),
    item("zoomOut", "zoom-out", () => host.zoom("out")),
    item("actual", "zoom-actual", () => host.zoom("actual")),
    ...(tiled ? [] : [magnifier]),
    h("hr"),
    item("turnLeft", "turn-left", () => host.pose("left")),
    item("turnRight", "turn-right", () => host.pose("right")),
    item("flipSides", "flip-sides", () => host.pose("horizontal")),
    item("flipEnds", "flip-ends", () => host.pose("vertical")),
    h("hr"),
    smooth,
  );

  const divide = button("layoutFour", t("layouts"), "", () => {});
  divide.classList.add("is-wide");
  const layouts = createLayouts(host, divide);

  const bar = h(
    "div",
    { class: "viewer-toolbar", role: "toolbar", "aria-label": t("tools") },
    group(t("tools"), tiled ? null : tool("window"), host.frames.length > 1 ? tool("scroll") : null, tool("pan"), tool("zoom")),
    host.state.canDraw ? group(t("draw"), tool("select"), ...COMMON.map(tool), drawing, rare) : null,
    host.state.canDraw ? group(t("edit"), undo, redo, remove) : null,
    tiled ? null : group(t("grey"), choice, width.label, center.label, invert, palette, colors.sheet),
    group(
      t("view"),
      more,
      sheet,
    ),
    group(t("viewer"), ...(host.shell.many ? [divide, layouts.sheet] : []), tiled ? null : button("fullscreen", t("fullscreen"), "", fullscreen), button("help", t("help"), "?", () => host.help())),
  );

  const buttons = () => [.../** @type {NodeListOf<HTMLButtonElement>} */ (bar.querySelectorAll(".viewer-button"))];
  buttons()[0].tabIndex = 0;
  bar.addEventListener("focusin", (event) => {
    if (!(event.target instanceof HTMLButtonElement) || !event.target.matches(".viewer-button")) return;
    for (const item of buttons()) item.tabIndex = item === event.target ? 0 : -1;
  });
  bar.addEventListener("keydown", (event) => {
    if (!(event.target instanceof HTMLButtonElement)) return;
    const all = buttons().filter((item) => !item.disabled && !item.hidden);
    const at = all.indexOf(event.target);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    all[(next + all.length) % all.length].focus();
  });

  /** @param {HTMLInputElement} field @param {number} value */
  const show = (field, value) => {
    if (document.activeElement !== field) field.value = String(Math.abs(value) < 10 ? Number(value.toPrecision(3)) : Math.round(value));
  };

  /** @param {State} state */
  function update(state) {
    for (const [name, item] of tools) {
      put(item, "aria-pressed", state.tool === name);
      if (DRAWN.includes(/** @type {any} */ (name)) || isPainted(name) || name === "select") item.disabled = !state.canDraw && name !== "select";
    }
    const isRare = isPainted(state.tool) || DRAWN.some((name) => name === state.tool && !COMMON.includes(name));
    put(drawing, "aria-pressed", isRare);
    drawing.disabled = !state.canDraw;
    put(invert, "aria-pressed", state.invert);
    colors.update(state);
    layouts.update();
    for (const one of [magnifier, more]) put(one, "aria-pressed", state.tool === "magnifier");
    put(smooth, "aria-pressed", state.smooth);
    undo.disabled = !state.canDraw || !history.canUndo;
    redo.disabled = !state.canDraw || !history.canRedo;
    remove.disabled = !state.canDraw || !state.shapes.some((shape) => shape.id === state.selected);
    list();
    if (choice.value !== state.preset) choice.value = state.preset;
    show(width.field, state.window.width);
    show(center.field, state.window.center);
  }

  return { element: bar, update };
}
