"""Real and hostile files from the shared reference data."""

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cases.imaging.archive import members
from cases.imaging.clean import CleanInstance, clean, clean_any
from cases.imaging.decoders import stored_values
from cases.imaging.deidentify import deidentify
from cases.imaging.errors import Refused
from cases.imaging.frames import decode
from cases.imaging.reader import Kind, handled, read_dicom, sniff
from cases.imaging.regions import CleanRegions
from cases.imaging.render import preview
from cases.imaging.volume import normal, order, spacing_between, uneven_steps
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


def test_an_mr_series_falls_into_place_too() -> None:
    folder = shared("data/05_dicom_mr_series")
    series = [row for row in _manifest(folder) if row["filename"].startswith("series/")]
    cleaned = [clean((folder / row["filename"]).read_bytes(), secret=SECRET).frames[0] for row in series]
    places = [cleaned[place] for place in order(cleaned)]
    along = [float(np.dot(frame.position, normal(frame.orientation))) for frame in places]
    assert along == sorted(along)
    step, even = spacing_between([frame.position for frame in places], places[0].orientation)
    assert (round(step, 2), even, len(places)) == (5.2, True, 40)
    assert uneven_steps(places) is None


def test_twelve_bit_jpeg_resembles_what_it_was_made_from() -> None:
    folder = shared("data/07_dicom_transfer_syntaxes")
    for base in ("MR3", "MR4", "NM1"):
        lossy, plain = (
            decode(read_dicom((folder / f"{base}_{form}.dcm").read_bytes()))[0].pixels
            for form in ("JPLY", "UNC")
        )
        away = np.abs(lossy.astype(int) - plain.astype(int))
        assert away.mean() < 0.01 * int(plain.max()), base


def test_single_pictures_of_all_modalities_are_shown() -> None:
    folder = shared("data/06_dicom_single_images")
    rows = _manifest(folder)
    for row in rows:
        frames = decode(
            deidentify(read_dicom((folder / row["filename"]).read_bytes()), secret=SECRET).dataset
        )
        wanted = (int(row["rows"]), int(row["cols"]))
        assert len(frames) == int(row["frames"] or 1), row["filename"]
        assert all(frame.pixels.shape[:2] == wanted for frame in frames), row["filename"]
        assert frames[0].invert == (row["photometric"] == "MONOCHROME1"), row["filename"]
        assert (frames[0].pixels.ndim == 3) == (row["photometric"].startswith(("RGB", "YBR", "PALETTE"))), (
            row["filename"]
        )
    assert len(rows) == 19


# What of the odd cases is not shown, and how it is answered; files of a kind are named once.
_NOT_SHOWN = {
    "no_meta.dcm": "not-an-image", "dicomdir_media/TINY_ALPHA/README": "not-an-image",
    "meta_missing_tsyntax.dcm": "bad-header", "nested_priv_SQ.dcm": "bad-header",
    "no_meta_group_length.dcm": "no-pixels", "empty_charset_LEI.dcm": "no-pixels", "priv_SQ.dcm": "no-pixels",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "no-pixels", "charsets/chrJapMulti.dcm": "no-pixels",
    "charsets/chrJapMultiExplicitIR6.dcm": "no-pixels", "charsets/chrKoreanMulti.dcm": "no-pixels",
    "charsets/chrSQEncoding.dcm": "no-pixels", "charsets/chrSQEncoding1.dcm": "no-pixels",
    "MR_truncated.dcm": "truncated", "waveform_ecg.dcm": "waveform",
    "badVR.dcm": "radiotherapy", "rtdose.dcm": "radiotherapy", "rtplan.dcm": "radiotherapy",
    "rtplan_truncated.dcm": "radiotherapy", "ExplVR_BigEndNoMeta.dcm": "radiotherapy",
    "ExplVR_LitEndNoMeta.dcm": "radiotherapy",
    "reportsi.dcm": "sr-document", "reportsi_with_empty_number_tags.dcm": "sr-document",
    "test-SR.dcm": "sr-document", "highdicom_sr_document.dcm": "sr-document",
    "highdicom_sm_annotations.dcm": "annotations",
    "highdicom_seg_image_sm_dots_tiled_full.dcm": "tiled-segmentation",
    "highdicom_seg_image_sm_control_labelmap_palette_color.dcm": "tiled-segmentation",
    "rtstruct.dcm": "regions", "liver.dcm": "regions", "liver_1frame.dcm": "regions",
    "liver_nonbyte_aligned.dcm": "regions", "liver_deflate.dcm": "regions",
    "highdicom_seg_image_ct_binary_overlap.dcm": "regions",
}  # fmt: skip


def _not_shown(name: str) -> str | None:
    if Path(name).name.startswith("DICOMDIR"):
        return "index"
    if "TINY_ALPHA/PT" in name:
        return "no-pixels"
    return _NOT_SHOWN.get(name)


def _answer(data: bytes) -> CleanInstance | str:
    """The image, or in a word what it is instead; every refusal is a sentence."""
    try:
        cleaned = clean_any(data, secret=SECRET)
    except Refused as refused:
        return refused.code if refused.sentence.endswith(".") else "no sentence"
    if isinstance(cleaned, CleanInstance):
        return cleaned
    return "regions" if isinstance(cleaned, CleanRegions) else "index"


def test_odd_files_are_shown_or_refused_in_words() -> None:
    folder = shared("data/08_dicom_odd_cases")
    shown = 0
    for row in _manifest(folder):
        name = row["filename"]
        cleaned = _answer((folder / name).read_bytes())
        if not isinstance(cleaned, CleanInstance):
            assert cleaned == _not_shown(name), name
            continue
        assert _not_shown(name) is None, name
        shown += 1
        assert preview(cleaned.frames[0]).startswith(b"\xff\xd8")
        if cleaned.kind == "dicom":
            with handled():
                again = decode(read_dicom(cleaned.clean_bytes))
            assert np.array_equal(again[0].pixels, cleaned.frames[0].pixels), name
    assert shown == 57


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


@pytest.mark.parametrize("kind", ["dicom", "image", "archive", "volume"])
def test_hostile_files_are_answered(kind: str) -> None:
    seen = 0
    for entry, data in _hostile(kind):
        seen += 1
        packed = kind == "archive" or sniff(data) is Kind.GZIP
        outcome = _outcome(data, archive=packed)
        if entry["expect"] == "reject" and entry["file"] not in _TAKEN_AS_CONTENT:
            assert outcome != "taken", entry["file"]
        if entry["expect"] == "accept-safe":
            assert outcome == "taken", (entry["file"], outcome)
    assert seen >= 10
    assert not Path("/tmp/HOSTILE_MARKER").exists()


def test_hostile_names_and_scripts_do_not_survive() -> None:
    for entry, data in _hostile("dicom", "image", "volume"):
        try:
            left = clean(data, secret=SECRET).clean_bytes
        except Refused as refused:
            left = str(refused).encode()
        for word in (b"<script", b"javascript:", b"169.254.169.254", b"/etc/passwd"):
            assert word not in left, (entry["file"], word)
