/**
 * Asks for what the first image needs while the other scripts are still on their way: the page names the addresses
 * as `<meta name="viewer-early" content="…">`. Without it the scripts had to be here before anything was asked for.
 */

/** @type {Map<string, Promise<Response|null>>} */
const begun = new Map();

/** @param {string} url @returns {Promise<Response|null>} null: ask again, and let that attempt tell what is wrong */
function begin(url) {
  const headers = { Accept: url.endsWith("/pixels") ? "*/*" : "application/json" };
  // Pixels never change; series and annotations of a minute ago are wrong ones.
  const cache = url.endsWith("/pixels") ? "default" : "no-store";
  return fetch(url, { credentials: "same-origin", headers, cache }).then(
    (response) => (response.ok ? response : null),
    () => null,
  );
}

/** What was asked for early, once. @param {string} url @returns {Promise<Response|null>|null} */
export function early(url) {
  const found = begun.get(url) ?? null;
  begun.delete(url);
  return found;
}

/** The same answer for somebody else, who must ask before `early` does. @param {string} url */
export function alsoEarly(url) {
  // Asked for first, told first: the answer is copied before anybody reads it.
  return begun.get(url)?.then((response) => response?.clone() ?? null) ?? null;
}

if (typeof document !== "undefined") {
  for (const meta of document.querySelectorAll('meta[name="viewer-early"]')) {
    const url = meta.getAttribute("content") ?? "";
    begun.set(url, begin(url));
  }
}
