/**
 * Pins of comments on the image, and the tool that places one: a click, a tap, or the cross-hair and Enter.
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../viewer.js").Viewer} Viewer
 * @typedef {{key: string, frame: number, at: Point, text: string, name: string, draft: boolean, press: () => void}} Pin
 */
import { h } from "../ui/dom.js";
import { clampPoint } from "../geometry.js";
import { alongImage, toScreen } from "../viewport.js";

/** @type {Record<string, Point>} */
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const TOOL = "comment";

export class Pins {
  /** @param {Viewer} viewer @param {(place: {frame: number, x: number, y: number}) => void} onPlace */
  constructor(viewer, onPlace) {
    this.viewer = viewer;
    this.onPlace = onPlace;
    this.before = "window";
    /** @type {Pin[]} */
    this.pins = [];
    this.element = h("div", { class: "viewer-pins" });
    viewer.parts.stage.append(this.element);
    viewer.tools[TOOL] = { up: (pointer) => !pointer.moved && this.put(pointer.image) };
    viewer.store.subscribe((_state, changed) => (changed.has("view") || changed.has("frame")) && this.draw());
    viewer.parts.stage.addEventListener("keydown", (event) => this.onKey(event), { signal: viewer.closing.signal });
  }

  get placing() {
    return this.viewer.state.tool === TOOL;
  }

  /** Wait for a place. @returns {void} */
  ask() {
    if (!this.placing) this.before = this.viewer.state.tool;
    this.viewer.setTool(TOOL);
    this.viewer.parts.stage.focus();
  }

  leave() {
    if (this.placing) this.viewer.setTool(this.before);
  }

  /** @param {Point} point */
  put(point) {
    const { frame, state } = this.viewer;
    const [x, y] = clampPoint(point, frame.rows, frame.columns);
    this.leave();
    this.onPlace({ frame: state.frame, x: Math.round(x * 100) / 100, y: Math.round(y * 100) / 100 });
  }

  /** Before the viewer hears of the key: its own meaning of the arrows waits as long as a place is asked for. @param {KeyboardEvent} event */
  onKey(event) {
    if (!this.placing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { state, frame } = this.viewer;
    /** @type {Point} */
    const from = state.crosshair ?? [frame.columns / 2, frame.rows / 2];
    const direction = ARROWS[event.key];
    if (direction) {
      const [dx, dy] = state.view ? alongImage(state.view, direction) : direction;
      const step = event.shiftKey ? 10 : 1;
      this.viewer.set({ crosshair: clampPoint([from[0] + dx * step, from[1] + dy * step], frame.rows, frame.columns) });
    } else if (event.key === "Enter") {
      if (state.crosshair) this.put(state.crosshair);
      else this.viewer.set({ crosshair: from });
    } else if (event.key === "Escape") this.leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Pin[]} pins */
  show(pins) {
    this.pins = pins;
    this.draw();
  }

  /** Those of the shown image, where the image lies now. */
  draw() {
    const { state, aspect } = this.viewer;
    const { view } = state;
    const here = view ? this.pins.filter((pin) => pin.frame === state.frame) : [];
    const known = new Map([...this.element.children].map((one) => [one.getAttribute("data-key"), /** @type {HTMLButtonElement} */ (one)]));
    for (const pin of here) {
      const button = known.get(pin.key) ?? h("button", { type: "button", class: "viewer-pin", "data-key": pin.key });
      known.delete(pin.key);
      button.classList.toggle("is-draft", pin.draft);
      if (button.textContent !== pin.text) button.textContent = pin.text;
      if (button.getAttribute("aria-label") !== pin.name) button.setAttribute("aria-label", pin.name);
      button.onclick = pin.press;
      const [x, y] = view ? toScreen(view, aspect, pin.at) : [0, 0];
      button.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
      if (!button.parentElement) this.element.append(button);
    }
    for (const gone of known.values()) gone.remove();
  }

  /** Bring a place into sight and mark its pin. @param {string} key */
  mark(key) {
    for (const one of this.element.children) one.classList.toggle("is-marked", one.getAttribute("data-key") === key);
  }
}
