"""``python -m tests.bench.imports``: files and rows per second on the way in, and the cost of cleaning."""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.bench import measure
from tests.bench.jobs import CASE

# Nothing of the set's own is kept: the subset lies in a temporary folder of this run.
CLEAN = """
import json, time
from pathlib import Path
from cases.imaging import typed, prepare
from cases.imaging.clean import clean
from cases.imaging.deidentify import deidentify, to_bytes
from cases.imaging.frames import decode, pack
from cases.imaging.reader import read_dicom
from cases.imaging.render import preview
from cases.services import intake
slices = [path.read_bytes() for path in sorted(Path(FOLDER).rglob("*")) if path.is_file()][:60]
secret = b"0123456789abcdef"
clean(slices[0], secret=secret)
steps = {}
def spent(name, work):
    began = time.process_time()
    result = work()
    steps.setdefault(name, []).append(1000 * (time.process_time() - began))
    return result
for data in slices:
    read = spent("read", lambda: read_dicom(data))
    found = spent("de-identify", lambda: deidentify(read, secret=secret))
    spent("decode", lambda: list(decode(found.dataset)))
    spent("write header and pixels", lambda: to_bytes(found.dataset))
    instance = spent("clean, all of the above and search for text", lambda: clean(data, secret=secret))
    (frame,) = instance.frames
    spent("pack", lambda: pack(frame.pixels))
    spent("preview", lambda: preview(frame, size=384))
    prepared = spent("prepare, all of the above and store", lambda: intake.prepare(data))
    wire = spent("answer as JSON", lambda: json.dumps(prepare.to_json(prepared)))
    spent("answer checked", lambda: prepare.from_json(json.loads(wire)))
print(json.dumps(steps))
"""
MAKE = ("perf/dicom_make.py", "--studies", "1", "--series", "1")


def made_slices(folder: Path, count: int) -> list[bytes]:
    """``count`` CT slices of 512 x 512 pixels and 16 bits, made by the shared tool."""
    tool, *options = MAKE
    command = [sys.executable, str(measure.shared(tool)), "--out", str(folder), *options]
    subprocess.run([*command, "--slices", str(count)], check=True, capture_output=True)
    return [path.read_bytes() for path in sorted(folder.rglob("*.dcm"))]


def tree_cpu(pid: int) -> float:
    """CPU seconds of a process and of everything below it that lives."""
    total, todo = 0.0, [pid]
    while todo:
        one = todo.pop()
        try:
            total += measure.cpu_seconds(one)
            for thread in Path(f"/proc/{one}/task").iterdir():
                todo += map(int, (thread / "children").read_text().split())
        except OSError:
            # Ended since it was listed.
            continue
    return total


