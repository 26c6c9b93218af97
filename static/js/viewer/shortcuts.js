/**
 * Which keys mean what: the defaults, and what a person changed on this browser. The dialog behind `?` and the tips
 * of the toolbar are written from this table, so nothing has a key that is not told.
 *
 * A chord is written "Ctrl+Shift+Z": modifiers in this order, letters large, named keys as `KeyboardEvent.key` has
 * them, " " as "Space".
 *
 * @typedef {import("./strings.js").StringKey} StringKey
 * @typedef {{id: string, keys: string[], name: StringKey, drawing?: boolean, fixed?: boolean, shown?: string}} Shortcut
 *   `shown` stands for keys that are many
 * @typedef {Pick<Storage, "getItem"|"setItem"|"removeItem">} Keeper
 */

const STORED = "medweb:viewer-shortcuts";

/** @param {string} tool @param {string} key @param {boolean} [drawing] @returns {Shortcut} */
const tool = (tool, key, drawing) => ({ id: `tool:${tool}`, keys: [key], name: /** @type {StringKey} */ (tool), drawing });

/**
 * Every command with a key. `fixed` ones cannot be changed: without arrows and Enter nothing is drawn by keyboard.
 * @type {Shortcut[]}
 */
export const SHORTCUTS = [
  { id: "frames", keys: ["ArrowUp", "ArrowDown", "PageUp", "PageDown"], name: "keyFrames", fixed: true },
  { id: "ends", keys: ["Home", "End"], name: "keyEnds", fixed: true },
  tool("window", "W"),
  tool("scroll", "S"),
  tool("pan", "H"),
  tool("zoom", "Z"),
  { id: "move-image", keys: ["Shift+ArrowUp", "Shift+ArrowDown", "Shift+ArrowLeft", "Shift+ArrowRight"], name: "keyPan", fixed: true, shown: "Shift+↑↓←→" },
  { id: "zoom-in", keys: ["+", "="], name: "zoomIn" },
  { id: "zoom-out", keys: ["-"], name: "zoomOut" },
  { id: "zoom-fit", keys: ["0"], name: "fit" },
  { id: "zoom-actual", keys: ["Shift+Z"], name: "actual" },
  tool("magnifier", "M"),
  { id: "next-layout", keys: ["Shift+L"], name: "nextLayout" },
  { id: "hang", keys: ["Shift+R"], name: "hang" },
  { id: "planes", keys: ["Shift+P"], name: "planes" },
  tool("locate", "C"),
  { id: "next-pane", keys: ["Q"], name: "nextPane" },
  { id: "pane-before", keys: ["Shift+Q"], name: "paneBefore" },
  { id: "linkScroll", keys: ["Shift+K"], name: "linkScroll" },
  { id: "linkWindow", keys: ["Shift+I"], name: "linkWindow" },
  { id: "over", keys: ["Shift+F"], name: "overToggle" },
  { id: "play", keys: ["Space"], name: "playPause" },
  { id: "turn-left", keys: [","], name: "turnLeft" },
  { id: "turn-right", keys: ["."], name: "turnRight" },
  { id: "flip-sides", keys: ["Shift+H"], name: "flipSides" },
  { id: "flip-ends", keys: ["Shift+V"], name: "flipEnds" },
  { id: "preset-before", keys: ["["], name: "presetBefore" },
  { id: "preset-after", keys: ["]"], name: "presetAfter" },
  { id: "preset-auto", keys: ["A"], name: "autoWindow" },
  tool("region", "Shift+W"),
  { id: "window-region", keys: ["Shift+A"], name: "windowRegion" },
  { id: "next-map", keys: ["Shift+C"], name: "nextMap" },
  { id: "invert", keys: ["I"], name: "invert" },
  { id: "scale", keys: ["Shift+Y"], name: "scale" },
  tool("select", "V", true),
  tool("point", "P", true),
  tool("box", "B", true),
  tool("ellipse", "E", true),
  tool("polygon", "G", true),
  tool("freehand", "F", true),
  tool("length", "L", true),
  tool("text", "T", true),
  tool("arrow", "X", true),
  tool("rotated-box", "R", true),
  tool("circle", "O", true),
  tool("polyline", "Y", true),
  tool("bidirectional", "D", true),
  tool("angle", "N", true),
  tool("cobb", "Shift+N", true),
  tool("brush", "Shift+B", true),
  tool("eraser", "Shift+E", true),
  tool("threshold", "Shift+T", true),
  tool("fill", "Shift+O", true),
  tool("wand", "Shift+G", true),
  tool("scissors", "Shift+X", true),
  tool("smart", "Shift+M", true),
  { id: "interpolate", keys: ["Shift+D"], name: "interpolate", drawing: true },
  { id: "brush-smaller", keys: ["{"], name: "brushSmaller", drawing: true },
  { id: "brush-larger", keys: ["}"], name: "brushLarger", drawing: true },
  { id: "labels", keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], name: "keyLabels", drawing: true, fixed: true, shown: "1 – 9" },
  { id: "place", keys: ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"], name: "keyPlace", drawing: true, fixed: true, shown: "↑↓←→" },
  { id: "enter", keys: ["Enter"], name: "keyEnter", drawing: true, fixed: true },
  { id: "more", keys: [], name: "keySeveral", drawing: true, fixed: true, shown: "Shift+click" },
  { id: "free", keys: [], name: "keySnap", drawing: true, fixed: true, shown: "Alt" },
  { id: "next-shape", keys: ["J"], name: "nextShape", drawing: true },
  { id: "shape-before", keys: ["Shift+J"], name: "shapeBefore", drawing: true },
  { id: "next-vertex", keys: ["K"], name: "keyVertex", drawing: true },
  { id: "select-all", keys: ["Ctrl+A"], name: "selectAll", drawing: true },
  { id: "grow", keys: ["Alt+ArrowUp", "Alt+ArrowDown", "Alt+ArrowLeft", "Alt+ArrowRight"], name: "keyGrow", drawing: true, fixed: true, shown: "Alt+↑↓←→" },
  { id: "shape-left", keys: ["<"], name: "shapeLeft", drawing: true },
  { id: "shape-right", keys: [">"], name: "shapeRight", drawing: true },
  { id: "copy", keys: ["Ctrl+C"], name: "copy", drawing: true },
  { id: "paste", keys: ["Ctrl+V"], name: "paste", drawing: true },
  { id: "duplicate", keys: ["Ctrl+D"], name: "duplicate", drawing: true },
  { id: "copy-before", keys: ["Shift+PageUp"], name: "copyBefore", drawing: true },
  { id: "copy-after", keys: ["Shift+PageDown"], name: "copyAfter", drawing: true },
  { id: "simplify", keys: ["Shift+S"], name: "simplify", drawing: true },
  { id: "union", keys: ["U"], name: "union", drawing: true },
  { id: "subtract", keys: ["Shift+U"], name: "subtract", drawing: true },
  { id: "remove", keys: ["Delete", "Backspace"], name: "keyDelete", drawing: true },
  { id: "undo", keys: ["Ctrl+Z"], name: "undo", drawing: true },
  { id: "redo", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], name: "redo", drawing: true },
  { id: "escape", keys: ["Escape"], name: "keyEscape", fixed: true },
  { id: "help", keys: ["?"], name: "help", fixed: true },
];

