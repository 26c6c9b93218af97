/** One file in the list of uploads: what is seen of it. */
import { changeIcon, icon, make, phrase } from "./dom.js";

/** @typedef {"queued" | "sending" | "waiting" | "paused" | "quarantined" | "accepted" | "refused" | "cancelled" | "failed"} State */
/** @typedef {{id: number | string, state: string, url?: string, sentence?: string, removed?: Record<string, unknown>, series_url?: string | null}} Verdict */
/** @typedef {"pause" | "resume" | "cancel" | "retry" | "remove"} Act */

/** @type {Record<State, string>} */
const ICONS = {
  queued: "clock",
  sending: "upload",
  waiting: "refresh",
  paused: "pause",
  quarantined: "shield",
  accepted: "success",
  refused: "danger",
  cancelled: "close",
  failed: "warning",
};

/** @type {Record<State, Act[]>} */
const ACTS = {
  queued: ["pause", "cancel"],
  sending: ["pause", "cancel"],
  waiting: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  quarantined: ["cancel"],
  accepted: ["remove"],
  refused: ["remove"],
  cancelled: ["retry", "remove"],
  failed: ["retry", "cancel"],
};

/** @type {Record<Act, string>} */
const ACT_ICONS = { pause: "pause", resume: "play", cancel: "close", retry: "refresh", remove: "close" };

/**
 * @param {number} bytes
 * @returns {string} in the reader's language
 */
export function sizeWords(bytes) {
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kilobyte"] : bytes < 1e9 ? [bytes / 1e6, "megabyte"] : [bytes / 1e9, "gigabyte"];
  const digits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit",
    unit,
    maximumFractionDigits: digits,
  }).format(value);
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
    this.acts = "";
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
          make("span", { class: "upload-item__size" }, sizeWords(bytes)),
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
   * @param {number} part 0..1 of its bytes that are there
   */
  show(state, verdict, part) {
    this.element.dataset.state = state;
    changeIcon(this.icon, ICONS[state]);
    this.bar.hidden = !["sending", "waiting", "paused", "quarantined"].includes(state);
    if (state === "quarantined") this.bar.removeAttribute("value");
    else this.bar.value = part;
    this.verdict.textContent = verdict.sentence || phrase(`upload-${state}`);
    this.showActs(state, verdict.series_url ?? undefined);
  }

  /**
   * @param {State} state
   * @param {string | undefined} seriesUrl
   */
  showActs(state, seriesUrl) {
    const wanted = `${ACTS[state].join(" ")} ${seriesUrl ?? ""}`;
    // A button that stays keeps the focus.
    if (wanted === this.acts) return;
    this.acts = wanted;
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
      ? [make("a", { class: "button button--quiet button--small", href: seriesUrl }, phrase("open"), make("span", { class: "sr-only" }, `: ${this.name}`))]
      : [];
    this.actions.replaceChildren(...links, ...buttons);
    if (had) /** @type {HTMLElement | null} */ (this.actions.querySelector("a, button"))?.focus();
  }
}
