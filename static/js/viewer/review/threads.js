/**
 * Comments in the order in which they are read. Pure.
 * @typedef {{id: number, annotation: number, author: string, mine: boolean, text: string, frame: number|null,
 *   x: number|null, y: number|null, answer_to: number|null, created_at: string}} Comment
 * @typedef {{comment: Comment, number: number|null, answers: Comment[]}} Thread `number`: of its pin on the image
 */

/**
 * Threads of some layers: what was pinned has a number, answers follow what they answer.
 * @param {Comment[]} comments
 * @param {Set<number|string>} layers
 * @returns {Thread[]}
 */
export function threadsOf(comments, layers) {
  const shown = comments.filter((one) => layers.has(one.annotation));
  let pins = 0;
  return shown
    .filter((one) => one.answer_to === null)
    .map((comment) => ({
      comment,
      number: isPinned(comment) ? ++pins : null,
      answers: shown.filter((one) => one.answer_to === comment.id),
    }));
}

/** @param {Comment} comment */
export function isPinned({ frame, x, y }) {
  return frame !== null && x !== null && y !== null;
}

/** How many of `after` others have written since `before`. @param {Comment[]} before @param {Comment[]} after */
export function arrivedSince(before, after) {
  const known = new Set(before.map((one) => one.id));
  return after.filter((one) => !one.mine && !known.has(one.id)).length;
}
