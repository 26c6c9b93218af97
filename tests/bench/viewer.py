"""``python -m tests.bench.viewer``: first picture, scrolling, windowing and weight of the case page.

Painted means: the preview of the server or the stage of the viewer is there. Full depth means: two frames
after the stored numbers were drawn through the window. Tools means: toolbar and panel are there. They are
looked at once per frame, from the start of the navigation, so a figure is late by at most that. Throttled
means: the browser's processor is four times slower, by the browser's own means.
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

# The shared series, and a stack of a hundred made of it: copies under new UIDs, further along the body.
SEED = """
import io, json
from pathlib import Path
import pydicom
from cases.models import Series
from cases.services import intake
from medweb.accounts.models import User
from tests.analysis.building import a_case
paths = sorted(Path(FOLDER).iterdir())
def moved(number):
    ds = pydicom.dcmread(paths[number % len(paths)])
    ds.SeriesInstanceUID = "1.2.3.100"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.100.{number + 1}"
    ds.InstanceNumber = number + 1
    x, y, _ = ds.ImagePositionPatient
    ds.ImagePositionPatient = [x, y, 5.0 * number]
    out = io.BytesIO()
    ds.save_as(out)
    return out.getvalue()
found = []
whole = [path.read_bytes() for path in paths]
for title, files in (("A CT series", whole), ("A hundred", map(moved, range(100)))):
    case = a_case(User.objects.get(username="instructor"), title, modality="CT")
    intake.attach(case, [intake.prepare(data) for data in files])
    found.append([case.pk, Series.objects.get(case=case).frame_count])
