"""The hostile files and names through the real doors: server, worker and its decoding children.

One test for each kind of file, and the names; each file gets a case of its own. What a file may cost is
measured in processor time and in the memory of the worker's processes: clocks say little on shared machines.
"""

import base64
import gzip
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.builders.traces import stored_bytes
from tests.doors.door import Door, multipart, seed_live_app, signed_in
from tests.support import shared

__all__ = ["seed_live_app"]
pytestmark = [pytest.mark.broker, pytest.mark.shared]
# Codes that mean "it did not work" instead of "no": a file that earns one is a fault of ours.
FAULTS = {"failed", "decoder-crash", "too-long", "too-much-memory"}
# No door takes tables or models: even a good one is refused.
NO_DOOR = {"csv", "model"}
# Refused, or taken for what it is by its content: the manifest leaves both.
TAKEN_BY_CONTENT = {"dicom/png_renamed.dcm"}
# The address space a warm child may gain by keeping what it freed.
SLACK_MB = 40
NEEDLES = (b"DOE^", b"MRN 12345", b"Hostile^", b"169.254.169.254", b"root:x:0:0")
CANARY = Path("/tmp/HOSTILE_MARKER")
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


@dataclass(frozen=True)
class Hostile:
    """A file of the corpus and what is expected of it."""

    name: str
    data: bytes
    expect: str
    seconds: float
    megabytes: float


def corpus(*kinds: str) -> list[Hostile]:
    folder = shared("security/hostile")
    found = []
    for entry in json.loads((folder / "manifest.json").read_text()):
        if entry["kind"] in kinds:
            data, limits = (folder / entry["file"]).read_bytes(), entry["limits"]
            if entry["file"].endswith(".json.gz"):
                data = gzip.decompress(data)
            found.append(Hostile(entry["file"], data, entry["expect"], limits["seconds"], limits["rss_mb"]))
    assert found, kinds
    return found


@dataclass
class Fate:
    """What became of a file."""

    case: int
    state: str
    code: str = ""
    sentence: str = ""
    series: int | None = None
    seconds: float = 0.0
    megabytes: float = 0.0


def try_file(door: Door, hostile: Hostile) -> Fate:
    case = door.new_case()
    before, spent = door.forget_peaks(), door.spent()
    answer = door.send(case, hostile.data, name=hostile.name)
    if answer.status_code >= 400:
        return Fate(case, str(answer.status_code), sentence=answer.json()["detail"])
    told = door.verdict(answer.json()["id"])
    after = door.peaks()
    # A child that was begun meanwhile holds about as much from its start as the one it stands in for.
    usual = max(before.values())
    grown = max(after[pid] - before.get(pid, usual) for pid in after)
    return Fate(
        case, told["state"], told["code"], told["sentence"], told["series"], door.spent() - spent, grown
    )


def judged_wrongly(door: Door, hostile: Hostile, fate: Fate) -> Iterator[str]:
    """Everything about the fate of a file that is not as it should be."""
    refused = fate.state == "refused" or fate.state.startswith("4")
    expect = "reject" if hostile.name.split("/")[0] in NO_DOOR else hostile.expect
    if not refused and fate.state != "accepted":
        yield f"neither taken nor refused: {fate.state}"
    if expect == "reject" and not refused and hostile.name not in TAKEN_BY_CONTENT:
        yield "was taken"
    if expect == "accept-safe" and fate.state != "accepted":
        yield f"was not taken: {fate.code}"
    if fate.code in FAULTS:
        yield f"ended with {fate.code}"
    if refused and len(fate.sentence) < 15:
        yield "was refused without a sentence"
    listed = door.client.get(f"/api/cases/{fate.case}/series/").json()["results"]
    if refused and listed:
        yield "left a series behind"
    if fate.seconds > hostile.seconds:
        yield f"took {fate.seconds:.1f} s of processor time, not {hostile.seconds}"
    if fate.megabytes > hostile.megabytes + SLACK_MB:
        yield f"took {fate.megabytes:.0f} MB, not {hostile.megabytes}"
    if not door.tidied():
        yield "left its raw bytes behind"
    if not door.alive():
        yield "took the server down"


def frame_of(door: Door, fate: Fate) -> dict[str, Any]:
    found: dict[str, Any] = door.client.get(f"/api/series/{fate.series}/").json()["frames"][0]
    return found


def keeps_its_turn(door: Door, fate: Fate, data: bytes) -> None:
    """Shown as it is turned: stored size, shown size and the frame of coordinates are one."""
    frame = frame_of(door, fate)
    with Image.open(io.BytesIO(data)) as picture:
        assert (frame["rows"], frame["columns"]) == (picture.width, picture.height)


