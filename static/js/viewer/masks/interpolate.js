/**
 * Masks between two others, by their signed distances. Pure. Distances are exact: P. Felzenszwalb, D. Huttenlocher,
 * Distance Transforms of Sampled Functions, Theory of Computing 8 (2012), doi:10.4086/toc.2012.v008a019. The means
 * of distances as shapes between: S. Raya, J. Udupa, IEEE Trans. Med. Imaging 9 (1990), doi:10.1109/42.52980.
 */

const FAR = 1e20;

/** Lower envelope of parabolas; `step` squared weighs the places. @param {Float64Array} f @param {number} n @param {number} weight @param {Float64Array} out @param {Int32Array} v @param {Float64Array} z */
function line(f, n, weight, out, v, z) {
  let k = 0;
  v[0] = 0;
  z[0] = -Infinity;
  z[1] = Infinity;
  for (let q = 1; q < n; q++) {
    let s = 0;
    for (;;) {
      const p = v[k];
      s = (f[q] - f[p] + weight * (q * q - p * p)) / (2 * weight * (q - p));
      if (s > z[k]) break;
      k -= 1;
    }
    k += 1;
    v[k] = q;
    z[k] = s;
    z[k + 1] = Infinity;
  }
  k = 0;
  for (let q = 0; q < n; q++) {
    while (z[k + 1] < q) k += 1;
    out[q] = weight * (q - v[k]) ** 2 + f[v[k]];
  }
}

/**
 * Squared distance of each pixel to the nearest one with a value.
 * @param {Uint8Array} bitmap
 * @param {number} width
 * @param {number} height
 * @param {number} value 0 or 1
 * @param {number} aspect row spacing / column spacing
 * @returns {Float64Array} in columns squared; 1e20 and more when there is no such pixel
 */
export function squaredDistance(bitmap, width, height, value, aspect) {
  const most = Math.max(width, height);
  const [f, out, z] = [new Float64Array(most), new Float64Array(most), new Float64Array(most + 1)];
  const v = new Int32Array(most);
  const result = new Float64Array(width * height);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) f[y] = bitmap[y * width + x] === value ? 0 : FAR;
    line(f, height, aspect * aspect, out, v, z);
    for (let y = 0; y < height; y++) result[y * width + x] = out[y];
  }
  for (let y = 0; y < height; y++) {
    const row = result.subarray(y * width, (y + 1) * width);
    f.set(row);
    line(f, width, 1, out, v, z);
    row.set(out.subarray(0, width));
  }
  return result;
}

/**
 * How far inside (below 0) or outside of a mask each pixel lies.
 * @param {Uint8Array} bitmap with pixels inside and outside
 * @param {number} width
 * @param {number} height
 * @param {number} aspect
 */
export function signedDistance(bitmap, width, height, aspect) {
  const outside = squaredDistance(bitmap, width, height, 1, aspect);
  const inside = squaredDistance(bitmap, width, height, 0, aspect);
  // Half a pixel off each: the edge runs between two centres.
  return outside.map((value, i) => (bitmap[i] ? 0.5 - Math.sqrt(inside[i]) : Math.sqrt(value) - 0.5));
}

/**
 * Masks between two.
 * @param {Uint8Array} first
 * @param {Uint8Array} last of the same size
 * @param {number} width
 * @param {number} height
 * @param {number[]} shares how far each lies on the way from the first (0) to the last (1)
 * @param {number} aspect
 * @returns {Uint8Array[]} some may be empty where the two do not overlap
 */
export function between(first, last, width, height, shares, aspect) {
  const [a, b] = [signedDistance(first, width, height, aspect), signedDistance(last, width, height, aspect)];
  return shares.map((share) => Uint8Array.from(a, (value, i) => Number(value * (1 - share) + b[i] * share < 0)));
}
