/**
 * The review of one series.
 * @typedef {import("./boxes.js").Box} Box
 * @typedef {import("../viewer/types.js").Frame} Frame
 * @typedef {import("../viewer/types.js").Pixels} Pixels
 * @typedef {{revision: number, state: string, boxes: Box[], frames: (Frame & {id: number})[]}} Held
 */
import { ask as confirmed } from "../behaviours/confirm.js";
import { FrameLoader } from "../viewer/frames.js";
import { h } from "../viewer/ui/dom.js";
import { toPixels } from "../viewer/windowing.js";
import { History, everywhere, fitted, isOn, replaced } from "./boxes.js";
import { Saver, ask } from "./saver.js";
import { Stage } from "./stage.js";

const MOVES = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

/** @param {string} name @param {Record<string, string|number>} [values] */
function say(name, values = {}) {
  const text = document.getElementById("desk-strings")?.getAttribute(`data-${name}`) ?? name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/** @param {Frame} frame @param {AbortSignal} signal @returns {Promise<Pixels>} */
async function fetchFrame(frame, signal) {
  const response = await fetch(frame.pixels_url, { credentials: "same-origin", cache: "no-store", signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return toPixels(await response.arrayBuffer(), frame);
}

export class Desk {
  /** @param {HTMLElement} element @param {Held} held */
  constructor(element, held) {
    this.element = element;
    this.urls = element.dataset;
    this.frames = held.frames;
    this.history = new History(held.boxes);
    this.locked = element.dataset.proposed === "true";
    this.current = 0;
    this.selected = -1;
    this.stage = new Stage(/** @type {HTMLElement} */ (element.querySelector(".desk-stage")), {
      drawn: (box) => this.add(box),
      changed: (index, box) => this.commit(replaced(this.boxes, index, box), index),
      chosen: (index) => this.choose(index),
      key: (index, event) => this.key(index, event),
      words: (box, index) => this.words(box, index),
    });
    this.stage.disabled = this.locked;
    this.saver = new Saver(
      held.revision,
      (revision, boxes) => ask("PUT", this.urls.url ?? "", { revision, boxes }),
      (state, reason) => this.tell(state, reason),
    );
    this.loader = new FrameLoader({
      frames: this.frames,
      fetchFrame,
      onFrame: (index) => {
        if (index === this.current) this.develop();
      },
      onError: (index, error) => {
        if (index === this.current) this.wait(say("lost", { reason: error.message }));
      },
    });
    this.wire();
    this.goTo(this.firstWithBoxes());
    this.render();
  }

  /** @returns {Box[]} */
  get boxes() {
    return this.history.now;
  }

  get frame() {
    return this.frames[this.current];
  }

  firstWithBoxes() {
    return Math.max(0, this.frames.findIndex((frame) => this.boxes.some((box) => isOn(box, frame.id))));
  }

  /** @param {string} name @returns {HTMLButtonElement|null} */
  button(name) {
    return document.querySelector(`[data-desk="${name}"]`);
  }

  wire() {
    const acts = /** @type {Record<string, () => void>} */ ({
      draw: () => this.mode(true),
      pan: () => this.mode(false),
      add: () => this.addInTheMiddle(),
      undo: () => this.step(this.history.undo()),
      redo: () => this.step(this.history.redo()),
      in: () => this.stage.zoom("in"),
      out: () => this.stage.zoom("out"),
      fit: () => this.stage.zoom("fit"),
      previous: () => this.goTo(this.current - 1),
      following: () => this.goTo(this.current + 1),
      everywhere: () => this.commit(everywhere(this.boxes), -1),
      none: () => this.commit([], -1),
      approve: () => void this.approve(),
      confirm: () => void this.decide(this.urls.confirmUrl ?? "", this.urls.nextUrl ?? ""),
      withdraw: () => void this.decide(this.urls.withdrawUrl ?? "", this.urls.hereUrl ?? ""),
    });
    for (const [name, act] of Object.entries(acts)) this.button(name)?.addEventListener("click", act);
    for (const name of ["draw", "pan", "add", "everywhere", "none"]) this.button(name)?.toggleAttribute("disabled", this.locked && name !== "pan");
    this.slider = /** @type {HTMLInputElement} */ (this.element.querySelector("input[type=range]"));
    this.slider.max = String(this.frames.length);
    this.slider.addEventListener("input", () => this.goTo(Number(this.slider?.value) - 1));
    this.element.querySelector(".desk-frames")?.toggleAttribute("hidden", this.frames.length < 2);
    this.element.addEventListener("keydown", (event) => this.pageKey(event));
  }

  /** @param {boolean} drawing */
  mode(drawing) {
    this.stage.setDrawing(drawing);
    this.button("draw")?.setAttribute("aria-pressed", String(drawing));
    this.button("pan")?.setAttribute("aria-pressed", String(!drawing));
  }

  /** @param {KeyboardEvent} event */
  pageKey(event) {
    if (event.target instanceof HTMLInputElement) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z") {
      this.step(event.shiftKey ? this.history.redo() : this.history.undo());
    } else if (command && event.key.toLowerCase() === "y") {
      this.step(this.history.redo());
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      this.goTo(this.current + (event.key === "PageDown" ? 1 : -1));
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {number} index @param {KeyboardEvent} event */
  key(index, event) {
    const box = this.boxes[index];
    if (this.locked || !box || event.ctrlKey || event.metaKey) return;
    const move = MOVES[event.key];
    if (move) {
      const pace = event.altKey ? 10 : 1;
      const [dx, dy] = [move[0] * pace, move[1] * pace];
      const changed = event.shiftKey
        ? { ...box, width: box.width + dx, height: box.height + dy }
        : { ...box, x: box.x + dx, y: box.y + dy };
      this.commit(replaced(this.boxes, index, fitted(changed, this.frame)), index);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.remove(index);
    } else if (event.key === "Escape") {
      this.choose(-1);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {number} index */
  goTo(index) {
    this.current = Math.min(Math.max(index, 0), this.frames.length - 1);
    if (this.slider) this.slider.value = String(this.current + 1);
    const place = this.element.querySelector("output");
    if (place) place.textContent = say("place", { n: this.current + 1, all: this.frames.length });
    this.loader.setCurrent(this.current);
    this.develop();
    this.choose(-1);
  }

  develop() {
    const pixels = this.loader.get(this.current);
    if (!pixels) return;
    this.stage.develop(this.frame, pixels);
    this.wait("");
  }

  /** @param {string} text */
  wait(text) {
    const line = this.element.querySelector(".desk-wait");
    if (line) line.textContent = text;
    line?.toggleAttribute("hidden", !text);
  }

  /** @param {Pick<Box, "x"|"y"|"width"|"height">} box */
  add(box) {
    const { x, y, width, height } = box;
    this.commit([...this.boxes, { frames: [this.frame.id], x, y, width, height, score: null }], this.boxes.length);
  }

  addInTheMiddle() {
    const { columns, rows } = this.frame;
    this.add(fitted({ x: columns * 0.35, y: rows * 0.45, width: columns * 0.3, height: rows * 0.1 }, this.frame));
    this.stage.focus(this.selected);
  }

  /** @param {number} index */
  remove(index) {
    this.commit(replaced(this.boxes, index, null), -1);
    this.stage.element.focus();
  }

  /** @param {Box[]} boxes @param {number} selected */
  commit(boxes, selected) {
    if (this.locked) return;
    this.history.put(boxes);
    this.selected = selected;
    this.saver.save(boxes);
    this.render();
  }

  /** @param {boolean} done */
  step(done) {
    if (!done || this.locked) return;
    this.selected = -1;
    this.saver.save(this.boxes);
    this.render();
  }

  /** @param {number} index */
  choose(index) {
    this.selected = index;
    this.render();
  }

  /** @param {Box} box @param {number} index */
  words(box, index) {
    return say("box", { n: index + 1, all: this.boxes.length, ...this.numbers(box), where: this.where(box) });
  }

  /** @param {Box} box */
  numbers({ x, y, width, height }) {
    return { x, y, width, height };
  }

  /** @param {Box} box */
  where(box) {
    if (box.frames === null) return say("everywhere");
    return box.frames.length === 1 ? say("here") : say("some", { n: box.frames.length });
  }

  render() {
    const here = this.boxes.map((box, index) => ({ box, index })).filter(({ box }) => isOn(box, this.frame.id));
    this.stage.show(here, this.selected);
    const list = document.querySelector("[data-desk-list]");
    list?.replaceChildren(...here.map(({ box, index }) => this.row(box, index)));
    const count = document.querySelector("[data-desk-count]");
    if (count) count.textContent = say("count", { here: here.length, all: this.boxes.length });
    if (list && this.boxes.length === 0) list.append(h("li", { class: "muted small" }, say("none")));
    this.button("undo")?.toggleAttribute("disabled", this.locked || this.history.past.length === 0);
    this.button("redo")?.toggleAttribute("disabled", this.locked || this.history.future.length === 0);
    const approve = document.querySelector("[data-desk-approve]");
    if (approve) approve.textContent = say(this.boxes.length ? "approve" : "approve-clean");
    this.button("approve")?.toggleAttribute("disabled", this.saver.stale);
  }

  /** @param {Box} box @param {number} index */
  row(box, index) {
    const all = h("input", { type: "checkbox", checked: box.frames === null, disabled: this.locked, onchange: () => this.spread(index) });
    const origin = box.score === null ? say("drawn") : say("sure", { percent: Math.round(100 * box.score) });
    return h(
      "li",
      { class: `desk-row${index === this.selected ? " is-chosen" : ""}` },
      h("button", { type: "button", class: "link-button", onclick: () => { this.choose(index); this.stage.focus(index); } }, say("row", { n: index + 1 })),
      h("span", { class: "muted small number" }, origin),
      this.frames.length > 1 && h("label", { class: "choice" }, all, h("span", {}, say("all"))),
      h("button", { type: "button", class: "button button--quiet button--small", disabled: this.locked, "aria-label": say("remove", { n: index + 1 }), onclick: () => this.remove(index) }, "✕"),
    );
  }

  /** One box on all images, or on this one only. @param {number} index */
  spread(index) {
    const box = this.boxes[index];
    this.commit(replaced(this.boxes, index, { ...box, frames: box.frames === null ? [this.frame.id] : null }), index);
  }

  /** @param {"saving"|"saved"|"stale"|"failed"} state @param {string} reason */
  tell(state, reason) {
    const line = document.querySelector("[data-desk-saved]");
    if (line) line.textContent = say(state, { reason });
    if (state === "stale") this.render();
  }

  async approve() {
    if (this.boxes.length === 0 && !(await confirmed(say("ask-clean"), { label: say("approve-clean") }))) return;
    await this.saver.settled();
    await this.decide(this.urls.approveUrl ?? "", this.urls.nextUrl ?? "", this.boxes);
  }

  /** @param {string} url @param {string} then @param {Box[]} [boxes] */
  async decide(url, then, boxes) {
    const button = this.button("approve") ?? this.button("confirm");
    button?.setAttribute("aria-busy", "true");
    const { status, body } = await ask("POST", url, { revision: this.saver.revision, ...(boxes ? { boxes } : {}) });
    button?.removeAttribute("aria-busy");
    if (status >= 200 && status < 300) window.location.assign(then);
    else this.tell(status === 409 ? "stale" : "failed", String(body.detail ?? status));
  }
}

/** @param {HTMLElement} element */
export async function open(element) {
  const { status, body } = await ask("GET", element.dataset.url ?? "");
  if (status === 200 && body.frames.length) return new Desk(element, body);
  const line = element.querySelector(".desk-wait");
  if (line) line.textContent = say("lost", { reason: String(body.detail ?? status) });
  return null;
}
