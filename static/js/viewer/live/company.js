/**
 * Everything of a viewer that has to do with other windows and other people: who is there, what they drew, and what
 * an earlier window has left unsaved. Fetched once the first image is on its way.
 * @typedef {import("../types.js").LayerShape} LayerShape
 * @typedef {import("./presence.js").Present} Present
 * What is asked of the viewer and of the workspace; declared here because a circle of files cannot be hashed by the
 * static files storage.
 * @typedef {{series: {id: number|string}, panel: {element: HTMLElement}, canSave: boolean, closing: AbortController,
 *   say: (text: string, seen?: boolean) => void, history: import("../history.js").History<import("../types.js").Shape[]>,
 *   annotations: import("../annotations.js").Annotations} & Pick<import("../types.js").Host, "state"|"set"|"t">} Pane
 * @typedef {{panes: Pane[], active: Pane|null, t: import("../strings.js").Translate, closing: AbortController,
 *   presenceUrl: string, user: string}} Room
 */
import { csrfToken } from "../api.js";
import { h } from "../ui/dom.js";
import { arrivalText, settled } from "./arrivals.js";
import { Keeper } from "./keeper.js";
import { Kept, expire } from "./kept.js";
import { Presence, presentText } from "./presence.js";

/** Milliseconds for which shapes that came are marked. */
const NEW = 10_000;
const LOCK = "medweb:window:";

/** Letters and digits by chance; randomUUID needs a secure address, and an intranet may have none. */
function windowName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Windows of this browser that are open. Without locks none is known, and what two windows both save is the same. */
async function living() {
  if (!navigator.locks) return new Set();
  const { held = [] } = await navigator.locks.query();
  return new Set(held.map(({ name }) => name ?? "").filter((name) => name.startsWith(LOCK)).map((name) => name.slice(LOCK.length)));
}

export class Company {
  /** @param {Room} room */
  constructor(room) {
    this.room = room;
    this.window = windowName();
    this.language = document.documentElement.lang || undefined;
    this.words = h("span");
    /** A live region of its own: those of the viewer must not be talked over, and it speaks only of who came. */
    this.news = h("span", { class: "sr-only", role: "status" });
    this.line = h("p", { hidden: true }, this.words);
    this.strip = h("div", { class: "viewer-company" }, this.line, this.news);
    /** Each is announced once; whoever reloads the page does not come anew. @type {Set<string>} */
    this.announced = new Set();
    /** @type {Keeper[]} */
    this.keepers = [];
    this.joined = 0;
    const { signal } = room.closing;
    this.living = this.live(signal);
    document.addEventListener("medweb:signs-out", () => this.keepers.forEach((keeper) => keeper.stop()), { signal });
    if (room.presenceUrl) this.appear(signal);
    this.follow();
  }

  /** Hold a lock for as long as the window is open. @param {AbortSignal} signal */
  async live(signal) {
    const others = await living().catch((error) => {
      console.warn("other windows are not known", error);
      return new Set();
    });
    const hold = () => {
      const closed = new Promise((resolve) => {
        window.addEventListener("pagehide", resolve, { once: true, signal });
        signal.addEventListener("abort", resolve);
      });
      navigator.locks?.request(LOCK + this.window, () => closed).catch((error) => console.warn("this window is not known to others", error));
    };
    hold();
    window.addEventListener("pageshow", (event) => event.persisted && hold(), { signal });
    return others;
  }

  /** @param {AbortSignal} signal */
  appear(signal) {
    const presence = new Presence({
      url: this.room.presenceUrl,
      window: this.window,
      token: csrfToken,
      isVisible: () => document.visibilityState === "visible",
      onPresent: (present) => this.show(present),
    });
    const seen = () => document.visibilityState === "visible" && presence.nudge();
    document.addEventListener("visibilitychange", seen, { signal });
    window.addEventListener("pageshow", (event) => event.persisted && presence.nudge(), { signal });
    window.addEventListener("pagehide", () => presence.leave(), { signal });
    document.addEventListener("medweb:presence-changed", (event) => {
      // While the stream is lost everything is announced every five seconds: the beats are enough then.
      if (!(/** @type {CustomEvent<{poll?: boolean}|null>} */ (event).detail?.poll)) presence.nudge();
    }, { signal });
    signal.addEventListener("abort", () => presence.leave());
    void presence.beat();
  }

  /** @param {Present} present */
  show(present) {
    const { t } = this.room;
    const text = presentText(present, t, this.language);
    this.line.hidden = text === "";
    if (this.words.textContent !== text) this.words.textContent = text;
    const names = [...present.people.map(({ id }) => String(id)), ...(present.windows > 0 ? ["me"] : [])];
    if (names.some((name) => !this.announced.has(name))) this.news.textContent = text;
    for (const name of names) this.announced.add(name);
  }

  /** The strip lies in the panel of the active viewer: below the list, where it moves nothing else when it appears. */
  follow() {
    const panel = this.room.active?.panel.element;
    if (panel && this.strip.parentElement !== panel) panel.insertBefore(this.strip, panel.querySelector(".viewer-foot"));
  }

  /** @param {Pane} pane */
  join(pane) {
    const { annotations } = pane;
    annotations.onArrival = (before, next) => this.arrived(pane, before, next);
    if (!pane.canSave || !this.room.user) return;
    try {
      expire(localStorage, Date.now());
    } catch (error) {
      console.warn("this browser keeps nothing", error);
      return;
    }
    // A name for each viewer: one that was closed may still have something to save.
    const name = `${this.window}-${this.joined++}`;
    const kept = new Kept({ store: localStorage, user: this.room.user, series: pane.series.id, window: name });
    const { saver, isBusy } = annotations;
    const keeper = new Keeper({ kept, saver, page: pane, history: pane.history, isBusy, language: this.language });
    annotations.keeper = keeper;
    this.keepers.push(keeper);
    pane.closing.signal.addEventListener("abort", () => (this.keepers = this.keepers.filter((one) => one !== keeper)));
    void this.living.then((others) => keeper.replay(kept.left(others)));
  }

  /**
   * Layers of others were read again.
   * @param {Pane} pane
   * @param {LayerShape[]} before
   * @param {LayerShape[]} next
   * @returns {LayerShape[]} `next`, with the objects of before where they are the same
   */
  arrived(pane, before, next) {
    const { shapes, arrived } = settled(before, next);
    if (arrived.length > 0) {
      pane.set({ fresh: new Set([...pane.state.fresh, ...arrived]) });
      const seen = () => pane.set({ fresh: new Set([...pane.state.fresh].filter((shape) => !arrived.includes(/** @type {any} */ (shape)))) });
      const timer = window.setTimeout(seen, NEW);
      pane.closing.signal.addEventListener("abort", () => window.clearTimeout(timer));
      pane.say(arrivalText(arrived, this.room.t));
    }
    return shapes;
  }
}
