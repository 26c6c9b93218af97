"""``python -m tests.bench.analyse_latency``: from Analyse pressed to the result on somebody else's open page.

A student has the case open in Chromium; staff presses Analyse. The job's own computing time (claim to finish,
as stored in its row) is taken off, so what is left is what MedWeb adds: request, queue, claim, news, paint.
"""

import argparse
import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import redis

from tests.bench import measure

if TYPE_CHECKING:
    from playwright.sync_api import Page

SEED = """
import io, json
from PIL import Image
from cases.models import Case
from cases.services import intake
from medweb.accounts.models import User
from tests.analysis.building import a_case, speckle
author = User.objects.get(username="instructor")
made = []
for number in range(COUNT):
    case = a_case(author, f"Case {number}", modality="CR")
    out = io.BytesIO()
    Image.fromarray(speckle(number, bright=number % 2 == 0, size=512)).save(out, "PNG")
    intake.attach(case, [intake.prepare(out.getvalue())])
    made.append(case.pk)
print(json.dumps(made))
"""
WATCH = """() => {
  const now = () => performance.timeOrigin + performance.now();
  window.benchmarkSeen = new Promise((resolve) => {
    const look = () => {
      if (!document.querySelector("#analysis-numbers")) return false;
      const inserted = now();
      requestAnimationFrame(() => setTimeout(() => resolve({inserted, painted: now()})));
      return true;
    };
    const observer = new MutationObserver(() => { if (look()) observer.disconnect(); });
    observer.observe(document.body, {childList: true, subtree: true});
  });
}"""


def listening(broker: "redis.Redis", case: int) -> bool:
    """Whether the student's stream hears news of the case."""
    topic = f"medweb:live:case:{case}"
    ((_name, count),) = broker.pubsub_numsub(topic)
    return int(count) > 0


def moment(text: str) -> float:
    """Seconds since the epoch of a time in the API."""
    return datetime.fromisoformat(text).timestamp()


def once(page: "Page", staff: measure.Client, broker: "redis.Redis", case: int) -> dict[str, float]:
    """Seconds of one analysis, part by part."""
    page.goto(f"/cases/{case}/")
    page.wait_for_selector("#analysis-panel")
    measure.wait_for(lambda: listening(broker, case), seconds=30, what="the page listens")
    page.evaluate(WATCH)
    pressed = time.time()
    staff.post(f"/cases/{case}/analyse/", HX_Request="true")
    answered = time.time()
    seen: dict[str, float] = page.evaluate("() => window.benchmarkSeen")
    rows: list[dict[str, Any]] = json.loads(staff.get("/api/jobs/?page_size=5"))["results"]
    job = next(row for row in rows if row["kind"] == "analysis.analyse-case")
    if job["state"] != "done":
        raise RuntimeError(f"The analysis ended as {job['state']}: {job['error']}")
    started, finished, painted = (
        moment(job["started_at"]), moment(job["finished_at"]), seen["painted"] / 1000
    )  # fmt: skip
    return {
        "added": painted - pressed - (finished - started),
        "whole": painted - pressed,
        "computing": finished - started,
        "request": answered - pressed,
        "pressed to claimed": started - pressed,
        "finished to painted": painted - finished,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="analyses, each of another case")
    count = parser.parse_args().count
    report = measure.Report("analyse_latency")
    with measure.app() as served, measure.chromium() as browser:
        cases = served.json(f"COUNT = {count + 1}\n{SEED}")
        staff = served.client("staff")
        page = measure.signed_in(browser, served, "student").new_page()
        with redis.Redis.from_url(served.redis_url) as broker:
            first = once(page, staff, broker, cases[0])
            report.add("first after the start", {name: round(value, 3) for name, value in first.items()})
            runs = [once(page, staff, broker, case) for case in cases[1:]]
        staff.close()
    for name in runs[0]:
        report.add(name, measure.summary([run[name] for run in runs], "s"))
    report.add("asked for", "added: median <= 1.0 s")
    report.print()


if __name__ == "__main__":
    main()
