"""``python -m tests.bench.viewer_masks``: milliseconds that a brush, the wand and the scissors compute.

Node runs the modules of the browser on a picture of 2048x2048; showing what was painted comes on top.
"""

import json
import shutil
import subprocess
from pathlib import Path

from tests.bench import measure

MASKS = Path(__file__).resolve().parents[2] / "static" / "js" / "viewer" / "masks"
SCRIPT = """
const { sweep } = await import(`${process.argv[1]}/brush.js`);
const { wand } = await import(`${process.argv[1]}/grow.js`);
const { Wire } = await import(`${process.argv[1]}/wire.js`);
const side = 2048;
const pixels = Int16Array.from({ length: side * side }, (_, i) => {
  const [x, y] = [i % side, Math.floor(i / side)];
  return 400 * Math.sin(x / 90) * Math.cos(y / 70) + ((x * 7919 + y * 104729) % 40);
});
const timed = (times, act) => Array.from({ length: times }, (_, i) => {
  const start = performance.now();
  act(i);
  return performance.now() - start;
});
const bitmap = new Uint8Array(side * side);
const move = (i) => [200 + ((i * 37) % 1600), 200 + ((i * 53) % 1600)];
const limited = (i) => pixels[i] > 0 && pixels[i] < 300;
const brush = { size: 200, square: false, aspect: 1 };
const found = {
  "brush of 200, a move of 60 pixels": timed(300, (i) => {
    const [x, y] = move(i);
    sweep(bitmap, side, [x, y], [x + 48, y + 36], brush);
  }),
  "threshold brush of 200, a move of 60 pixels": timed(300, (i) => {
    const [x, y] = move(i);
    sweep(bitmap, side, [x, y], [x + 48, y + 36], brush, limited);
  }),
  "magic wand, reach 512": timed(20, (i) => {
    wand(pixels, side, side, move(i), { tolerance: 200, reach: 512, aspect: 1 });
  }),
  "scissors, first way across a window of 512": timed(20, (i) => {
    const [x, y] = move(i + 10);
    new Wire(pixels, side, side, [x, y]).path([x + 180, y + 180]);
  }),
};
const wire = new Wire(pixels, side, side, [1024, 1024]);
const along = (i) => wire.path([1024 + i, 1024 + (i >> 1)]);
found["scissors, each way while the pointer moves"] = timed(200, along);
console.log(JSON.stringify(found));
"""


def main() -> None:
    """Measure and print."""
    node = shutil.which("node")
    if node is None:
        raise SystemExit("node absent: install nodejs")
    ran = subprocess.run(
        [node, "--input-type=module", "-e", SCRIPT, MASKS.as_uri()],
        capture_output=True,
        text=True,
        check=True,
    )
    report = measure.Report("viewer_masks")
    for name, times in json.loads(ran.stdout).items():
        report.add(name, measure.summary(times, "ms", digits=2))
    report.add("asked for", "a move of the brush <= 16 ms, a way of the scissors <= 30 ms")
    report.print()


if __name__ == "__main__":
    main()
