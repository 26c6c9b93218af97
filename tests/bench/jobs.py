"""``python -m tests.bench.jobs``: how long a job waits, and how long a killed worker is missed."""

import argparse
import io
import json
import os
import signal
import time
import zipfile
from base64 import b64decode
from datetime import datetime
from typing import Any

from tests.bench import measure

CASE = """
import json
from cases.models import Case
from medweb.accounts.models import User
case = Case.objects.create(title="Benchmark", author=User.objects.get(username="instructor"))
print(json.dumps(case.pk))
"""
PICTURES = """
import base64, io, json
from PIL import Image
from tests.analysis.building import speckle
made = []
for number in range(COUNT):
    out = io.BytesIO()
    Image.fromarray(speckle(number)).save(out, "PNG")
    made.append(base64.b64encode(out.getvalue()).decode())
print(json.dumps(made))
"""


def moment(text: str) -> float:
    """Seconds since the epoch of a time in the API."""
    return datetime.fromisoformat(text).timestamp()


def newest(client: measure.Client) -> dict[str, Any]:
    """The newest job as the API tells it."""
    found: dict[str, Any] = json.loads(client.get("/api/jobs/?page_size=1"))["results"][0]
    return found


def over(client: measure.Client, *, seconds: float = 60) -> dict[str, Any]:
    """The newest job when it is over."""
    measure.wait_for(
        lambda: newest(client)["state"] not in ("queued", "running"), seconds=seconds, what="the job ends"
    )
    job = newest(client)
    if job["state"] != "done":
        raise RuntimeError(f"The job ended as {job['state']}: {job['error']}")
    return job


def archive(slices: list[bytes], copies: int) -> bytes:
    """A ZIP of ``copies`` times the slices: work for some seconds."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for copy in range(copies):
            for number, data in enumerate(slices):
                file.writestr(f"{copy}/{number}.dcm", data)
    return out.getvalue()


def killed(served: measure.App, client: measure.Client, path: str, data: bytes) -> dict[str, Any]:
    """Seconds of a job whose worker is killed in the middle and started again at once."""
    client.upload(path, data)
    measure.wait_for(lambda: newest(client)["progress"] > 0.05, seconds=60, what="the job is half done")
    served.live.stop("worker", kill=True)
    killed_at = time.time()
    served.live.start_worker()
    back = time.time()
    job = over(client, seconds=240)
    return {
        "killed to started again": round(back - killed_at, 1),
        "started again to claimed": round(moment(job["started_at"]) - back, 1),
        "started again to finished": round(moment(job["finished_at"]) - back, 1),
        "killed to finished": round(moment(job["finished_at"]) - killed_at, 1),
        "computing": round(moment(job["finished_at"]) - moment(job["started_at"]), 1),
        "attempts": job["attempt"],
        "unit": "s",
    }


def child_killed(served: measure.App, client: measure.Client, path: str, data: bytes) -> dict[str, Any]:
    """The same when only the process that computes is killed: the worker itself makes a new one."""
    client.upload(path, data)
    measure.wait_for(lambda: newest(client)["progress"] > 0.05, seconds=60, what="the job is half done")
    parent = served.pid("worker")
    at_work = [pid for pid in _children(parent) if measure.cpu_seconds(pid) > 0]
    computing = max(at_work, key=measure.cpu_seconds)
    os.kill(computing, signal.SIGKILL)
    killed_at = time.time()
    job = over(client, seconds=240)
    return {
        "killed to finished": round(moment(job["finished_at"]) - killed_at, 1),
        "computing": round(moment(job["finished_at"]) - moment(job["started_at"]), 1),
        "attempts": job["attempt"],
        "unit": "s",
    }


def _children(parent: int) -> list[int]:
    with open(f"/proc/{parent}/task/{parent}/children") as file:
        return [int(word) for word in file.read().split()]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="jobs, one after another")
    parser.add_argument("--copies", type=int, default=4, help="how often the archive repeats the 41 slices")
    options = parser.parse_args()
    report = measure.Report("jobs")
    slices = measure.ct_slices()
    with measure.app() as served:
        path = f"/cases/{served.json(CASE)}/uploads/new/"
        pictures = [b64decode(text) for text in served.json(f"COUNT = {options.count}\n{PICTURES}")]
        client = served.client("instructor")
        jobs = []
        for data in pictures:
            client.upload(path, data)
            jobs.append(over(client))
        waited = [(moment(job["started_at"]) - moment(job["created_at"])) * 1000 for job in jobs]
        report.add("asked to claimed", measure.summary(waited, "ms", digits=1))
        whole = [(moment(job["finished_at"]) - moment(job["created_at"])) * 1000 for job in jobs]
        report.add("asked to finished, small picture", measure.summary(whole, "ms", digits=1))
        data = archive(slices, options.copies)
        report.add("worker killed and started again", killed(served, client, path, data))
        report.add("computing process killed", child_killed(served, client, path, data))
        report.add("asked for", "started again to finished: <= 60 s")
        client.close()
    report.print()


if __name__ == "__main__":
    main()
