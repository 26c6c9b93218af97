/** English words of the review; a page replaces any of them with <script type="application/json" id="review-strings">. */
export const ENGLISH = {
  review: "Review",
  layer: "Layer",
  submitted: "Submitted",
  accepted: "Accepted",
  returned: "Returned",
  draft: "Draft",
  none: "Nothing is said yet.",
  image: "image {n}",
  answer: "Answer",
  answerTo: "Answer to {author}",
  comment: "Comment",
  words: "What should be changed",
  place: "Comment here",
  placeHint: "Click or tap on the image, or move the cross-hair with the arrow keys and press Enter. Escape leaves it.",
  placed: "Pinned to image {n}",
  unpin: "Take the pin away",
  send: "Send",
  accept: "Accept",
  giveBack: "Return",
  needsWords: "Write what should be changed first.",
  sent: "The comment is written.",
  acceptedSaid: "The layer is accepted.",
  returnedSaid: "The layer is returned.",
  pin: "Comment {n} by {author}: {text}",
  arrived: "New comments: {n}",
  verdict: "Your layer is now: {state}",
  failed: "That did not work: {reason}",
  cancel: "Cancel",
};

/** @typedef {keyof typeof ENGLISH} ReviewKey */
/** @typedef {(key: ReviewKey, values?: Record<string, string|number>) => string} Words */

/** @returns {Words} */
export function reviewWords() {
  const element = document.getElementById("review-strings");
  /** @type {Partial<Record<ReviewKey, string>>} */
  const own = element?.textContent ? JSON.parse(element.textContent) : {};
  return (key, values = {}) =>
    (own[key] ?? ENGLISH[key]).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