def keeps_its_range(door: Door, fate: Fate, data: bytes) -> None:
    """Sixteen bits that are not clipped to white."""
    frame = frame_of(door, fate)
    with Image.open(io.BytesIO(data)) as picture:
        wanted = np.asarray(picture)
    with signed_in(door.app) as browser:
        pixels = np.frombuffer(browser.get(frame["pixels_url"]).content, frame["dtype"])
    stored = pixels.astype(float) * frame["slope"] + frame["intercept"]
    assert (stored.reshape(wanted.shape) == wanted).all()


CHECKS: dict[str, Callable[[Door, Fate, bytes], None]] = {
    "image/jpeg_orientation6.jpg": keeps_its_turn,
    "image/png_16bit.png": keeps_its_range,
}


@pytest.fixture(scope="module", autouse=True)
def warm(door: Door) -> None:
    """Children that have opened good files; what libraries hold for good is no hostile file's."""
    for hostile in corpus("dicom", "image", "archive"):
        if "ok_control" in hostile.name:
            try_file(door, hostile)


@pytest.mark.parametrize(
    "kinds", [("dicom",), ("image",), ("archive", "volume"), ("csv", "model")], ids="+".join
)
def test_every_file_gets_the_answer_it_deserves(door, kinds):
    wrong = []
    for hostile in corpus(*kinds):
        fate = try_file(door, hostile)
        wrong += [f"{hostile.name} {fault}" for fault in judged_wrongly(door, hostile, fate)]
        if hostile.name in CHECKS and fate.state == "accepted":
            CHECKS[hostile.name](door, fate, hostile.data)
        assert not CANARY.exists(), hostile.name
    assert not wrong, "\n".join(wrong)


def test_another_image_of_a_known_uid_changes_nothing(door):
    files = {hostile.name: hostile.data for hostile in corpus("dicom")}
    case = door.new_case()
    first = door.verdict(door.send(case, files["dicom/ok_control.dcm"]).json()["id"])
    frame = door.client.get(f"/api/series/{first['series']}/").json()["frames"][0]
    second = door.verdict(door.send(case, files["dicom/dup_uid_other_pixels.dcm"]).json()["id"])
    assert second["state"] == "refused", second
    assert door.client.get(f"/api/series/{first['series']}/").json()["frames"] == [frame]


# --- drawings ---------------------------------------------------------------------------------------------


def as_ours(data: bytes, series: int) -> bytes:
    """The body in our words where it can be read; as it is otherwise."""
    try:
        body = json.loads(data)
        shapes = [{**shape} for shape in body["shapes"]]
    except (ValueError, RecursionError, TypeError, KeyError):
        return data
    for shape in shapes:
        text = shape.pop("text", None)
        kind = shape.pop("type", None)
        shape |= {"id": str(uuid.uuid4()), "frame": 0, "kind": "point" if kind == "text" else kind}
        if text is not None:
            shape["note"] = text
    return json.dumps({**body, "series": series, "revision": body.get("version"), "shapes": shapes}).encode()


def test_drawings_get_the_answer_they_deserve(door):
    image = next(hostile.data for hostile in corpus("dicom") if hostile.name == "dicom/ok_control.dcm")
    headers, wrong = {"Content-Type": "application/json"}, []
    case, series = 0, 0
    for hostile in corpus("annotation"):
        if not series:
            case = door.new_case()
            series = door.verdict(door.send(case, image).json()["id"])["series"]
        body = as_ours(hostile.data, series)
        answer = door.client.post("/api/annotations/", content=body, headers=headers)
        if hostile.name == "annotation/stale_version.json" and answer.status_code == 201:
            # Of an older version than what is stored only when something is stored.
            url = f"/api/annotations/{answer.json()['id']}/"
            answer = door.client.put(url, content=body, headers=headers)
            assert answer.status_code in (400, 409)
        # One person draws once on a series: what was taken uses it up.
        drawn_on, series = series, 0 if answer.status_code < 300 else series
        if answer.status_code >= 500 or not door.alive():
            wrong.append(f"{hostile.name}: {answer.status_code}")
        if (hostile.expect, answer.status_code) in (("reject", 201), ("accept-safe", 400)):
            wrong.append(f"{hostile.name}: {answer.status_code} {answer.text[:200]}")
        if answer.status_code >= 400:
            # With and without an address of its own, read and unread.
            for raw in (hostile.data, gzip.compress(hostile.data)):
                more = {"Content-Encoding": "gzip"} if raw is not hostile.data else {}
                again = door.client.post("/api/annotations/", content=raw, headers={**headers, **more})
                assert 400 <= again.status_code < 500, hostile.name
        if hostile.name == "annotation/mass_assignment.json" and answer.status_code == 201:
            made = answer.json()
            assert (made["status"], made["revision"]) == ("draft", 1)
            assert "2000-01-01" not in answer.text
        if hostile.name == "annotation/text_xss.json":
            assert (answer.json()["series"], answer.json()["shapes"][0]["label"][:4]) == (drawn_on, "<svg")
            page = door.client.get(f"/cases/{case}/").text
            assert "<svg onload" not in page
            assert "<script>document" not in page
    assert not wrong, "\n".join(wrong)


