/**
 * Everything that crosses the network. Errors come as `ApiError`: status 0 when no answer came at all.
 * @typedef {import("./types.js").Series} Series
 * @typedef {import("./types.js").Annotation} Annotation
 * @typedef {import("./types.js").Shape} Shape
 * @typedef {import("./types.js").Frame} Frame
 */
import { early } from "./early.js";
import { toPixels } from "./windowing.js";

export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status
   * @param {Record<string, any>} problem the problem+json body, or {}
   */
  constructor(message, status, problem = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }

  /** An answer that may be another one later. */
  get transient() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** The token from the page, or from the cookie when the page was cached. */
export function csrfToken() {
  const meta = document.querySelector('meta[name="csrf-token"]');
  if (meta instanceof HTMLMetaElement && meta.content) return meta.content;
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie ? decodeURIComponent(cookie.slice("csrftoken=".length)) : "";
}

/**
 * @param {object} options
 * @param {string} options.seriesUrl
 * @param {string} options.annotationUrl
 * @param {typeof fetch} [options.fetch]
 * @param {() => string} [options.token]
 */
export function createApi({ seriesUrl, annotationUrl, fetch = globalThis.fetch.bind(globalThis), token = csrfToken }) {
  const collection = annotationUrl.split("?")[0];

  /** @param {string} url @param {RequestInit} init */
  async function request(url, init) {
    let response;
    try {
      response = ((init.method ?? "GET") === "GET" && (await early(url))) || (await fetch(url, { credentials: "same-origin", ...init }));
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") throw error;
      throw new ApiError("no connection", 0);
    }
    if (response.ok) return response;
    /** @type {Record<string, any>} */
    let problem = {};
    if ((response.headers.get("Content-Type") ?? "").includes("json")) {
      try {
        problem = await response.json();
      } catch (error) {
        problem = { detail: String(error) };
      }
    }
    throw new ApiError(String(problem.detail ?? problem.title ?? `HTTP ${response.status}`), response.status, problem);
  }

  /** @param {string} method @param {string} url @param {object} [body] */
  async function json(method, url, body) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (body !== undefined) Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": token() });
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await request(url, {
      method,
      headers,
      body: text,
      // A page on its way out: the browser sends it all the same, and takes no more than 64 KiB so.
      keepalive: globalThis.document?.visibilityState === "hidden" && text !== undefined && text.length < 15_000,
      // Annotations of a minute ago are wrong annotations.
      cache: "no-store",
    });
    try {
      return await response.json();
    } catch (error) {
      // A proxy's error page with status 200, or an answer cut short.
      throw new ApiError(`the answer could not be read: ${error instanceof Error ? error.message : error}`, 502);
    }
  }

  return {
    /** Where the API begins; what few visits need asks for itself. */
    root: collection.replace(/annotations\/$/, ""),
    send: json,
    /** @returns {Promise<Series>} */
    series: () => json("GET", seriesUrl),
    /** @returns {Promise<Annotation[]>} */
    annotations: async () => {
      /** @type {Annotation[]} */
      const found = [];
      for (let url = annotationUrl; url; ) {
        const page = await json("GET", url);
        found.push(...page.results);
        // Behind a proxy the server may name itself wrongly: only the path of the next page is used.
        const next = page.next ? new URL(page.next, "http://localhost") : null;
        url = next ? next.pathname + next.search : "";
      }
      return found;
    },
    /** @param {Series["id"]} series @param {Shape[]} shapes @returns {Promise<Annotation>} */
    create: (series, shapes) => json("POST", collection, { series, shapes }),
    /** @param {Annotation["id"]} id @param {number} revision @param {Shape[]} shapes @returns {Promise<Annotation>} */
    update: (id, revision, shapes) => json("PUT", `${collection}${encodeURIComponent(String(id))}/`, { revision, shapes }),
    /** @param {Annotation["id"]} id @param {number} revision @returns {Promise<Annotation>} */
    submit: (id, revision) => json("POST", `${collection}${encodeURIComponent(String(id))}/submit/`, { revision }),
    /** @param {Frame} frame @param {object} strokes @returns {Promise<{points: import("./types.js").Point[], counts: number[]}>} a mask */
    segment: (frame, strokes) => json("POST", `${collection.replace(/annotations\/$/, "")}frames/${frame.id}/segment/`, strokes),
    /** @param {Frame} frame @param {AbortSignal} signal */
    pixels: async (frame, signal) => toPixels(await (await request(frame.pixels_url, { signal })).arrayBuffer(), frame),
  };
}

/** @typedef {ReturnType<typeof createApi>} Api */
