/**
 * Live news. The htmx extension holds the one stream of this tab (#live, sse-connect); this module passes
 * its named events on:
 *
 * - document: CustomEvent "medweb:<name>" with the parsed ids as detail, for scripts;
 * - body: "live:<name>" and "live:<name>:<key>=<value>" for hx-trigger="live:job-changed:job=7 from:body".
 *
 * While the stream is lost, every name is announced every five seconds with {poll: true}, for ten minutes.
 */
import { phrase } from "./dom.js";
import { showToast } from "./toast.js";

const POLL_MS = 5_000;
const POLL_ENDS_MS = 600_000;
const PATIENCE_MS = 8_000;
/** Names that scripts listen to; those of fragments are read from their hx-trigger. */
const NAMES = new Set(["uploads-changed"]);
const WAITING_FOR_NEWS = "[hx-trigger*='live:'], [data-live-events]";

/** @type {EventSource | null} */
let source = null;
/** @type {WeakMap<EventSource, Set<string>>} */
const heard = new WeakMap();
let pollTimer = 0;
/** When each name was last announced. @type {Map<string, number>} */
const heardAt = new Map();
/** When each request that is under way was sent. @type {WeakMap<XMLHttpRequest, number>} */
const sentAt = new WeakMap();
let patienceTimer = 0;
let toldLost = false;

/**
 * Announce one piece of news to the page.
 *
 * @param {string} name
 * @param {Record<string, unknown>} detail
 */
export function announce(name, detail) {
  heardAt.set(name, performance.now());
  document.dispatchEvent(new CustomEvent(`medweb:${name}`, { detail }));
  document.body.dispatchEvent(new CustomEvent(`live:${name}`, { detail, bubbles: true }));
  for (const [key, value] of Object.entries(detail)) {
    if (key === "event" || !["string", "number"].includes(typeof value)) continue;
    document.body.dispatchEvent(new CustomEvent(`live:${name}:${key}=${value}`, { detail, bubbles: true }));
  }
}

/** Announce every name, also those of single ids: nobody knows what happened meanwhile. */
function announceAll() {
  const detail = { poll: true };
  announce("poll", detail);
  for (const name of NAMES) announce(name, detail);
  /** @type {Set<string>} */
  const singles = new Set();
  for (const element of document.querySelectorAll(WAITING_FOR_NEWS)) {
    for (const [single] of (element.getAttribute("hx-trigger") ?? "").matchAll(/live:[\w-]+:[\w-]+=[\w-]+/g)) {
      singles.add(single);
    }
  }
  for (const single of singles) document.body.dispatchEvent(new CustomEvent(single, { detail, bubbles: true }));
}

/** @param {Event} event */
function pass(event) {
  const { type, data } = /** @type {MessageEvent<string>} */ (event);
  try {
    announce(type, JSON.parse(data));
  } catch (error) {
    console.warn(`Live news "${type}" is not JSON:`, error);
  }
}

/** Listen for every name the page needs now; fragments that came later bring new ones. */
function listenForNames() {
  for (const element of document.querySelectorAll(WAITING_FOR_NEWS)) {
    const words = element.getAttribute("hx-trigger") ?? "";
    for (const match of words.matchAll(/live:([\w-]+)/g)) NAMES.add(match[1]);
    for (const name of element.getAttribute("data-live-events")?.split(/[\s,]+/) ?? []) if (name) NAMES.add(name);
  }
  if (!source) return;
  const known = heard.get(source) ?? new Set();
  heard.set(source, known);
  for (const name of NAMES) {
    if (known.has(name)) continue;
    known.add(name);
    source.addEventListener(name, pass);
  }
}

function stopPolling() {
  window.clearTimeout(patienceTimer);
  patienceTimer = 0;
  window.clearInterval(pollTimer);
  pollTimer = 0;
}

