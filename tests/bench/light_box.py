"""``python -m tests.bench.light_box``: the server for the viewer: frames, planes, saving.

Frames and planes are counted in the bytes of their pixels, as the browser has them in the end; they travel
compressed. The floor of saving is the smallest Django that stores one row of the same bytes by Django REST
framework (``perf/djfloor`` of the shared data, under the same web server), asked in turn with ours.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests import support
from tests.bench import measure

SEED = """
import io, json
from pathlib import Path
import pydicom
from cases.models import Frame, Series
from cases.services import intake
from medweb.accounts.models import User
from tests.analysis.building import a_case
paths = sorted(Path(FOLDER).iterdir())
def moved(number):
    ds = pydicom.dcmread(paths[number % len(paths)])
    ds.SeriesInstanceUID = "1.2.3.300"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.300.{number + 1}"
    ds.InstanceNumber = number + 1
    x, y, _ = ds.ImagePositionPatient
    ds.ImagePositionPatient = [x, y, 1.0 * number]
    out = io.BytesIO()
    ds.save_as(out)
    return out.getvalue()
case = a_case(User.objects.get(username="instructor"), "A volume", modality="CT")
intake.attach(case, [intake.prepare(moved(number)) for number in range(COUNT)])
series = Series.objects.get(case=case)
print(json.dumps([series.pk, Frame.objects.filter(series=series).count()]))
"""
ASKED = {
    "served frames, MB/s": 400,
    "plane of 512x512x300, ms": 150,
    "saving, p95 ms": 80,
    "saving, share of the floor": 0.5,
}
SHAPES = 20


def together(clients: list[Any], work: Callable[[Any, int], None]) -> float:
    """Seconds until each of the clients has done its part."""
    threads = [
        threading.Thread(target=work, args=(client, number), daemon=True)
        for number, client in enumerate(clients)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def frames(report: measure.Report, served: measure.App, series: dict[str, Any], seconds: float) -> None:
    """Bytes of pixels a second, and what one frame costs the server."""
    rows = series["frames"]
    size = rows[0]["rows"] * rows[0]["columns"] * 2
    for count in (1, 4):
        clients = [served.client("student") for _ in range(count)]
        sent = [0] * count
        travelled = [0] * count
        end = time.perf_counter() + seconds

        def work(
            client: measure.Client,
            number: int,
            sent: Any = sent,
            travelled: Any = travelled,
            end: float = end,
        ) -> None:
            at = number
            while time.perf_counter() < end:
                travelled[number] += len(
                    client.get(rows[at % len(rows)]["pixels_url"], Accept_Encoding="gzip")
                )
                sent[number] += 1
                at += 1

        before = measure.cpu_seconds(served.pid("web"))
        took = together(clients, work)
        used = measure.cpu_seconds(served.pid("web")) - before
        for client in clients:
            client.close()
        report.add(
            f"frames, {count} client{'s' if count > 1 else ''}",
            {
                "n": sum(sent),
                "frames a second": round(sum(sent) / took, 1),
                "MB/s of pixels": round(sum(sent) * size / took / 1e6, 1),
                "MB/s on the wire": round(sum(travelled) / took / 1e6, 1),
                "server ms of processor a frame": round(used * 1000 / sum(sent), 2),
                "MB of pixels a second of processor": round(sum(sent) * size / used / 1e6, 1),
            },
        )


def cut(report: measure.Report, client: measure.Client, series: int, count: int) -> None:
    """Planes through the volume: the first one, which reads it, and others after it."""
    found = json.loads(client.get(f"/api/series/{series}/planes/"))
    chance = random.Random(4)
    began = time.perf_counter()
    client.get(found["planes"][1]["pixels_url"].replace("{index}", "0"))
    report.add(
        "first plane, the volume read for it",
        {"n": 1, "value": round((time.perf_counter() - began) * 1000), "unit": "ms"},
    )
    for plane in found["planes"]:
        for name, query in (("", ""), (", slab of 10 mm", "?slab=10&by=max")):
            times = [
                client.timed(plane["pixels_url"].replace("{index}", str(index)) + query)
                for index in chance.sample(range(plane["count"]), min(count, plane["count"]))
            ]
            size = f"{plane['columns']}x{plane['rows']}"
            report.add(f"{plane['name']} plane of {size}{name}", measure.summary(times, "ms", digits=1))


def drawn(step: int) -> list[dict[str, Any]]:
    """Ellipses, each save a little further."""
    return [
        {
            "id": f"00000000-0000-4000-8000-{number:012d}",
            "kind": "ellipse",
            "frame": number,
            "points": [[10 + number + step % 50, 20], [60 + number, 90]],
            "label": "Nodule",
        }
        for number in range(SHAPES)
    ]


@contextlib.contextmanager
def floor(rows: int = 10) -> Iterator[tuple[http.client.HTTPConnection, int]]:
    """A connection to the smallest Django that saves one row, and the key of what the row belongs to."""
    place = measure.shared("perf/djfloor")
    with tempfile.TemporaryDirectory(prefix="medweb-floor-") as folder:
        environment = {
            **os.environ, "FLOOR_DATA": folder, "DB": "sqlite", "ROWS": str(rows), "CONN_AGE": "0",
            "DJANGO_SETTINGS_MODULE": "floor.settings", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        environment.pop("DATABASE_URL", None)
        done = subprocess.run(
            [sys.executable, "setup_floor.py"], cwd=place, env=environment, check=True, capture_output=True
        )
        case = int(done.stdout.decode().split()[-1])
        port = support.free_port()
        command = [sys.executable, "-m", "uvicorn", "floor.asgi:application", "--port", str(port)]
        process = subprocess.Popen([*command, "--log-level", "error"], cwd=place, env=environment)
        try:
            measure.wait_for(lambda: answers(port), seconds=30, what="the floor answers")
            connection = http.client.HTTPConnection(support.HOST, port, timeout=60)
            yield connection, case
            connection.close()
        finally:
            process.terminate()
            process.wait()


def answers(port: int) -> bool:
    """Whether somebody listens."""
    try:
        connection = http.client.HTTPConnection(support.HOST, port, timeout=5)
        connection.request("GET", "/hello")
        return connection.getresponse().status == 200
    except OSError:
        return False


def saving(report: measure.Report, served: measure.App, series: int, count: int) -> None:
    """Saves of one layer after another, ours and the floor's in turn."""
    client = served.client("student")
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"series": series, "shapes": drawn(0)}).encode()
    layer = json.loads(client.post("/api/annotations/", body, **headers))
    ours, theirs = [], []
    with floor() as (connection, case):

        def their(step: int) -> float:
            row = json.dumps({"case": case, "version": 1, "data": drawn(step)})
            began = time.perf_counter()
            connection.request("POST", "/api/annotations/", row, headers)
            reply = connection.getresponse()
            text = reply.read()
            if reply.status != 201:
                raise RuntimeError(f"the floor answered {reply.status}: {text[:200]!r}")
            return (time.perf_counter() - began) * 1000

        revision = layer["revision"]
        path = f"/api/annotations/{layer['id']}/"
        for step in range(1, count + 1):
            body = json.dumps({"revision": revision, "shapes": drawn(step)}).encode()
            began = time.perf_counter()
            revision = json.loads(client.put(path, body, **headers))["revision"]
            ours.append((time.perf_counter() - began) * 1000)
            theirs.append(their(step))
    client.close()
    report.add(f"saving {SHAPES} shapes", measure.summary(ours, "ms", digits=1))
    report.add("the floor of saving", measure.summary(theirs, "ms", digits=1))
    report.add("saving, share of the floor", {"value": round(sum(theirs) / sum(ours), 2)})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6, help="of frames, for each number of clients")
    parser.add_argument("--count", type=int, default=40, help="planes of each kind, and a fifth of the saves")
    parser.add_argument("--slices", type=int, default=300)
    options = parser.parse_args()
    report = measure.Report("light_box")
    folder = measure.shared("data/04_dicom_ct_series/series")
    with measure.app(warm=False) as served:
        seed = f"FOLDER = {str(folder)!r}\nCOUNT = {options.slices}\n{SEED}"
        series, _count = served.json(seed)
        client = served.client("student")
        detail = json.loads(client.get(f"/api/series/{series}/"))
        cut(report, client, series, options.count)
        client.close()
        frames(report, served, detail, options.seconds)
        saving(report, served, series, options.count * 5)
    report.add("asked for", ASKED)
    report.print()


if __name__ == "__main__":
    main()
