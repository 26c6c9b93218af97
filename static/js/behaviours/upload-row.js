/** One file in the list of uploads: what is seen of it. */
import { changeIcon, icon, make, phrase } from "./dom.js";

/** @typedef {"queued" | "sending" | "quarantined" | "cleaning" | "accepted" | "refused" | "cancelled" | "failed"} State */
/** @typedef {{id: number | string, state: State, url?: string, sentence?: string, removed?: Record<string, unknown>, series_url?: string}} Verdict */
/** @typedef {"cancel" | "retry" | "remove"} Act */

/** @type {Record<State, string>} */
const ICONS = {
  queued: "clock",
  sending: "upload",
  quarantined: "shield",
  cleaning: "shield",
  accepted: "success",
  refused: "danger",
  cancelled: "close",
  failed: "warning",
};

/** @type {Record<State, Act[]>} */
const ACTS = {
  queued: ["cancel"],
  sending: ["cancel"],
  quarantined: [],
  cleaning: [],
  accepted: ["remove"],
  refused: ["remove"],
  cancelled: ["retry", "remove"],
  failed: ["retry", "remove"],
};

/** @type {Record<Act, string>} */
const ACT_ICONS = { cancel: "close", retry: "refresh", remove: "close" };

/**
 * @param {number} bytes
 * @returns {string} in the reader's language
 */
function size(bytes) {
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kilobyte"] : [bytes / 1e6, "megabyte"];
  const digits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit",
    unit,
    maximumFractionDigits: digits,
  }).format(value);
}

/**
 * What was removed, in words: {"names": 4, "dates": 2} -> "names 4, dates 2".
 *
 * @param {Record<string, unknown>} removed
 */
function removedWords(removed) {
  return Object.entries(removed)
    .filter(([, value]) => Boolean(value))
    .map(([key, value]) => `${key.replaceAll("_", " ")}${value === true ? "" : ` ${String(value)}`}`)
    .join(", ");
}

export class UploadRow {
  /**
   * @param {string} name
   * @param {number} bytes
   */
  constructor(name, bytes) {
    /** @type {Map<Act, () => void>} */
    this.handlers = new Map();
    this.name = name;
    this.icon = icon("clock");
    this.bar = make("progress", { max: 1, "aria-label": name });
    this.verdict = make("p", { class: "upload-item__verdict" });
    this.actions = make("div", { class: "upload-item__actions" });
    this.element = make(
      "li",
      { class: "upload-item", "data-state": "queued" },
      this.icon,
      make(
        "div",
        { class: "upload-item__main" },
        make(
          "div",
          { class: "upload-item__head" },
          make("span", { class: "upload-item__name", title: name }, name),
          make("span", { class: "upload-item__size" }, size(bytes)),
        ),
        this.bar,
        this.verdict,
      ),
      this.actions,
    );
  }

  /**
   * @param {Act} act
   * @param {() => void} handler
   */
  on(act, handler) {
    this.handlers.set(act, handler);
  }

  /** @param {number} part 0..1 */
  progress(part) {
    this.bar.value = part;
  }

  /**
   * @param {State} state
   * @param {Partial<Verdict>} verdict
   */
  show(state, verdict) {
    this.element.dataset.state = state;
    changeIcon(this.icon, ICONS[state]);
    this.bar.hidden = !["sending", "quarantined", "cleaning"].includes(state);
    if (state === "sending") this.bar.value = 0;
    else this.bar.removeAttribute("value");
    const words = [verdict.sentence || phrase(`upload-${state}`)];
    const removed = removedWords(verdict.removed ?? {});
    if (removed) words.push(phrase("upload-removed", { what: removed }));
    this.verdict.textContent = words.join(" · ");
    this.showActs(state, verdict.series_url);
  }

  /**
   * @param {State} state
   * @param {string | undefined} seriesUrl
   */
  showActs(state, seriesUrl) {
    const had = this.actions.contains(document.activeElement);
    const buttons = ACTS[state].map((act) => {
      const button = make(
        "button",
        { type: "button", class: "button button--quiet button--icon button--small", title: phrase(act) },
        icon(ACT_ICONS[act], "small"),
        make("span", { class: "sr-only" }, `${phrase(act)}: ${this.name}`),
      );
      button.addEventListener("click", () => this.handlers.get(act)?.());
      return button;
    });
    const links = seriesUrl
      ? [make("a", { class: "button button--quiet button--small", href: seriesUrl }, phrase("open"))]
      : [];
    this.actions.replaceChildren(...links, ...buttons);
    if (had) /** @type {HTMLElement | null} */ (this.actions.querySelector("a, button"))?.focus();
  }
}
