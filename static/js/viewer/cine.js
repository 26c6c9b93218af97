/**
 * Turns the pages by itself: speed, range, round and round or there and back.
 * @typedef {Pick<import("./types.js").Host, "state"|"set"|"frames"|"goTo"|"say"|"t"|"series">} Host
 * @typedef {{fps: number, from: number, to: number, bounce: boolean}} Settings first and last image, from 0
 */
import { h } from "./ui/dom.js";
import { createItem, createSheet } from "./ui/menu.js";

const SLOWEST = 1;
const FASTEST = 60;
/** Where no file recommends a speed, and the fastest to begin with where less motion is asked for. */
const USUAL = 12;
const CALM = 5;
/** Milliseconds that a missing image may hold the others up. */
const PATIENCE = 1000;
/** A window that was out of sight does not make up for it. */
const MOST_STEPS = 4;

/**
 * @param {number} index
 * @param {1|-1} direction
 * @param {number} steps at least 1
 * @param {Settings} settings
 * @returns {[number, 1|-1]} where it is then, and where it goes on to
 */
export function advance(index, direction, steps, { from, to, bounce }) {
  const last = to - from;
  if (index < from || index > to || last === 0) return [from, 1];
  if (!bounce) return [from + ((index - from + steps) % (last + 1)), 1];
  const place = ((direction > 0 ? index - from : 2 * last - (index - from)) + steps) % (2 * last);
  return place < last ? [from + place, 1] : [from + 2 * last - place, -1];
}

/** Numbers that a person typed, brought into what the series has. @param {Settings} wanted @param {number} count @returns {Settings} */
export function settle({ fps, from, to, bounce }, count) {
  /** @param {number} value @param {number} low @param {number} high @param {number} other */
  const within = (value, low, high, other) => (Number.isFinite(value) ? Math.min(Math.max(Math.round(value), low), high) : other);
  const first = within(from, 0, count - 1, 0);
  return { fps: within(fps, SLOWEST, FASTEST, 12), from: first, to: within(to, first, count - 1, count - 1), bounce };
}

/**
 * Images a second to begin with: as the file recommends, slower for who asked for less motion.
 * @param {number|null|undefined} told
 * @param {boolean} calm
 */
export function beginning(told, calm) {
  if (calm) return Math.min(told || CALM, CALM);
  return told || USUAL;
}

export class Cine {
  /**
   * @param {Host} host
   * @param {(index: number) => boolean} isReady its numbers are here
   */
  constructor(host, isReady) {
    this.host = host;
    this.isReady = isReady;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.settings = settle({ fps: beginning(host.series.frame_rate, calm), from: 0, to: host.frames.length - 1, bounce: false }, host.frames.length);
    /** @type {1|-1} */
    this.direction = 1;
    this.request = 0;
    this.last = 0;
    this.due = 0;
    this.at = 0;
  }

  toggle() {
    if (this.host.state.playing) this.stop();
    else this.start();
  }

  start() {
    const { host } = this;
    host.set({ playing: true });
    host.say(host.t("playing", { fps: this.settings.fps }));
    this.at = host.state.frame;
    this.last = performance.now();
    this.due = 0;
    this.request = requestAnimationFrame((now) => this.tick(now));
  }

  stop() {
    const { host } = this;
    cancelAnimationFrame(this.request);
    if (!host.state.playing) return;
    host.set({ playing: false });
    host.say(host.t("image", { n: host.state.frame + 1, count: host.frames.length }));
  }

  /** @param {number} now */
  tick(now) {
    const { host, settings } = this;
    // Somebody turned the page: it is theirs from now on.
    if (host.state.frame !== this.at || host.state.failed) {
      this.stop();
      return;
    }
    this.due += ((now - this.last) * settings.fps) / 1000;
    this.last = now;
    const steps = Math.min(Math.floor(this.due), MOST_STEPS);
    if (steps > 0) {
      const [next, direction] = advance(this.at, this.direction, steps, settings);
      if (this.isReady(next) || this.due > (PATIENCE * settings.fps) / 1000) {
        this.due %= 1;
        this.direction = direction;
        this.at = next;
        host.goTo(next);
      }
    }
    this.request = requestAnimationFrame((time) => this.tick(time));
  }

  /** @param {Partial<Settings>} patch */
  change(patch) {
    this.settings = settle({ ...this.settings, ...patch }, this.host.frames.length);
  }

  /** The sheet with speed and range. @param {HTMLButtonElement} button opens it */
  createSheet(button) {
    const { t, frames } = this.host;
    /** @type {(() => void)[]} */
    const shows = [];
    /** @param {"fps"|"from"|"to"} part @param {number} low @param {number} high @param {number} shift what people count from */
    const field = (part, low, high, shift) => {
      const input = h("input", { type: "number", class: "viewer-number", min: String(low), max: String(high), inputmode: "numeric" });
      input.addEventListener("change", () => {
        this.change({ [part]: Number(input.value || NaN) - shift });
        show();
      });
      shows.push(() => (input.value = String(this.settings[part] + shift)));
      return h("label", { class: "viewer-line" }, h("span", {}, t(part)), input);
    };
    const bounce = createItem({
      icon: "bounce",
      label: t("bounce"),
      action: () => {
        this.change({ bounce: !this.settings.bounce });
        show();
      },
      stays: true,
    });
    shows.push(() => bounce.setAttribute("aria-pressed", String(this.settings.bounce)));
    const fields = [field("fps", SLOWEST, FASTEST, 0), field("from", 1, frames.length, 1), field("to", 1, frames.length, 1)];
    const show = () => shows.forEach((one) => one());
    show();
    return createSheet(button, t("speed"), ...fields, bounce);
  }
}
