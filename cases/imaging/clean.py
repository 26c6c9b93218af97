"""From uploaded bytes to what may be stored: the door of this package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from . import pseudonyms
from .burned import TextBox
from .deidentify import deidentify, to_bytes
from .errors import Refused
from .frames import DecodedFrame, decode, to_browser
from .pictures import read_picture, write_lossless
from .reader import HEAD, Kind, handled, read_dicom, sniff
from .render import auto_window
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
        ``"dicom"``, ``"picture"`` or ``"volume"``.
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
        De-identified DICOM file, PNG (TIFF when there are several pages), or NIfTI in gzip.
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


def clean(data: bytes, *, secret: bytes) -> CleanInstance:
    """Read, check, de-identify and decode one uploaded file.

    Parameters
    ----------
    data : bytes
        The whole file. Archives are opened before, by `archive.members`.
    secret : bytes
        Key of the pseudonyms, at least 16 bytes.

    Returns
    -------
    CleanInstance
        The same bytes and secret always give the same `clean_bytes`.

    Raises
    ------
    Refused
        With a sentence for the person who uploaded the file.
    """
    if not data:
        raise Refused("empty", "The file is empty. Copy it again, then upload.")
    kind = sniff(data[:HEAD])
    if kind is Kind.DICOM:
        return _clean_dicom(data, secret)
    if kind is Kind.DICOMDIR:
        raise Refused("dicomdir", "This is the index of a disc, not an image. Upload the images it lists.")
    if kind in _ARCHIVES:
        raise Refused("archive", "An archive cannot be opened at this place. Upload the images it contains.")
    if kind in VOLUMES:
        return _clean_volume(data, kind, secret)
    return _clean_picture(data, secret)


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


def _clean_dicom(data: bytes, secret: bytes) -> CleanInstance:
    result = deidentify(read_dicom(data), secret=secret)
    ds = result.dataset
    # Decoded from the clean object: what is shown is what is stored, and nothing more.
    frames = tuple(decode(ds))
    with handled():
        stored = to_bytes(ds)
        sex = _text(ds, "PatientSex").upper()
        return CleanInstance(
            kind="dicom",
            modality=_modality(ds),
            sop_uid=_text(ds, "SOPInstanceUID"),
            series_uid=_text(ds, "SeriesInstanceUID"),
            study_uid=_text(ds, "StudyInstanceUID"),
            patient_key=_text(ds, "PatientID"),
            series_description=_text(ds, "SeriesDescription"),
            body_part=_text(ds, "BodyPartExamined"),
            instance_number=_bounded(frames[0].instance_number),
            manufacturer_model=_text(ds, "ManufacturerModelName"),
            patient_sex=sex if sex in ("F", "M", "O") else "",
            patient_age=_text(ds, "PatientAge"),
            clean_bytes=stored,
            digest=hashlib.sha256(stored).hexdigest(),
            frames=frames,
            removed=result.removed,
        )


def _picture_frame(page: NDArray[Any], number: int) -> DecodedFrame:
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
    frames = tuple(_picture_frame(page, number) for number, page in enumerate(read_picture(data), start=1))
    stored = write_lossless([_writable(frame.pixels) for frame in frames])
    digest = hashlib.sha256(stored).hexdigest()
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
        removed={"remove-metadata": 1},
    )


def _clean_volume(data: bytes, kind: Kind, secret: bytes) -> CleanInstance:
    grid = read_volume(data, kind)
    stored = write_volume(grid)
    digest = hashlib.sha256(stored).hexdigest()
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
        frames=tuple(slices(grid)),
        removed={"remove-metadata": sum(grid.dropped.values())} if grid.dropped else {},
        report={name: {"remove/volume-text": times} for name, times in sorted(grid.dropped.items())},
        notes=grid.notes,
    )


def _writable(pixels: NDArray[Any]) -> NDArray[Any]:
    """Shift signed pixels, which PNG cannot hold, by 32768; a picture's values have no unit."""
    if pixels.dtype == np.int16:
        return (pixels.astype(np.int32) + 32768).astype(np.uint16)
    return pixels
