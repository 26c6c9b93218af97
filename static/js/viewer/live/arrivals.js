/**
 * Shapes of others that come while one looks: which ones they are, and how that is told.
 * @typedef {import("../types.js").LayerShape} LayerShape
 * @typedef {import("../strings.js").Translate} Translate
 */
import { canonical } from "../saver.js";

/** @param {LayerShape} shape */
const whole = (shape) => `${shape.author}\n${canonical([shape])}`;

/**
 * What is the same stays the same object: rows with the focus and drawn outlines are not made anew.
 * @template {import("../types.js").Shape & {author?: string}} S
 * @param {readonly S[]} before
 * @param {readonly S[]} next
 * @returns {{shapes: S[], arrived: S[]}} all of `next`, and those of them that are new or changed
 */
export function settled(before, next) {
  const known = new Map(before.map((shape) => [shape.id, shape]));
  /** @type {S[]} */
  const arrived = [];
  const shapes = next.map((shape) => {
    const old = known.get(shape.id);
    if (old && whole(/** @type {any} */ (old)) === whole(/** @type {any} */ (shape))) return old;
    arrived.push(shape);
    return shape;
  });
  return { shapes, arrived };
}

/** "2 new shapes of Dr A": one sentence for each of two authors, one for all of more. @param {readonly LayerShape[]} arrived @param {Translate} t */
export function arrivalText(arrived, t) {
  /** @type {Map<string, number>} */
  const byAuthor = new Map();
  for (const { author } of arrived) byAuthor.set(author, (byAuthor.get(author) ?? 0) + 1);
  if (byAuthor.size > 2) return t("newShapesOfMany", { n: arrived.length, people: byAuthor.size });
  return [...byAuthor].map(([author, n]) => t(n === 1 ? "newShape" : "newShapes", { n, author })).join(" ");
}
