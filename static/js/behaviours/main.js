/**
 * Behaviours of server-made HTML: data-behaviour="name other-name" on an element attaches each of them once,
 * at load and whenever htmx brings a new piece. Names that nobody teaches belong to other modules.
 */
import { listenForDialogs } from "./confirm.js";
import { copy } from "./copy.js";
import { FORM_SENT, kept } from "./dom.js";
import { listenToStream } from "./live.js";
import { drawer, fold, menu } from "./menu.js";
import { listenToRequests } from "./requests.js";
import { listenForSignOut } from "./sign-out.js";
import { listenToKeys } from "./shortcuts.js";
import { sortableTable } from "./sortable-table.js";
import { theme } from "./theme.js";
import { listenForToasts, toast } from "./toast.js";

/** @type {Record<string, (element: HTMLElement) => void>} */
const BEHAVIOURS = {
  copy,
  drawer,
  fold,
  menu,
  "sortable-table": sortableTable,
  theme,
  toast,
};

/** Behaviours of pieces that few visits look at: fetched when one is there. */
/** @type {Record<string, () => Promise<unknown>>} */
const FETCHED = { talk: () => import("./talk.js").then(({ begin }) => begin(teach)) };

/** @type {WeakMap<Element, Set<string>>} */
const attached = new WeakMap();

/**
 * A behaviour of few pages, from a script of its own.
 * @param {string} name
 * @param {(element: HTMLElement) => void} behaviour
 */
export function teach(name, behaviour) {
  BEHAVIOURS[name] = behaviour;
  attach(document);
}

/**
 * Give new elements the behaviours they name.
 * @param {ParentNode} root
 */
export function attach(root) {
  const inside = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-behaviour]")]);
  if (root instanceof HTMLElement && root.dataset.behaviour) inside.unshift(root);
  for (const element of inside) {
    const done = attached.get(element) ?? new Set();
    attached.set(element, done);
    for (const name of (element.dataset.behaviour ?? "").split(/\s+/)) {
      const behaviour = BEHAVIOURS[name];
      if (!behaviour && name in FETCHED) {
        const fetched = FETCHED[name]();
        delete FETCHED[name];
        fetched.catch((error) => console.warn(`the behaviour ${name} could not be fetched`, error));
      }
      if (!behaviour || done.has(name)) continue;
      done.add(name);
      behaviour(element);
    }
  }
}

// What was typed into a form that was taken since; pages with forms bring that script themselves.
if (kept("sessionStorage", FORM_SENT)) {
  import("./autosave-form.js").then(
    ({ forgetSentForm }) => forgetSentForm(),
    (error) => console.warn("a form that was sent could not be forgotten", error),
  );
}
listenForToasts();
listenForSignOut();
listenForDialogs();
listenToRequests();
listenToStream();
listenToKeys();
attach(document);
document.addEventListener("htmx:load", (event) => {
  const { detail } = /** @type {CustomEvent<{elt: HTMLElement}>} */ (event);
  attach(detail.elt);
});