const MODIFIERS = ["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified"];

/**
 * What was pressed; "" for a modifier alone. A sign such as "[" is itself, whichever keys a layout needs for it.
 * @param {Pick<KeyboardEvent, "key"|"ctrlKey"|"metaKey"|"altKey"|"shiftKey">} event
 */
export function chord(event) {
  const { key } = event;
  if (MODIFIERS.includes(key)) return "";
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const sign = key.length === 1 && !letter && key !== " ";
  const alternate = sign && event.ctrlKey && event.altKey;
  const ctrl = (event.ctrlKey || event.metaKey) && !alternate;
  const parts = [ctrl && "Ctrl", event.altKey && !alternate && "Alt", event.shiftKey && !sign && "Shift"];
  return [...parts, letter ? key.toUpperCase() : key === " " ? "Space" : key].filter(Boolean).join("+");
}

/** What a chord looks like on a key. @param {string} keys */
export function pretty(keys) {
  /** @type {Record<string, string>} */
  const signs = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", PageUp: "Page↑", PageDown: "Page↓", Escape: "Esc", "-": "−" };
  // A plus is the sign between the parts, too.
  const at = keys.lastIndexOf("+", keys.length - 2);
  const last = keys.slice(at + 1);
  return keys.slice(0, at + 1) + (signs[last] ?? last);
}

export class Keymap {
  /** @param {Keeper|null} keeper where changes are kept; null: nowhere */
  constructor(keeper) {
    this.keeper = keeper;
    /** @type {Map<string, string>} command to the one chord that replaces its defaults */
    this.changes = new Map();
    this.read();
  }

  /** Keys of a command, none for one without. @param {string} id @returns {string[]} */
  keys(id) {
    const changed = this.changes.get(id);
    return changed === undefined ? (SHORTCUTS.find((item) => item.id === id)?.keys ?? []) : [changed];
  }

  /** The command of a chord; arrows and their like have several meanings and are asked for elsewhere. @param {string} pressed */
  command(pressed) {
    return SHORTCUTS.find((item) => !item.fixed && this.keys(item.id).includes(pressed))?.id ?? null;
  }

  /** Who uses a chord already, besides `id`. @param {string} pressed @param {string} id @returns {Shortcut|null} */
  taken(pressed, id) {
    return SHORTCUTS.find((item) => item.id !== id && this.keys(item.id).includes(pressed)) ?? null;
  }

  /**
   * Give a command another key.
   * @param {string} id
   * @param {string} pressed
   * @returns {Shortcut|null} who has the chord already; then nothing is changed
   */
  change(id, pressed) {
    const taken = this.taken(pressed, id);
    if (taken || pressed === "") return taken;
    this.changes.set(id, pressed);
    this.keep();
    return null;
  }

  reset() {
    this.changes.clear();
    this.keep();
  }

  keep() {
    try {
      if (this.changes.size === 0) this.keeper?.removeItem(STORED);
      else this.keeper?.setItem(STORED, JSON.stringify(Object.fromEntries(this.changes)));
    } catch (error) {
      console.warn("the shortcuts could not be kept", error);
    }
  }

  read() {
    try {
      const found = JSON.parse(this.keeper?.getItem(STORED) ?? "{}");
      for (const [id, keys] of Object.entries(found)) {
        const known = SHORTCUTS.find((item) => item.id === id && !item.fixed);
        // A later version may use a chord itself: its own meaning wins over an old change.
        if (known && typeof keys === "string" && keys !== "" && !this.taken(keys, id)) this.changes.set(id, keys);
      }
    } catch (error) {
      console.warn("the shortcuts could not be read", error);
    }
  }
}

function browserKeeper() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    // A browser that keeps nothing refuses the question, too.
    return null;
  }
}

/** One for the whole page: several viewers share it. */
export const keymap = new Keymap(browserKeeper());

/** The first key of a command as people read it, "" without one. @param {string} id */
export function keyOf(id) {
  const [first] = keymap.keys(id);
  return first === undefined ? "" : pretty(first);
}
