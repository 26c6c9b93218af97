/** Words of the viewer, in the language of the page. */

/** @typedef {keyof typeof import("./english.js").ENGLISH} StringKey */
/** @typedef {(key: StringKey, values?: Record<string, string|number>) => string} Translate */

/**
 * @param {Partial<Record<StringKey, string>>} words a word that is missing shows its key
 * @returns {Translate}
 */
export function translator(words) {
  return (key, values = {}) => {
    const text = words[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };
}

/** The words of the page. @returns {Partial<Record<StringKey, string>>} */
export function pageStrings() {
  const element = document.getElementById("viewer-strings");
  if (!element?.textContent) return {};
  return JSON.parse(element.textContent);
}
