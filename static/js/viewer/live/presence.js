/**
 * Says every few seconds that this window shows the case, and learns who else does. It fails without a word: nobody
 * must be kept from reading by it.
 * @typedef {{people: {id: number, name: string}[], more: number, windows: number, beat_seconds: number}} Present
 * @typedef {import("../frames.js").Timers} Timers
 */

/** @type {Present} */
export const NOBODY = { people: [], more: 0, windows: 0, beat_seconds: 20 };
/** Answers that will be the same next time. */
const FINAL = [400, 401, 403, 404, 405];
/** Beats without an answer after which nobody is shown any more. */
const PATIENCE = 3;

export class Presence {
  /**
   * @param {object} options
   * @param {string} options.url
   * @param {string} options.window
   * @param {() => string} options.token
   * @param {() => boolean} options.isVisible
   * @param {(present: Present) => void} options.onPresent
   * @param {typeof fetch} [options.fetch]
   * @param {Timers} [options.timers]
   * @param {() => number} [options.random] 0 to 1
   */
  constructor({ url, window: name, token, isVisible, onPresent, fetch = globalThis.fetch.bind(globalThis), timers, random = Math.random }) {
    this.url = url;
    this.name = name;
    this.token = token;
    this.isVisible = isVisible;
    this.onPresent = onPresent;
    this.fetch = fetch;
    this.timers = timers ?? { setTimeout: (f, ms) => window.setTimeout(f, ms), clearTimeout: (id) => window.clearTimeout(id) };
    this.random = random;
    /** @type {number|null} */
    this.timer = null;
    this.nudged = false;
    this.asking = false;
    this.misses = 0;
    this.crowd = false;
    this.ended = false;
  }

  /** @param {number} ms */
  schedule(ms) {
    if (this.timer !== null) this.timers.clearTimeout(this.timer);
    this.timer = null;
    if (this.ended) return;
    this.timer = this.timers.setTimeout(() => {
      this.timer = null;
      void this.beat();
    }, ms);
  }

  async beat() {
    if (this.ended || this.asking) return;
    this.nudged = false;
    // A window that nobody looks at falls silent, and is forgotten.
    if (!this.isVisible()) return;
    this.asking = true;
    try {
      const answer = await this.fetch(this.url, {
        method: "POST",
        credentials: "same-origin",
        cache: "no-store",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.token() },
        body: JSON.stringify({ window: this.name }),
      });
      if (FINAL.includes(answer.status)) this.end();
      else if (answer.ok) this.answered(await answer.json());
      else this.missed();
    } catch (error) {
      console.debug("nobody answers who else is here", error);
      this.missed();
    } finally {
      this.asking = false;
    }
  }

  /** @param {Present} present */
  answered(present) {
    this.misses = 0;
    this.crowd = present.more > 0;
    this.onPresent(present);
    if (present.beat_seconds > 0) this.schedule(this.nudged ? this.soon() : present.beat_seconds * 1000);
    else this.ended = true;
  }

  missed() {
    this.misses += 1;
    if (this.misses === PATIENCE) this.onPresent(NOBODY);
    this.schedule(NOBODY.beat_seconds * 1000);
  }

  /** Not all of a crowd at once, and not for each who comes to a lesson. */
  soon() {
    return (this.crowd ? 5000 : 100) + 900 * this.random();
  }

  /** Somebody came or went. */
  nudge() {
    if (this.nudged) return;
    this.nudged = true;
    if (!this.asking) this.schedule(this.soon());
  }

  end() {
    this.ended = true;
    this.onPresent(NOBODY);
  }

  /** The page goes away; it may come back. */
  leave() {
    if (this.timer !== null) this.timers.clearTimeout(this.timer);
    this.timer = null;
    if (this.ended) return;
    const gone = this.fetch(`${this.url}?window=${this.name}`, { method: "DELETE", credentials: "same-origin", keepalive: true, headers: { "X-CSRFToken": this.token() } });
    gone.catch((error) => console.debug("nobody was told that this window closed", error));
  }
}

/**
 * Who is there, in words; "" when nobody is.
 * @param {Present} present
 * @param {import("../strings.js").Translate} t
 * @param {string} [language]
 */
export function presentText({ people, more, windows }, t, language) {
  const parts = people.map(({ name }) => name);
  if (more > 0) parts.push(t("andMore", { n: more }));
  if (windows > 0) parts.push(windows === 1 ? t("youElsewhere") : t("youElsewhereMany", { n: windows }));
  return parts.length > 0 ? t("alsoHere", { names: new Intl.ListFormat(language, { type: "conjunction" }).format(parts) }) : "";
}
