/**
 * Colours for grey levels. The four of nuclear medicine are those of DICOM PS3.6 annex B, drawn through the few
 * corners they have (each level within one of the published tables); viridis after Smith and van der Walt, 2015.
 * @typedef {[at: number, red: number, green: number, blue: number]} Corner
 */

/** @type {Record<string, Corner[]>} */
const CORNERS = {
  grey: [[0, 0, 0, 0], [255, 255, 255, 255]],
  hotIron: [[0, 0, 0, 0], [128, 255, 0, 0], [191, 255, 126, 0], [255, 255, 255, 255]],
  pet: [[0, 0, 0, 0], [63, 0, 128, 125], [128, 128, 0, 255], [192, 255, 128, 0], [255, 255, 255, 255]],
  hotMetalBlue: [
    [0, 0, 0, 0], [85, 0, 0, 167], [102, 50, 0, 200], [119, 90, 0, 150], [136, 140, 32, 50], [153, 190, 64, 0],
    [170, 255, 96, 0], [241, 255, 229, 210], [255, 255, 255, 255],
  ],
  viridis: [
    [0, 68, 1, 84], [28, 72, 40, 120], [57, 62, 74, 137], [85, 49, 104, 142], [113, 38, 130, 142], [142, 31, 158, 137],
    [170, 53, 183, 121], [198, 110, 206, 88], [227, 181, 222, 43], [255, 253, 231, 37],
  ],
};

/** PET_20_STEP: twenty bands of one colour each, and the levels after which they end; no rule gives those. */
const STEPS =
  "000000 600050 303050 303070 505080 6060b0 7070c0 8080e0 306030 309030 50c050 40e040 e0e050 d0d060 d0b040 d09000 c06000 b03000 ff0000 ffffff";
const ENDS = [12, 25, 38, 50, 63, 76, 89, 101, 114, 127, 140, 152, 165, 178, 191, 203, 216, 229, 242, 255];

/** In the order in which they are offered. */
export const COLOR_MAPS = /** @type {const} */ (["grey", "hotIron", "pet", "hotMetalBlue", "petSteps", "viridis"]);

/** @typedef {typeof COLOR_MAPS[number]} ColorMap */

/** @type {Map<string, Uint32Array>} */
const made = new Map();

/** @param {number} red @param {number} green @param {number} blue */
const word = (red, green, blue) => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;

/** @param {ColorMap} name */
function build(name) {
  const table = new Uint32Array(256);
  const steps = STEPS.split(" ").map((hex) => Number.parseInt(hex, 16));
  const corners = CORNERS[name];
  for (let level = 0, at = 0; level < 256; level++) {
    if (!corners) {
      const color = steps[ENDS.findIndex((end) => level <= end)];
      table[level] = word(color >> 16, (color >> 8) & 255, color & 255);
      continue;
    }
    if (level > corners[at + 1][0]) at += 1;
    const [from, to] = [corners[at], corners[at + 1]];
    const share = (level - from[0]) / (to[0] - from[0]);
    const [red, green, blue] = [1, 2, 3].map((i) => Math.round(from[i] + (to[i] - from[i]) * share));
    table[level] = word(red, green, blue);
  }
  return table;
}

/**
 * The colour of each of the 256 levels.
 * @param {ColorMap} name
 * @returns {Uint32Array} little-endian RGBA, opaque; shared, not to be written into
 */
export function colorTable(name) {
  let table = made.get(name);
  if (!table) made.set(name, (table = build(name)));
  return table;
}
