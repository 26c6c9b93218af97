/**
 * Beside the image: layers, label, the list of shapes, the selected one, and whether they are saved.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Shape} Shape
 */
import { createActions } from "./actions.js";
import { createChips } from "./chips.js";
import { h } from "./dom.js";
import { createLayers } from "./layers.js";
import { createList } from "./list.js";

/** Milliseconds without a change after which the list is written. */
const QUIET = 80;

/**
 * @param {Host} host
 * @param {{regionOf: (shape: Shape) => import("../region.js").Region|null, submit: () => void, retry: () => void}} options
 */
export function createPanel(host, { regionOf, submit, retry }) {
  const { t } = host;
  const layers = createLayers(host);
  const chips = createChips(host);
  const list = createList(host);
  const actions = createActions(host);
  const details = h("div", { class: "viewer-details" });
  /** Fetched with the first selection. @type {ReturnType<typeof import("./detail.js").createDetail>|null} */
  let detail = null;
  let asked = false;
  const save = h("span", { class: "viewer-save", role: "status" });
  const reason = h("p", { class: "viewer-reason" });
  const again = h("button", { type: "button", class: "viewer-action", onclick: retry }, t("retry"));
  const send = h("button", { type: "button", class: "viewer-action is-main", onclick: submit }, t("submit"));
  const foot = h("footer", { class: "viewer-foot" }, save, again, send, reason);

  const element = h(
    "aside",
    { class: "viewer-panel", "aria-label": t("shapes") },
    layers.element,
    host.state.canDraw ? chips.element : null,
    h("section", { class: "viewer-section is-list", tabindex: "0", role: "group", "aria-label": t("shapes") }, h("h3", { class: "viewer-heading" }, t("shapes")), actions.element, ...list.elements, details),
    host.state.canDraw ? foot : null,
  );

  /** @type {number|undefined} */
  let waiting;
  let listed = 0;

  /**
   * A drag says many times a second that a shape is another one: the list follows when the hand rests.
   * @param {State} state @param {boolean} soon
   */
  function updateList(state, soon) {
    clearTimeout(waiting);
    if (soon && state.shapes.length === listed) waiting = window.setTimeout(() => list.update(host.state), QUIET);
    else list.update(state);
    listed = state.shapes.length;
  }

  function openDetail() {
    if (asked) return;
    asked = true;
    import("./detail.js")
      .then(({ createDetail }) => {
        detail = createDetail(host, { regionOf });
        details.replaceChildren(...detail.elements);
        detail.update(host.state, true);
      })
      .catch((error) => {
        asked = false;
        host.missing(error);
      });
  }

  /** @param {State} state @param {Set<keyof State>|null} changed null: everything */
  function update(state, changed) {
    /** @param {(keyof State)[]} keys */
    const any = (...keys) => changed === null || keys.some((key) => changed.has(key));
    if (any("visible", "locked", "opacity", "shapes", "reference", "other")) layers.update(state);
    if (any("visible", "shapes", "reference", "other", "selected", "also", "frame", "canDraw", "fresh")) {
      updateList(state, !any("visible", "reference", "other", "selected", "also", "frame", "canDraw", "fresh"));
    }
    if (any("selected", "also", "shapes", "frame", "canDraw", "tool", "several", "visible", "locked")) actions.update(state);
    if (any("selected", "shapes", "frame", "loaded", "canDraw", "locked", "scale")) {
      if (detail) detail.update(state, any("selected", "shapes", "frame", "loaded", "scale"));
      else if (state.selected) openDetail();
    }
    if (any("label", "selected", "shapes", "canDraw", "tool")) chips.update(state);
    if (any("save", "message", "status", "shapes", "canDraw")) {
      const told = ["submitted", "accepted", "returned"].includes(state.status) && state.save === "saved";
      save.textContent = t(/** @type {any} */ (told ? state.status : state.save));
      save.dataset.state = state.save;
      reason.textContent = ["invalid", "refused"].includes(state.save) ? state.message : "";
      again.hidden = !["retrying", "offline", "refused", "invalid"].includes(state.save);
      send.hidden = !state.canDraw || ["submitted", "accepted"].includes(state.status) || state.shapes.length === 0;
      send.disabled = state.save === "conflict";
    }
  }

  return { element, update };
}
