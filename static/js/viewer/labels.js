/**
 * @typedef {import("./types.js").Label} Label
 * @typedef {import("./types.js").Shape} Shape
 */

/** Distinct on black, also for people who see red and green alike (after Okabe and Ito, 2008). */
const COLORS = ["#56b4e9", "#e69f00", "#2fc79a", "#f0e442", "#e07b39", "#d78bc0", "#7da6ff"];

/**
 * Shapes store the wording, as imports do; shapes of older versions may hold the code.
 * @param {Label[]} labels
 * @param {string} value wording or code
 */
export function findLabel(labels, value) {
  return labels.find((label) => label.label === value) ?? labels.find((label) => label.code === value);
}

/** The wording to show for what a shape stores. @param {Label[]} labels @param {string} value */
export function labelText(labels, value) {
  return findLabel(labels, value)?.label ?? value;
}

/**
 * New shapes, and those whose label was changed, get the code of their label, or lose the one of the old label.
 * @param {Label[]} labels
 * @param {Shape[]} before
 * @param {Shape[]} shapes
 * @returns {Shape[]}
 */
export function withCodes(labels, before, shapes) {
  const known = new Map(before.map((shape) => [shape.id, shape]));
  return shapes.map((shape) => {
    const old = known.get(shape.id);
    if (old ? old.label === shape.label : shape.code) return shape;
    const term = findLabel(labels, shape.label)?.term || undefined;
    if (term === shape.code) return shape;
    const { code: _, ...rest } = shape;
    return term ? { ...rest, code: term } : rest;
  });
}

/** @type {Record<string, string>} */
const SYSTEMS = { radlex: "RadLex", snomed: "SNOMED CT", icd10: "ICD-10" };

/** A code as people write it. @param {string} [code] such as "radlex:RID50149" */
export function codeText(code = "") {
  const [system, value] = code.split(":");
  return value ? `${SYSTEMS[system] ?? system} ${value}` : "";
}

/** A free label gets a colour of its own that stays the same. @param {Label[]} labels @param {string} value */
export function labelColor(labels, value) {
  const color = findLabel(labels, value)?.color;
  if (color && /^#[0-9a-f]{3,8}$/i.test(color)) return color;
  let sum = 0;
  for (const char of value) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return COLORS[sum % COLORS.length];
}
