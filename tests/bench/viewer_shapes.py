"""``python -m tests.bench.viewer_shapes``: frames per second while one of a thousand shapes is dragged.

The pointer is moved by the page itself, once per animation frame, so that the figure is what the viewer can
do and not what a driver can send. On a busy machine look at the processor time of the page's thread instead,
which counts no waiting. Four kinds lie mixed on a 512x512 slice, each over an area of its own.
"""

import argparse
from typing import TYPE_CHECKING, Any

from tests.bench import measure

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

SEED = """
import json
from pathlib import Path
from cases.models import Annotation, Series
from cases.services import annotations, intake
from medweb.accounts.models import User
from tests.analysis.building import a_case
from tests.bench.viewer_shapes import drawn
instructor = User.objects.get(username="instructor")
case = a_case(instructor, "A thousand shapes", modality="CT")
intake.attach(case, [intake.prepare(sorted(Path(FOLDER).iterdir())[0].read_bytes())])
series = Series.objects.get(case=case)
annotations.start(series=series, shapes=drawn(COUNT), by=instructor)
print(json.dumps([case.pk, COUNT]))
"""
# Each step is one animation frame: the pointer moves, the viewer draws, the next frame tells how long.
DRAG = """(steps) => new Promise((resolve) => {
  const stage = document.querySelector(".viewer-stage");
  const box = stage.getBoundingClientRect();
  const at = (step) => ({
    bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, button: 0, pointerType: "mouse",
    clientX: box.x + box.width / 2 + 60 * Math.sin(step / 20), clientY: box.y + box.height / 2 + step / 10,
  });
  stage.setPointerCapture = () => {};
  const times = [];
  let last = 0, step = 0;
  stage.dispatchEvent(new PointerEvent("pointerdown", at(0)));
  const go = (now) => {
    if (last) times.push(now - last);
    last = now;
    if (step >= steps) {
      stage.dispatchEvent(new PointerEvent("pointerup", at(step)));
      resolve(times);
      return;
    }
    step += 1;
    stage.dispatchEvent(new PointerEvent("pointermove", at(step)));
    requestAnimationFrame(go);
  };
  requestAnimationFrame(go);
})"""


def drawn(count: int) -> list[dict[str, Any]]:
    """So many shapes on frame 0 of 512x512, in rows; the one in the middle of the picture is a larger box."""
    side = 1 + int((count - 1) ** 0.5)
    step = 500 / side
    shapes: list[dict[str, Any]] = []
    for number in range(count - 1):
        x, y = round(4 + step * (number % side), 2), round(4 + step * (number // side), 2)
        size = round(step * 0.7, 2)
        far = [round(x + size, 2), round(y + size, 2)]
        kind = ("box", "ellipse", "polygon", "length")[number % 4]
        points = [[x, y], far] if kind != "polygon" else [[x, y], [far[0], y], far, [x, far[1]]]
        shapes.append({"kind": kind, "points": points})
    shapes.append({"kind": "box", "points": [[236, 236], [276, 276]]})
    return [
        {"id": f"00000000-0000-4000-8000-{number:012d}", "frame": 0, "label": "Nodule", **shape}
        for number, shape in enumerate(shapes)
    ]


def busy(session: "CDPSession") -> dict[str, float]:
    """Seconds of processor time that the page's thread has spent, by what it did."""
    found = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    wanted = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
    return {name: float(found[name]) for name in wanted}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=200, help="animation frames of the drag")
    options = parser.parse_args()
    report = measure.Report("viewer_shapes")
    folder = measure.shared("data/04_dicom_ct_series/series")
    with measure.app(warm=False) as served, measure.chromium() as browser:
        case, count = served.json(f"FOLDER = {str(folder)!r}\nCOUNT = {options.shapes}\n{SEED}")
        context = measure.signed_in(browser, served, "instructor")
        page = context.new_page()
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(f"/cases/{case}/")
        page.wait_for_function("(n) => document.querySelectorAll('.viewer-row').length === n", arg=count)
        page.get_by_role("button", name="Select and edit", exact=True).click()
        page.wait_for_function("() => document.querySelectorAll('.viewer-shape').length > 100")
        for rate, name in (
            (1, "frame time, drag of one"),
            (4, "frame time, drag of one, processor x4 throttled"),
        ):
            session = context.new_cdp_session(page)
            session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            before = busy(session)
            times = page.evaluate(DRAG, options.steps)
            spent = {
                kind: round((seconds - before[kind]) * 1000 / len(times), 2)
                for kind, seconds in busy(session).items()
            }
            found = measure.summary(times, "ms", digits=1)
            fps = round(1000 * len(times) / sum(times), 1)
            report.add(name, {**found, "fps": fps, "shapes": count, "processor ms per frame": spent})
        report.add("asked for", "drag of one of 1,000 shapes: >= 40 fps")
        context.close()
    report.print()


if __name__ == "__main__":
    main()