function startPolling() {
  if (pollTimer) return;
  if (!toldLost) showToast(phrase("live-lost"), "info");
  toldLost = true;
  const ends = Date.now() + POLL_ENDS_MS;
  pollTimer = window.setInterval(() => {
    if (Date.now() > ends) {
      window.clearInterval(pollTimer);
      return;
    }
    if (document.hidden) return;
    announceAll();
  }, POLL_MS);
}

/** Regions that wait until the focus has left. @type {WeakSet<Element>} */
const waiting = new WeakSet();

/** @typedef {{elt: Element, requestConfig?: {triggeringEvent?: Event}, target?: Element, shouldSwap?: boolean}} Detail */

/**
 * A live message never replaces a region that has focus: the request waits until the focus has left.
 *
 * @param {Event} event
 */
function spareFocus(event) {
  const { detail } = /** @type {CustomEvent<Detail>} */ (event);
  const cause = detail.requestConfig?.triggeringEvent;
  const region = detail.target;
  const focused = document.activeElement;
  if (!cause?.type.startsWith("live:") || !region || !focused || focused === document.body) return;
  if (!region.contains(focused)) return;
  event.preventDefault();
  if (waiting.has(region)) return;
  waiting.add(region);
  const onLeave = () => {
    // The next element has its focus only after this event.
    window.setTimeout(() => {
      if (region.isConnected && region.contains(document.activeElement)) return;
      region.removeEventListener("focusout", onLeave);
      waiting.delete(region);
      document.body.dispatchEvent(new CustomEvent(cause.type, { detail: { late: true }, bubbles: true }));
    });
  };
  region.addEventListener("focusout", onLeave);
}

/**
 * News that come while a region is being re-read wait in htmx on the element that the answer replaces, and are
 * lost with it: a job that ended quickly stayed "running" on the page. So the new region reads once more.
 *
 * @param {Event} event
 */
function rereadIfNewer(event) {
  const { xhr, target } = /** @type {CustomEvent<{xhr?: XMLHttpRequest, target?: Element}>} */ (event).detail;
  const sent = xhr && sentAt.get(xhr);
  if (!xhr || sent === undefined || !target?.id) return;
  sentAt.delete(xhr);
  const region = document.getElementById(target.id);
  /** @type {Set<string>} */
  const missed = new Set();
  for (const element of region ? [region, ...region.querySelectorAll(WAITING_FOR_NEWS)] : []) {
    for (const [whole, name] of (element.getAttribute("hx-trigger") ?? "").matchAll(/live:([\w-]+)(?::[\w-]+=[\w-]+)?/g)) {
      if ((heardAt.get(name) ?? 0) > sent) missed.add(whole);
    }
  }
  for (const name of missed) document.body.dispatchEvent(new CustomEvent(name, { detail: { late: true }, bubbles: true }));
}

/** Wire the page once. */
export function listenToStream() {
  document.addEventListener("htmx:sseOpen", (event) => {
    const wasLost = source !== null || toldLost;
    source = /** @type {CustomEvent<{source: EventSource}>} */ (event).detail.source;
    stopPolling();
    listenForNames();
    // What happened while nobody listened is not repeated by the stream.
    if (wasLost) announceAll();
  });
  document.addEventListener("htmx:sseError", () => {
    // The server ends each stream after ten minutes and the browser reopens it at once: no reason to poll.
    if (!patienceTimer && !pollTimer) patienceTimer = window.setTimeout(startPolling, PATIENCE_MS);
  });
  document.addEventListener("htmx:load", listenForNames);
  document.addEventListener("htmx:beforeRequest", spareFocus);
  document.addEventListener("htmx:beforeSwap", spareFocus);
  document.addEventListener("htmx:beforeSend", (event) => {
    const { xhr } = /** @type {CustomEvent<{xhr: XMLHttpRequest}>} */ (event).detail;
    sentAt.set(xhr, performance.now());
  });
  document.addEventListener("htmx:afterSettle", rereadIfNewer);
  listenForNames();
}
