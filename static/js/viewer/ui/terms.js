/**
 * Terms to choose from while a label is typed, fetched with the first visit of the field.
 * @typedef {import("../types.js").Host} Host
 * @typedef {import("../../terms/combobox.js").Term} Term
 */
import { attachCombobox, findTerms } from "../../terms/combobox.js";
import { codeText, labelColor } from "../labels.js";
import { selectedShapes } from "../selection.js";
import { chooseLabel, replaceShapes } from "../tools/commands.js";
import { h } from "./dom.js";

/** Longest wording of a label. */
const LONGEST = 64;
let count = 0;

/**
 * Choose a coded term: from now on it is a label like the others.
 * @param {Host} host @param {Term} term
 */
export function chooseTerm(host, term) {
  const label = term.display.slice(0, LONGEST);
  const code = `${term.system}:${term.code}`;
  const known = host.labels.find((one) => one.label === label);
  if (known) known.term = code;
  else host.labels.push({ code, label, color: labelColor([], label), term: code });
  chooseLabel(host, label);
  // The same words may stand there as somebody's own.
  const { state } = host;
  const bare = state.tool === "select" && state.canDraw ? selectedShapes(state).filter((shape) => shape.label === label && shape.code !== code) : [];
  if (bare.length > 0) replaceShapes(host, bare.map((shape) => ({ ...shape, code })));
  host.say(`${host.t("label")}: ${label}, ${codeText(code)}`);
}

/**
 * @param {Host} host
 * @param {HTMLInputElement} field
 * @param {string} url of the terms
 */
export function attachTerms(host, field, url) {
  const { t } = host;
  const list = h("ul", { class: "viewer-terms", role: "listbox", id: `viewer-terms-${++count}`, "aria-label": t("terms") });
  field.after(list);
  attachCombobox(field, {
    list,
    find: (words) => findTerms(url, words, (term) => term.system !== "local"),
    row: (term) => [h("span", {}, term.display), h("span", { class: "viewer-code" }, codeText(`${term.system}:${term.code}`))],
    choose: (term) => {
      field.value = term.display.slice(0, LONGEST);
      chooseTerm(host, term);
    },
    said: (n) => host.say(t("termsFound", { n }), false),
  });
}
