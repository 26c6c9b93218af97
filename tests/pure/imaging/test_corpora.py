"""Real and hostile files from the shared reference data."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cases.imaging.archive import members
from cases.imaging.clean import clean
from cases.imaging.decoders import stored_values
from cases.imaging.errors import Refused
from cases.imaging.frames import decode
from cases.imaging.reader import handled, read_dicom
from cases.imaging.render import preview
from cases.imaging.volume import order, spacing_between
from tests.support import shared

from .build import SECRET

pytestmark = pytest.mark.shared


def _manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", ["04_dicom_ct_series", "07_dicom_transfer_syntaxes"])
def test_decoded_pixels_equal_the_manifest(name: str) -> None:
    folder = shared(f"data/{name}")
    compared = 0
    for row in _manifest(folder):
        ds = read_dicom((folder / row["filename"]).read_bytes())
        values = stored_values(ds)
        if row["pixel_sha256"]:
            assert hashlib.sha256(values.tobytes()).hexdigest()[:32] == row["pixel_sha256"], row["filename"]
            compared += 1
    assert compared > 40 - 1


def test_cleaning_does_not_change_a_pixel_in_any_syntax() -> None:
    folder = shared("data/07_dicom_transfer_syntaxes")
    for row in _manifest(folder):
        data = (folder / row["filename"]).read_bytes()
        before = decode(read_dicom(data))
        cleaned = clean(data, secret=SECRET)
        assert len(before) == len(cleaned.frames)
        for one, other in zip(before, cleaned.frames, strict=True):
            assert np.array_equal(one.pixels, other.pixels), row["filename"]
            assert (one.slope, one.intercept, one.position) == (other.slope, other.intercept, other.position)


def test_a_series_falls_into_place() -> None:
    folder = shared("data/04_dicom_ct_series")
    cleaned = [clean((folder / row["filename"]).read_bytes(), secret=SECRET) for row in _manifest(folder)]
    assert len({c.series_uid for c in cleaned}) == len({c.patient_key for c in cleaned}) == 1
    assert len({c.sop_uid for c in cleaned}) == len(cleaned) == 41
    frames = [c.frames[0] for c in cleaned]
    places = order(frames)
    heights = [frames[place].position[2] for place in places]
    assert heights == sorted(heights)
    assert spacing_between([frames[p].position for p in places], frames[0].orientation) == (5.0, True)
    assert cleaned[0].modality == "CT"
    assert cleaned[0].manufacturer_model == "LightSpeed16"


def test_odd_files_are_shown_or_refused_in_words() -> None:
    folder = shared("data/08_dicom_odd_cases")
    answers: Counter[str] = Counter()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            cleaned = clean(path.read_bytes(), secret=SECRET)
        except Refused as refused:
            answers[refused.code] += 1
            continue
        answers["shown"] += 1
        assert preview(cleaned.frames[0]).startswith(b"\xff\xd8")
        if cleaned.slide is not None:
            continue  # stored as tiles, not as a file of the kind that came
        with handled():
            again = clean(cleaned.clean_bytes, secret=SECRET)
        assert np.array_equal(again.frames[0].pixels, cleaned.frames[0].pixels), path.name
    assert 55 <= answers["shown"] <= 65, answers


def _outcome(data: bytes, *, archive: bool) -> str:
    try:
        parts = list(members(data)) if archive else [data]
    except Refused as refused:
        return refused.code
    codes = []
    for part in parts:
        try:
            clean(part, secret=SECRET)
        except Refused as refused:
            codes.append(refused.code)
        else:
            return "taken"
    return codes[0]


def _hostile(*kinds: str) -> Iterator[tuple[dict[str, str], bytes]]:
    folder = shared("security/hostile")
    for entry in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
        if entry["kind"] in kinds:
            yield entry, (folder / entry["file"]).read_bytes()


# Named .dcm, but a good PNG by content: the manifest allows taking it as what it is.
_TAKEN_AS_CONTENT = {"dicom/png_renamed.dcm"}


@pytest.mark.parametrize("kind", ["dicom", "image", "archive"])
def test_hostile_files_are_answered(kind: str) -> None:
    seen = 0
    for entry, data in _hostile(kind):
        seen += 1
        outcome = _outcome(data, archive=kind == "archive")
        if entry["expect"] == "reject" and entry["file"] not in _TAKEN_AS_CONTENT:
            assert outcome != "taken", entry["file"]
        if entry["expect"] == "accept-safe":
            assert outcome == "taken", (entry["file"], outcome)
    assert seen > 10
    assert not Path("/tmp/HOSTILE_MARKER").exists()


def test_hostile_names_and_scripts_do_not_survive() -> None:
    for entry, data in _hostile("dicom", "image"):
        try:
            left = clean(data, secret=SECRET).clean_bytes
        except Refused as refused:
            left = str(refused).encode()
        for word in (b"<script", b"javascript:", b"169.254.169.254", b"/etc/passwd"):
            assert word not in left, (entry["file"], word)
