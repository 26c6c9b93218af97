"""From uploaded bytes to what may be stored: the door of this package."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from . import pseudonyms, report, slide_bytes, slide_dicom, slide_tiff, slides
from .burned import SURE_OF_SLICES, TextBox, detect
from .deidentify import deidentify, say_pixels_are_clean, to_bytes
from .discs import CleanIndex, read_index
from .errors import Refused
from .frames import DecodedFrame, decode, to_browser
from .metadata import metadata_of
from .pictures import read_picture, write_lossless
from .reader import HEAD, Kind, handled, read_dicom, sniff
from .regions import CLASSES, CleanRegions, read_regions
from .render import auto_window
from .suspicion import scans_of, sureness_for, suspicion_of
from .volumes import VOLUMES, read_volume, slices, write_volume

MODALITIES = ("CT", "MR", "CR", "DX", "US", "XA", "MG", "NM", "PT", "SM", "XC", "OT")
_RELATED = {
    "RF": "XA", "DSA": "XA", "RG": "CR", "PX": "DX", "IO": "DX", "DR": "DX", "IVUS": "US",
    "ES": "XC", "OP": "XC", "GM": "XC", "DMS": "XC", "OPT": "OT", "ST": "NM",
}  # fmt: skip
_ARCHIVES = {Kind.ZIP, Kind.TAR, Kind.GZIP}


@dataclass(frozen=True, eq=False)
class CleanInstance:
    """One de-identified image, ready to be stored.

    Attributes
    ----------
    kind : str
        ``"dicom"``, ``"picture"``, ``"volume"`` or ``"slide"``.
    modality : str
        One of `MODALITIES`.
    sop_uid, series_uid, study_uid : str
        Pseudonyms; of a picture derived from its content.
    patient_key : str
        16 hexadecimal characters; empty for pictures, which name nobody.
    series_description, body_part, manufacturer_model : str
        Cleaned text; may be empty.
    instance_number : int or None
        Number in the series, within 32 bits: headers hold larger ones, columns of databases do not.
    patient_sex, patient_age : str
        ``"F"``, ``"M"``, ``"O"`` or empty; ``"045Y"`` or empty, at most ``"090Y"``.
    clean_bytes : bytes
        De-identified DICOM file, PNG (TIFF when there are several pages), NIfTI in gzip, or the tiles of a
        slide (see `slide_store`).
    digest : str
        SHA-256 of `clean_bytes`, hexadecimal.
    frames : tuple of DecodedFrame
        At least one.
    removed : dict of str to int
        How often each action was taken.
    report : dict of str to dict of str to int
        What was done to each attribute, by keyword and never by value:
        ``{"PatientName": {"pseudonym/profile": 1}}``.
    suspicion : tuple of str
        Why a person should look at the pixels, as codes; empty when nobody needs to.
    boxes : tuple of TextBox
        Places that look like burned-in text.
    notes : tuple of str
        What readers should know, as codes; for example ``"face"``.
    frame_of_reference : str
        Pseudonym of the coordinate system; empty when unknown.
    slide : SlideFacts or None
        Size and scale of a whole slide.
    """

    kind: str
    modality: str
    sop_uid: str
    series_uid: str
    study_uid: str
    patient_key: str
    series_description: str
    body_part: str
    instance_number: int | None
    manufacturer_model: str
    patient_sex: str
    patient_age: str
    clean_bytes: bytes
    digest: str
    frames: tuple[DecodedFrame, ...]
    removed: dict[str, int]
    report: dict[str, dict[str, int]] = field(default_factory=dict)
    suspicion: tuple[str, ...] = ()
    boxes: tuple[TextBox, ...] = ()
    notes: tuple[str, ...] = ()
    frame_of_reference: str = ""
    slide: slides.SlideFacts | None = None


def clean(data: bytes, *, secret: bytes, keep_characteristics: bool = True) -> CleanInstance:
    """Read, check, de-identify and decode one uploaded image.

    As `clean_any`, for callers that have no images to lay regions onto or to hold an index against: those
    are refused.
    """
    found = clean_any(data, secret=secret, keep_characteristics=keep_characteristics)
    if isinstance(found, CleanIndex):
        raise found.refused()
    if isinstance(found, CleanRegions):
        raise Refused(
            "regions-alone", "These are regions drawn on images. Upload them together with those images."
        )
    return found


def clean_any(
    data: bytes, *, secret: bytes, keep_characteristics: bool = True
) -> CleanInstance | CleanRegions | CleanIndex:
    """Read, check, de-identify and decode one uploaded file: an image, regions on images, a disc's index.

    Parameters
    ----------
    data : bytes
        The whole file. Archives are opened before, by `archive.members`.
    secret : bytes
        Key of the pseudonyms, at least 16 bytes.
    keep_characteristics : bool
        Retain the sex, age, size and weight of DICOM headers.

    Returns
    -------
    CleanInstance, CleanRegions or CleanIndex
        The same bytes and secret always give the same `clean_bytes`.

    Raises
    ------
    Refused
        With a sentence for the person who uploaded the file.
    """
    if not data:
        raise Refused("empty", "The file is empty. Copy it again, then upload.")
    buffer = BytesIO()
    slide = clean_slide(data, secret=secret, target=buffer, keep_characteristics=keep_characteristics)
    if slide is not None:
        return replace(slide, clean_bytes=buffer.getvalue())
    kind = sniff(data[:HEAD])
    if kind is Kind.DICOM:
        return _clean_dicom(data, secret, keep_characteristics)
    if kind is Kind.DICOMDIR:
        return read_index(data, secret=secret)
    if kind in _ARCHIVES:
        raise Refused("archive", "An archive cannot be opened at this place. Upload the images it contains.")
    if kind in VOLUMES:
        return _clean_volume(data, kind, secret)
    return _clean_picture(data, secret)


def clean_slide(
    source: Path | bytes, *, secret: bytes, target: BinaryIO, keep_characteristics: bool = True
) -> CleanInstance | None:
    """De-identify a whole slide without ever holding all of it.

    Parameters
    ----------
    source : path or bytes
        The whole file; of a slide that is large, its path.
    secret : bytes
        Key of the pseudonyms, at least 16 bytes.
    target : binary file
        Takes the tiles, see `slide_store`.

    Returns
    -------
    CleanInstance or None
        Its `clean_bytes` are empty, its `digest` is that of what was written into `target`, and its only
        frame is the overview. ``None`` when the file is no slide; nothing was written then.

    Raises
    ------
    Refused
        With a sentence for the person who uploaded the file.
    """
    found = slides.likeness(source)
    if found is slides.Likeness.NONE:
        return None
    if found is slides.Likeness.DICOM:
        with slides.as_file(source) as file, slide_bytes.damage_refused():
            ds, level = slide_dicom.opened(file)
            return _of_dicom_slide(ds, level, secret, target, keep_characteristics)
    with ExitStack() as stack:
        try:
            slide = stack.enter_context(slide_tiff.opened(source))
        except Refused as refusal:
            if found is slides.Likeness.PICTURE_TOO and refusal.code in slide_tiff.NO_READER:
                return None
            raise
        written, facts = slides.store(slide, target)
        frame = slides.overview(written)
        boxes = slides.writing_beside(frame, detect((frame,)))
        told = report.of_metadata("slide", slide.dropped)
        suspicion = suspicion_of(None, boxes)
        return CleanInstance(
            kind="slide",
            modality="SM",
            sop_uid=pseudonyms.uid(secret, f"slide/{written.digest}"),
            series_uid=pseudonyms.uid(secret, f"slide-series/{written.digest}"),
            study_uid=pseudonyms.uid(secret, f"slide-study/{written.digest}"),
            patient_key="",
            series_description="",
            body_part="",
            instance_number=None,
            manufacturer_model="",
            patient_sex="",
            patient_age="",
            clean_bytes=b"",
            digest=written.digest,
            frames=(frame,),
            removed=report.summed(told),
            report=report.with_pixels(told, suspicion=suspicion, boxes=len(boxes)),
            suspicion=suspicion,
            boxes=boxes,
            slide=facts,
        )


def _of_dicom_slide(
    header: Dataset, level: slide_dicom.DicomSlide, secret: bytes, target: BinaryIO, keep: bool
) -> CleanInstance:
    written, facts = slides.store(level, target)
    # One slide, whatever number of its levels comes: told by series, glass and optical paths.
    own = "/".join(
        [
            str(header.get("SeriesInstanceUID", "")) or written.digest,
            str(header.get("FrameOfReferenceUID", "")),
            *(str(path.get("OpticalPathIdentifier", "")) for path in header.get("OpticalPathSequence") or []),
        ]
    )
    label = [_text(header, name).upper() for name in ("SpecimenLabelInImage", "BurnedInAnnotation")]
    frame = slides.overview(written)
    boxes = slides.writing_beside(frame, detect((frame,)))
    suspicion = (*(("burned-in-flag",) if "YES" in label else ()), *suspicion_of(None, boxes))
    result = deidentify(header, secret=secret, keep_characteristics=keep)
    described = _described(result.dataset)
    return CleanInstance(
        **{**described, "modality": "SM", "sop_uid": pseudonyms.uid(secret, f"slide/{own}")},
        kind="slide",
        instance_number=None,
        clean_bytes=b"",
        digest=written.digest,
        frames=(frame,),
        removed=result.removed,
        report=report.with_pixels(result.report, suspicion=suspicion, boxes=len(boxes)),
        suspicion=suspicion,
        boxes=boxes,
        slide=facts,
    )


def _text(ds: Dataset, keyword: str) -> str:
    value = ds.get(keyword)
    if isinstance(value, (MultiValue, list)):
        value = value[0] if value else ""
    return str(value or "").strip()


def _modality(ds: Dataset) -> str:
    found = _text(ds, "Modality").upper()
    return found if found in MODALITIES else _RELATED.get(found, "OT")


def _bounded(number: int | None) -> int | None:
    return None if number is None else max(-(2**31), min(number, 2**31 - 1))


def _clean_dicom(data: bytes, secret: bytes, keep: bool) -> CleanInstance | CleanRegions:
    read = read_dicom(data, also=CLASSES)
    if read.get("SOPClassUID") in CLASSES:
        return read_regions(read, secret=secret)
    result = deidentify(read, secret=secret, keep_characteristics=keep)
    ds = result.dataset
    # Decoded from the clean object: what is shown is what is stored, and nothing more.
    frames = tuple(decode(ds))
    boxes = detect(frames, scans=scans_of(read), sure=sureness_for(read))
    suspicion = suspicion_of(read, boxes)
    if not suspicion:
        # What is suspected is not clean before a person has looked.
        say_pixels_are_clean(ds)
    with handled():
        stored = to_bytes(ds)
        return CleanInstance(
            **_described(ds),
            kind="dicom",
            instance_number=_bounded(frames[0].instance_number),
            clean_bytes=stored,
            digest=hashlib.sha256(stored).hexdigest(),
            frames=frames,
            removed=result.removed,
            report=report.with_pixels(result.report, suspicion=suspicion, boxes=len(boxes)),
            suspicion=suspicion,
            boxes=boxes,
        )


def _described(ds: Dataset) -> dict[str, str]:
    """What a clean header says of the patient, the study and the device, by attribute of `CleanInstance`."""
    sex = _text(ds, "PatientSex").upper()
    return {
        "modality": _modality(ds),
        "sop_uid": _text(ds, "SOPInstanceUID"),
        "series_uid": _text(ds, "SeriesInstanceUID"),
        "study_uid": _text(ds, "StudyInstanceUID"),
        "frame_of_reference": _text(ds, "FrameOfReferenceUID"),
        "patient_key": _text(ds, "PatientID"),
        "series_description": _text(ds, "SeriesDescription"),
        "body_part": _text(ds, "BodyPartExamined"),
        "manufacturer_model": _text(ds, "ManufacturerModelName"),
        "patient_sex": sex if sex in ("F", "M", "O") else "",
        "patient_age": _text(ds, "PatientAge"),
    }


def picture_frame(page: NDArray[Any], number: int) -> DecodedFrame:
    """One page of a picture, ``(H, W)`` or ``(H, W, 3)``, as a frame; ``number`` counts from 1."""
    slope, intercept, center, width = 1.0, 0.0, 127.5, 256.0
    pixels = page
    if page.ndim == 2 and page.dtype != np.uint8:
        finite = page[np.isfinite(page)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        pixels, slope, intercept = to_browser(page, low, high)
        middle, span = auto_window(pixels)
        center, width = middle * slope + intercept, span * slope
    return DecodedFrame(
        pixels=np.ascontiguousarray(pixels),
        slope=slope,
        intercept=intercept,
        window_center=center,
        window_width=width,
        invert=False,
        pixel_spacing=None,
        position=None,
        orientation=None,
        slice_location=None,
        thickness=None,
        unit="",
        frame_number=number,
    )


def _clean_picture(data: bytes, secret: bytes) -> CleanInstance:
    frames = tuple(picture_frame(page, number) for number, page in enumerate(read_picture(data), start=1))
    told = report.of_metadata("picture", metadata_of(data, sniff(data[:HEAD])))
    stored = write_lossless([written_values(frame.pixels) for frame in frames])
    digest = hashlib.sha256(stored).hexdigest()
    boxes = detect(frames)
    return CleanInstance(
        kind="picture",
        modality="OT",
        sop_uid=pseudonyms.uid(secret, f"picture/{digest}"),
        series_uid=pseudonyms.uid(secret, f"picture-series/{digest}"),
        study_uid=pseudonyms.uid(secret, f"picture-study/{digest}"),
        patient_key="",
        series_description="",
        body_part="",
        instance_number=None,
        manufacturer_model="",
        patient_sex="",
        patient_age="",
        clean_bytes=stored,
        digest=digest,
        frames=frames,
        removed=report.summed(told),
        report=report.with_pixels(told, suspicion=suspicion_of(None, boxes), boxes=len(boxes)),
        suspicion=suspicion_of(None, boxes),
        boxes=boxes,
    )


def _clean_volume(data: bytes, kind: Kind, secret: bytes) -> CleanInstance:
    grid = read_volume(data, kind)
    told = report.of_metadata("volume", grid.dropped)
    stored = write_volume(grid)
    digest = hashlib.sha256(stored).hexdigest()
    frames = tuple(slices(grid))
    boxes = detect(frames, sure=SURE_OF_SLICES)
    return CleanInstance(
        kind="volume",
        modality="OT",
        sop_uid=pseudonyms.uid(secret, f"volume/{digest}"),
        series_uid=pseudonyms.uid(secret, f"volume-series/{digest}"),
        study_uid=pseudonyms.uid(secret, f"volume-study/{digest}"),
        patient_key="",
        series_description="",
        body_part="",
        instance_number=None,
        manufacturer_model="",
        patient_sex="",
        patient_age="",
        clean_bytes=stored,
        digest=digest,
        frames=frames,
        removed=report.summed(told),
        report=report.with_pixels(told, suspicion=suspicion_of(None, boxes), boxes=len(boxes)),
        notes=grid.notes,
        suspicion=suspicion_of(None, boxes),
        boxes=boxes,
    )


def written_values(pixels: NDArray[Any]) -> NDArray[Any]:
    """Shift signed pixels, which PNG cannot hold, by 32768; a picture's values have no unit."""
    if pixels.dtype == np.int16:
        return (pixels.astype(np.int32) + 32768).astype(np.uint16)
    return pixels