def series_in(client: measure.Client, slices: list[bytes], served: measure.App, clients: int) -> Any:
    """Files per second from the first byte sent to the last verdict; when the first picture can be seen."""
    case = served.json(CASE)
    page = f"/api/cases/{case}/"
    waiting, began, first = list(reversed(slices)), time.perf_counter(), []
    sent: list[tuple[int, float]] = []
    failures: list[BaseException] = []

    def send() -> None:
        own = served.client("instructor")
        try:
            while waiting:
                try:
                    data = waiting.pop()
                except IndexError:
                    break
                upload = int(own.upload(f"/cases/{case}/uploads/new/", data)["id"])
                sent.append((upload, time.perf_counter()))
        except (OSError, RuntimeError) as error:
            failures.append(error)
        finally:
            own.close()

    cpu = {name: tree_cpu(served.pid(name)) for name in ("web", "worker")}
    senders = [threading.Thread(target=send) for _client in range(clients)]
    for sender in senders:
        sender.start()

    def seen() -> bool:
        series = json.loads(client.get(page))["series"]
        if not series:
            return False
        frame = json.loads(client.get(f"/api/series/{series[0]}/"))["frames"][0]
        client.get(frame["preview_url"])
        first.append(time.perf_counter())
        return True

    measure.wait_for(seen, seconds=60, what="the first picture can be seen", every=0.05)
    for sender in senders:
        sender.join()
    received = time.perf_counter() - began
    if failures:
        raise failures[0]

    def over() -> bool:
        job = json.loads(client.get("/api/jobs/"))["results"][0]
        return bool(job["state"] == "done")

    measure.wait_for(over, seconds=300, what="the case is judged", every=0.1)
    whole = time.perf_counter() - began
    spent = {name: tree_cpu(served.pid(name)) - before for name, before in cpu.items()}
    states = {_state(client, upload) for upload, _when in (sent[0], sent[len(sent) // 2], sent[-1])}
    if states != {"accepted"}:
        raise RuntimeError(f"Uploads ended as {states}.")
    return {
        "n": len(sent),
        "clients": clients,
        "received": round(len(sent) / received, 1),
        "end to end": round(len(sent) / whole, 1),
        "unit": "files/s",
        "first picture seen after its bytes arrived": round(first[0] - sent[0][1], 2),
        "web CPU ms per file": round(1000 * spent["web"] / len(sent), 1),
        "worker CPU ms per file, decoders included": round(1000 * spent["worker"] / len(sent), 1),
    }


def accepted(
    client: measure.Client, path: str, slices: list[bytes], served: measure.App, clients: int
) -> Any:
    """Seconds until all slices are received, and until all are accepted."""
    uploads: list[int] = []
    waiting = list(reversed(slices))
    failures: list[BaseException] = []

    def send() -> None:
        own = served.client("instructor")
        try:
            while waiting:
                try:
                    data = waiting.pop()
                except IndexError:
                    break
                uploads.append(int(own.upload(path, data)["id"]))
        except (OSError, RuntimeError) as error:
            failures.append(error)
        finally:
            own.close()

    web_cpu = measure.cpu_seconds(served.pid("web"))
    began = time.perf_counter()
    senders = [threading.Thread(target=send) for _client in range(clients)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if failures:
        raise failures[0]
    received = time.perf_counter() - began
    web_cpu = measure.cpu_seconds(served.pid("web")) - web_cpu
    # One worker takes them in their order, so the last one is the last to be judged.
    for upload in sorted(uploads, reverse=True):
        measure.wait_for(
            lambda upload=upload: _state(client, upload) == "accepted",  # type: ignore[misc]
            seconds=300,
            what=f"upload {upload} is accepted",
            every=0.25,
        )
    whole = time.perf_counter() - began
    return {
        "n": len(uploads),
        "clients": clients,
        "received": round(len(uploads) / received, 1),
        "accepted": round(len(uploads) / whole, 1),
        "unit": "files/s",
        "web CPU ms per file": round(1000 * web_cpu / len(uploads), 1),
    }


def _state(client: measure.Client, upload: int) -> str:
    state = str(json.loads(client.get(f"/uploads/{upload}/"))["state"])
    if state in ("refused", "cancelled"):
        raise RuntimeError(f"Upload {upload} was {state}.")
    return state


def subset(target: Path, count: int) -> None:
    """The first rows of the radiographs, each class in turn."""
    source = measure.shared("data/01_cxr_pneumonia_2class")
    with (source / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = rows[:: max(1, len(rows) // count)][:count]
    for row in chosen:
        copy = target / row["filename"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / row["filename"], copy)
    with (target / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(chosen)


def imported(served: measure.App, folder: Path) -> Any:
    """Rows per second of ``import_dataset``, start of the command left out; and of a second, idle run."""
    code = f"""
import json, time
from pathlib import Path
from cases.services import collections, datasets
from medweb.accounts.models import User
by = User.objects.get(username="instructor")
collection = collections.create(title="Radiographs", visibility="everyone", by=by)
def run():
    began, cpu = time.perf_counter(), time.process_time()
    report = datasets.import_dataset(
        folder=Path({str(folder)!r}), collection=collection,
        fields={{"modality": "CR", "body_region": "chest"}},
        progress=lambda done, every: None, by=by,
    )
    return report, time.perf_counter() - began, time.process_time() - cpu
first, seconds, cpu = run()
again, idle, _cpu = run()
n = first.count("taken")
assert n == len(first.rows) == again.count("known"), first.as_dict()
print(json.dumps({{
    "n": n, "rows per second": round(n / seconds, 1), "CPU ms per row": round(1000 * cpu / n, 1),
    "second run, known rows per second": round(n / idle, 1),
}}))
"""
    return served.json(code)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100, help="rows of the labelled set")
    parser.add_argument("--slices", type=int, default=500, help="slices of the large series")
    parser.add_argument("--only-series", action="store_true", help="measure the large series alone")
    options = parser.parse_args()
    report = measure.Report("imports")
    slices = measure.ct_slices()
    with measure.app() as served, tempfile.TemporaryDirectory(prefix="medweb-bench-") as name:
        client = served.client("instructor")
        made = Path(name) / "made"
        many = made_slices(made, options.slices)
        report.add("a large CT series", series_in(client, many, served, 4))
        steps = served.json(f"FOLDER = {str(made)!r}\n{CLEAN}")
        for step, values in steps.items():
            report.add(f"CPU of one made slice: {step}", measure.summary(values, "ms", digits=1))
        if options.only_series:
            report.print()
            return
        for clients in (1, 4):
            path = f"/cases/{served.json(CASE)}/uploads/new/"
            report.add(f"CT slices, {clients} client(s)", accepted(client, path, slices, served, clients))
        client.close()
        subset(Path(name), options.rows)
        report.add("import_dataset", imported(served, Path(name)))
        folder = measure.shared("data/04_dicom_ct_series/series")
        steps = served.json(f"FOLDER = {str(folder)!r}\n{CLEAN}")
        for step, values in steps.items():
            report.add(f"CPU of one CT slice: {step}", measure.summary(values, "ms", digits=1))
    report.print()


if __name__ == "__main__":
    main()
