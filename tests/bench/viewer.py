"""``python -m tests.bench.viewer``: first picture, scrolling and weight of the case page with the CT series.

Painted means: the canvas of the viewer holds something that is not black. Looked at once per animation frame
from the start of the navigation, so the figure is late by at most one frame.
"""

import argparse
import gzip
import json
import statistics
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.bench import measure

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Response

SEED = """
import json
from pathlib import Path
from cases.models import Series
from cases.services import intake
from medweb.accounts.models import User
from tests.analysis.building import a_case
case = a_case(User.objects.get(username="instructor"), "A CT series", modality="CT")
intake.attach(case, [intake.prepare(path.read_bytes()) for path in sorted(Path(FOLDER).iterdir())])
series = Series.objects.get(case=case)
print(json.dumps([case.pk, series.frame_count]))
"""
WATCH = """
const look = () => {
  const canvas = document.querySelector("[data-behaviour~=viewer] canvas");
  if (canvas && canvas.width > 1) {
    const small = document.createElement("canvas");
    small.width = small.height = 16;
    const context = small.getContext("2d", {willReadFrequently: true});
    context.drawImage(canvas, 0, 0, 16, 16);
    if (context.getImageData(0, 0, 16, 16).data.some((value, at) => at % 4 < 3 && value > 24)) {
      window.benchmarkPainted = performance.now();
      return;
    }
  }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
SCROLL = """(steps) => new Promise((resolve) => {
  const viewer = document.querySelector("[data-behaviour~=viewer]").viewer;
  const times = [];
  let last = 0, frame = 0, direction = 1;
  const step = (now) => {
    if (last) times.push(now - last);
    last = now;
    if (times.length >= steps) { resolve(times); return; }
    frame += direction;
    if (frame >= COUNT - 1 || frame <= 0) direction = -direction;
    viewer.goTo(frame);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
LONG = """() => new Promise((resolve) => {
  const times = [];
  let last = 0;
  const step = (now) => {
    if (last) times.push(now - last);
    last = now;
    if (times.length >= 120) resolve(times); else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""


def opened(context: "BrowserContext", path: str) -> tuple["Page", float]:
    """A page on which the first picture is painted, and milliseconds from the navigation to it."""
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(path)
    page.wait_for_function("() => window.benchmarkPainted")
    return page, float(page.evaluate("() => window.benchmarkPainted"))


WAY = """() => {
  const every = performance.getEntriesByType("resource");
  const named = (part) => every.filter((entry) => entry.name.includes(part));
  const ends = (entries) => Math.max(0, ...entries.map((entry) => entry.responseEnd));
  const starts = (entries) => Math.min(...entries.map((entry) => entry.startTime));
  const pixels = named("/pixels").sort((one, other) => one.startTime - other.startTime);
  return {
    "document here": performance.getEntriesByType("navigation")[0].responseEnd,
    "scripts here": ends(named(".js")),
    "series asked": starts(named("/api/series/")),
    "series here": ends(named("/api/series/")),
    "first pixels asked": pixels[0].startTime,
    "first pixels here": pixels[0].responseEnd,
    "painted": window.benchmarkPainted,
  };
}"""


def weight(context: "BrowserContext", path: str) -> dict[str, Any]:
    """Bytes of what the case page loads, by kind: as sent, and as gzip would send them."""
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(path)
    page.wait_for_selector("#analysis-panel")
    found: dict[str, dict[str, Any]] = {}
    for answer in answers:
        kind = answer.request.resource_type
        if kind not in ("script", "stylesheet", "document"):
            continue
        body = answer.body()
        row = found.setdefault(kind, {"files": 0, "KB": 0.0, "gzip KB": 0.0, "sent compressed": 0})
        row["files"] += 1
        row["KB"] += len(body) / 1000
        row["gzip KB"] += len(gzip.compress(body, 9, mtime=0)) / 1000
        row["sent compressed"] += bool(answer.headers.get("content-encoding"))
    scripts = {
        urlsplit(answer.url).path: len(gzip.compress(answer.body(), 9, mtime=0))
        for answer in answers
        if answer.request.resource_type == "script"
    }
    page.close()
    rounded = {
        kind: {name: round(value, 1) if isinstance(value, float) else value for name, value in row.items()}
        for kind, row in sorted(found.items())
    }
    heaviest = sorted(scripts.items(), key=lambda pair: -pair[1])[:5]
    return {**rounded, "heaviest scripts, gzip bytes": dict(heaviest)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10, help="visits, each with an empty and a full cache")
    parser.add_argument("--steps", type=int, default=200, help="pictures scrolled through")
    options = parser.parse_args()
    report = measure.Report("viewer")
    folder = measure.shared("data/04_dicom_ct_series/series")
    with measure.app(warm=False) as served, measure.chromium() as browser:
        case, frames = served.json(f"FOLDER = {str(folder)!r}\n{SEED}")
        path = f"/cases/{case}/"
        first, again, ways = [], [], []
        for _visit in range(options.count):
            context = measure.signed_in(browser, served, "student")
            page, painted = opened(context, path)
            first.append(painted)
            ways.append(page.evaluate(WAY))
            page.close()
            page, painted = opened(context, path)
            again.append(painted)
            context.close()
        report.add("first picture, empty cache", measure.summary(first, "ms", digits=0))
        way = {name: round(statistics.median(one[name] for one in ways)) for name in ways[0]}
        report.add("the way to it, medians", {**way, "unit": "ms"})
        report.add("first picture, second visit", measure.summary(again, "ms", digits=0))
        context = measure.signed_in(browser, served, "student")
        page, _painted = opened(context, path)
        page.wait_for_load_state("load")
        # All pixels are here before scrolling is judged; fetching them is another figure.
        page.wait_for_function(
            "(n) => performance.getEntriesByType('resource').filter("
            "(entry) => entry.name.endsWith('/pixels') && entry.responseEnd > 0).length >= n",
            arg=frames,
        )
        every = page.evaluate(
            "() => Math.max(...performance.getEntriesByType('resource')"
            ".filter((entry) => entry.name.endsWith('/pixels')).map((entry) => entry.responseEnd))"
        )
        report.add("all pictures of the series loaded", {"n": frames, "value": round(every), "unit": "ms"})
        report.add("frame time, nothing to do", measure.summary(page.evaluate(LONG), "ms", digits=1))
        scrolled = page.evaluate(SCROLL.replace("COUNT", json.dumps(frames)), options.steps)
        report.add("frame time, scrolling", measure.summary(scrolled, "ms", digits=1))
        page.close()
        report.add("weight of the case page", weight(context, path))
        report.add("asked for", "scripts: <= 90 KB compressed in all")
        context.close()
    report.print()


if __name__ == "__main__":
    main()
