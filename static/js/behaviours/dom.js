/** Small helpers shared by the behaviours. */

/**
 * Make an element. Values are set as attributes or text, never parsed as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | number>} [attributes] true sets an empty attribute, false none
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** @returns {string} where the icon sprite lies */
function sprite() {
  return document.querySelector('meta[name="icon-sprite"]')?.getAttribute("content") ?? "";
}

/**
 * @param {string} name a symbol of static/img/icons.svg
 * @param {"small" | "large" | ""} [size]
 * @returns {SVGSVGElement}
 */
export function icon(name, size = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", size ? `icon icon--${size}` : "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite()}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Turn an icon into another one.
 *
 * @param {Element | null} svg
 * @param {string} name
 */
export function changeIcon(svg, name) {
  svg?.querySelector("use")?.setAttribute("href", `${sprite()}#${name}`);
}

/**
 * A translated sentence from #phrases (templates/_phrases.html).
 *
 * @param {string} name in kebab-case
 * @param {Record<string, string | number>} [values] for the {places} in it
 * @returns {string}
 */
export function phrase(name, values = {}) {
  const found = document.getElementById("phrases")?.getAttribute(`data-${name}`) ?? name;
  return found.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/** @returns {string} the token every changing request must carry */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/**
 * Remember something in the browser; a browser that refuses storage only forgets.
 *
 * @param {"localStorage" | "sessionStorage"} where
 * @param {string} key
 * @param {string | null} value null forgets it
 */
export function keep(where, key, value) {
  try {
    if (value === null) window[where].removeItem(key);
    else window[where].setItem(key, value);
  } catch (error) {
    console.info(`${key} is not remembered:`, error);
  }
}

/**
 * @param {"localStorage" | "sessionStorage"} where
 * @param {string} key
 * @returns {string | null}
 */
export function kept(where, key) {
  try {
    return window[where].getItem(key);
  } catch (error) {
    console.info(`${key} cannot be read:`, error);
    return null;
  }
}

/**
 * @param {EventTarget | null} target
 * @returns {boolean} whether keys pressed there are text
 */
export function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"))
  );
}

/** Where the key of a form stays while its answer is on the way. */
export const FORM_SENT = "medweb:form-sent";