print(json.dumps(found))
"""
WATCH = """
performance.setResourceTimingBufferSize(1000);
const look = () => {
  const preview = document.querySelector(".viewer-first img");
  if ((preview && preview.complete && preview.naturalWidth) || document.querySelector(".viewer-stage")) {
    window.benchmarkPainted = performance.now();
    return;
  }
  requestAnimationFrame(look);
};
const deep = () => {
  if (!performance.getEntriesByName("medweb:full-depth").length) { requestAnimationFrame(deep); return; }
  requestAnimationFrame(() => requestAnimationFrame(() => { window.benchmarkDeep = performance.now(); }));
};
requestAnimationFrame(look);
requestAnimationFrame(deep);
"""
READY = """() => window.benchmarkPainted && window.benchmarkDeep
  && performance.getEntriesByName("medweb:tools").length"""
# What a page does at every frame goes into the braces of {}.
PER_FRAME = """(steps) => new Promise((resolve) => {
  const viewer = document.querySelector("[data-behaviour~=viewer]").viewer;
  const times = [];
  let last = 0, frame = 0, direction = 1;
  const step = (now) => {
    if (last) times.push(now - last);
    last = now;
    if (times.length >= steps) { resolve(times); return; }
    ACTION
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
SCROLL = """frame += direction;
    if (frame >= COUNT - 1 || frame <= 0) direction = -direction;
    viewer.goTo(frame);"""
# The field of the toolbar: the same way through the state as a drag, and one new window for every frame.
WINDOW = """frame += 1;
    const field = document.querySelectorAll(".viewer-toolbar .viewer-number")[0];
    field.value = String(200 + (frame % 150) * 4);
    field.dispatchEvent(new Event("change"));"""
ALL_HERE = (
    "(n) => performance.getEntriesByType('resource').filter("
    "(entry) => entry.name.endsWith('/pixels') && entry.responseEnd > 0).length >= n"
)
LAST_PIXELS = (
    "() => Math.max(...performance.getEntriesByType('resource')"
    ".filter((entry) => entry.name.endsWith('/pixels')).map((entry) => entry.responseEnd))"
)
SENT = """() => Object.fromEntries(["navigation", "resource"].flatMap((kind) =>
  performance.getEntriesByType(kind).map((entry) => [entry.name, entry.encodedBodySize])))"""
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
    "full depth": window.benchmarkDeep,
    "tools": performance.getEntriesByName("medweb:tools")[0].startTime,
  };
}"""
# What others have published or were measured at on a machine of the same kind; not measured in this run.
BESIDE = {
    "Cornerstone3D": {
        "scripts, gzip KB": 1830,
        "first image after the navigation, ms": "1,500 to 2,900; x4 throttled 3,600",
    },
    "OHIF": {"loaded, MB": 18.6, "first image after the navigation, ms": 7200},
    "a bare canvas with a table": {
        "first image after the navigation, ms": "70 to 130",
        "frames a second": 62,
    },
}
ASKED = {
    "full depth after the document, ms": {"plain": 300, "throttled": 900},
    "100 images loaded, ms": 2000,
    "frame time p95, ms": {"plain": 25, "throttled": 1000 / 24},
    "scripts of the case page, sent KB": 90,
}


def opened(context: "BrowserContext", path: str, slower: int = 1) -> "Page":
    """A page on which the first picture is painted in full depth."""
    page = context.new_page()
    page.add_init_script(WATCH)
    if slower > 1:
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(path)
    page.wait_for_function(READY)
    return page


def weight(context: "BrowserContext", path: str) -> dict[str, Any]:
    """Bytes of what the case page loads, by kind: unpacked, as sent, and as gzip would send them."""
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(path)
    page.wait_for_selector("#analysis-panel")
    sent: dict[str, int] = page.evaluate(SENT)
    found: dict[str, dict[str, Any]] = {}
    for answer in answers:
        kind = answer.request.resource_type
        if kind not in ("script", "stylesheet", "document"):
            continue
        body = answer.body()
        row = found.setdefault(kind, {"files": 0, "KB": 0.0, "sent KB": 0.0, "gzip KB": 0.0})
        row["files"] += 1
        row["KB"] += len(body) / 1000
        row["gzip KB"] += len(gzip.compress(body, 9, mtime=0)) / 1000
        row["sent KB"] += sent.get(answer.url, 0) / 1000
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
    rooms: dict[str, int] = {}
    for name, size in scripts.items():
        room = "viewer" if "/js/viewer/" in name else "behaviours" if "/js/behaviours/" in name else "vendor"
        rooms[room] = rooms.get(room, 0) + size
    heaviest = sorted(scripts.items(), key=lambda pair: -pair[1])[:5]
    return {**rounded, "scripts by room, gzip bytes": rooms, "heaviest scripts, gzip bytes": dict(heaviest)}


def visits(report: measure.Report, contexts: Any, path: str, count: int, slower: int) -> None:
    """First pictures, with an empty cache each time and, unthrottled, once more with a full one."""
    name = f"throttled x{slower}, " if slower > 1 else ""
    ways, again = [], []
    for _visit in range(count):
        context = contexts()
        page = opened(context, path, slower)
        ways.append(page.evaluate(WAY))
        page.close()
        if slower == 1:
            page = opened(context, path)
            again.append(page.evaluate("() => window.benchmarkPainted"))
        context.close()
    report.add(
        f"{name}first picture, empty cache", measure.summary([one["painted"] for one in ways], "ms", digits=0)
    )
    deep = [one["full depth"] - one["document here"] for one in ways]
    report.add(f"{name}full depth after the document", measure.summary(deep, "ms", digits=0))
    way = {part: round(statistics.median(one[part] for one in ways)) for part in ways[0]}
    report.add(f"{name}the way to it, medians", {**way, "unit": "ms"})
    if again:
        report.add("first picture, second visit", measure.summary(again, "ms", digits=0))


def reading(report: measure.Report, context: "BrowserContext", path: str, frames: int, slower: int) -> None:
    """A whole stack, and frame times while it is scrolled through and windowed."""
    name = f"throttled x{slower}, {frames} images" if slower > 1 else f"{frames} images"
    page = opened(context, path, slower)
    # All pixels are here before scrolling is judged; fetching them is another figure.
    page.wait_for_function(ALL_HERE, arg=frames)
    report.add(f"{name}, all loaded", {"n": frames, "value": round(page.evaluate(LAST_PIXELS)), "unit": "ms"})
    for what, action in (("nothing to do", ""), ("scrolling", SCROLL), ("windowing", WINDOW)):
        times = page.evaluate(PER_FRAME.replace("ACTION", action.replace("COUNT", json.dumps(frames))), 200)
        report.add(f"{name}, frame time, {what}", measure.summary(times, "ms", digits=1))
    page.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10, help="visits, each with an empty and a full cache")
    parser.add_argument("--throttle", type=int, default=4, help="how many times slower the second round is")
    options = parser.parse_args()
    report = measure.Report("viewer")
    folder = measure.shared("data/04_dicom_ct_series/series")
    with measure.app(warm=False) as served, measure.chromium() as browser:
        (case, frames), (hundred, many) = served.json(f"FOLDER = {str(folder)!r}\n{SEED}")

        def contexts() -> "BrowserContext":
            return measure.signed_in(browser, served, "student")

        for slower in (1, options.throttle):
            visits(report, contexts, f"/cases/{case}/", options.count, slower)
            for pk, count in ((case, frames), (hundred, many)):
                context = contexts()
                reading(report, context, f"/cases/{pk}/", count, slower)
                context.close()
        context = contexts()
        report.add("weight of the case page", weight(context, f"/cases/{case}/"))
        context.close()
        report.add("asked for", ASKED)
        report.add("beside it", BESIDE)
    report.print()


if __name__ == "__main__":
    main()