# --- names ------------------------------------------------------------------------------------------------


def hostile_names() -> list[str]:
    listed = json.loads(shared("security/hostile/filenames.json").read_text())
    return [entry["name"] for entry in listed]


def zipped(names: list[str], data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as written:
        for number, name in enumerate(names):
            # zipfile ends names at NUL and knows no half characters.
            clean = name.encode("utf-8", "replace").decode().replace("\0", "0")
            written.writestr(zipfile.ZipInfo(f"{number}-KNOCK-{clean}"[:200]), data)
    return packed.getvalue()


def test_no_name_is_stored_shown_or_logged(door):
    image = next(hostile.data for hostile in corpus("image") if hostile.name == "image/ok_control.png")
    names, case = hostile_names(), door.new_case()
    assert len(names) >= 40
    uploads: dict[int, bool] = {}
    for name in names:
        marked = f"KNOCK-{name}".encode("utf-8", "surrogatepass")
        for raw in (name.encode("utf-8", "surrogatepass"), marked):
            body = multipart([(raw, image)])
            kind = {"Content-Type": "multipart/form-data; boundary=doorstep"}
            answer = door.client.post(f"/api/cases/{case}/uploads/", content=body, headers=kind)
            # A line break or a quote in a name breaks the form apart: no file is in it then, or half of one;
            # Django reads no more than a kilobyte of heading, no half characters, and takes dots for no name.
            odd = {"\r", "\n", '"', "\0", "\ud800"} & set(name)
            plain = not odd and name.strip(" .") != ""
            broken = not plain or len(raw) > 900
            assert answer.status_code == 202 or (broken and answer.status_code == 400), name
            if answer.status_code == 202:
                uploads[answer.json()["id"]] = broken
        told = f"filename {base64.b64encode(marked).decode()}"
        headers = {**TUS, "Upload-Length": str(len(image)), "Upload-Metadata": told}
        answer = door.client.post(f"/api/cases/{case}/files/", content=image, headers=headers)
        assert answer.status_code == 201, name
    packed = door.verdict(door.send(case, zipped(names, image)).json()["id"])
    assert packed["taken"] + packed["doubled"] == sum(not leads_outside(name) for name in names)
    for upload, broken in uploads.items():
        told = door.verdict(upload)
        assert told["state"] == "accepted" or (broken and told["state"] == "refused"), told
    shown = door.client.get(f"/api/cases/{case}/uploads/").text
    with signed_in(door.app) as browser:
        shown += browser.get(f"/cases/{case}/").text + browser.get(f"/cases/{case}/uploads/").text
    assert "KNOCK" not in shown
    assert not CANARY.exists()


def leads_outside(name: str) -> bool:
    """Names of members that archives may not have; such members are left out."""
    path = f"0-KNOCK-{name}".replace("\\", "/").split("/")
    return ".." in path


# --- what is left -----------------------------------------------------------------------------------------


def windows(data: bytes) -> list[bytes]:
    """Pieces by which a file would be known again: 24 bytes that are not all alike, from its three thirds."""
    found = []
    for third in range(3):
        for place in range(third * len(data) // 3, max(len(data) - 24, 0), 24):
            piece = data[place : place + 24]
            if len(set(piece)) > 14:
                found.append(piece)
                break
    return found


def test_nothing_of_what_was_refused_is_left(door):
    """Last of all: names, scripts, patients and the bytes of refused files, wherever the server writes."""
    files = corpus("dicom", "image", "archive", "volume", "csv", "model")
    kept = b"".join(hostile.data for hostile in files if hostile.expect != "reject")
    left = stored_bytes(door.app.folder)
    for needle in (*NEEDLES, b"KNOCK"):
        assert needle not in left, needle
    # A drawing's label is the text that somebody wrote, and shown as that; a picture carries none.
    assert b"document.title" not in stored_bytes(door.app.folder / "blobs")
    assert all(b"document.title" not in path.read_bytes() for path in door.app.folder.glob("*.log"))
    for hostile in files:
        for piece in windows(hostile.data) if hostile.expect == "reject" else []:
            assert piece in kept or piece not in left, hostile.name
    assert door.tidied()
    assert door.alive()
