/** What every htmx request needs: the CSRF token, words for failures, a way out when the session ended. */
import { csrfToken, phrase } from "./dom.js";
import { showToast } from "./toast.js";

/** @typedef {{headers: Record<string, string>}} ConfigDetail */
/** @typedef {{xhr: XMLHttpRequest, shouldSwap: boolean}} SwapDetail */

/** Wire the page once. */
export function listenToRequests() {
  document.addEventListener("htmx:configRequest", (event) => {
    /** @type {CustomEvent<ConfigDetail>} */ (event).detail.headers["X-CSRFToken"] = csrfToken();
  });

  // When the session ends, a fragment is answered by a redirect to the sign-in page, which must not land
  // inside the fragment's place.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = /** @type {CustomEvent<SwapDetail>} */ (event);
    const signIn = document.querySelector('meta[name="sign-in-url"]')?.getAttribute("content");
    const answered = detail.xhr.responseURL ? new URL(detail.xhr.responseURL).pathname : "";
    if (signIn && answered === signIn && window.location.pathname !== signIn) {
      detail.shouldSwap = false;
      window.location.reload();
    }
  });

  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = /** @type {CustomEvent<SwapDetail>} */ (event).detail;
    // The answer may have brought its own toast by HX-Trigger.
    if (xhr.getResponseHeader("HX-Trigger")?.includes("medweb:toast")) return;
    const name =
      { 403: "request-forbidden", 409: "request-conflict" }[xhr.status] ?? "request-failed";
    showToast(sentenceOf(xhr) ?? phrase(name), "danger");
  });

  document.addEventListener("htmx:sendError", () => showToast(phrase("unreachable"), "danger"));
}

/**
 * The sentence a JSON answer carries for people, if any.
 *
 * @param {XMLHttpRequest} xhr
 * @returns {string | null}
 */
export function sentenceOf(xhr) {
  if (!xhr.getResponseHeader("Content-Type")?.includes("json")) return null;
  try {
    const body = JSON.parse(xhr.responseText);
    const found = body.sentence ?? body.detail ?? body.title;
    return typeof found === "string" ? found : null;
  } catch (error) {
    console.warn("An answer said JSON but was not:", error);
    return null;
  }
}
