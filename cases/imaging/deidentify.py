"""Remove from a DICOM object everything that says who the patient is.

The walker builds a new data set and copies into it what `rules` allows, at any
depth. What it does not copy does not exist: a preamble, a private block or a
trailing element needs no deleting.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.uid import UID, ExplicitVRLittleEndian

from . import pseudonyms, report, rules
from .bulk import clean_pixels
from .elements import plain_text
from .errors import UNREADABLE, Refused
from .gathering import texts_of
from .identity import Identity
from .reader import handled, pixel_keyword
from .walking import Walk, grouped_age, is_standard
from .writing import raw, write_file, write_items

# Below the UUID root, chosen once for this application (DICOM PS3.7 D.3.3.2).
IMPLEMENTATION_UID = "2.25.5853598346115554801191830528999529889"
IMPLEMENTATION_NAME = "MEDWEB_1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# What our own file meta says too.
_OWN_META = frozenset((0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013))
_WORDS = frozenset(("AS", "CS", "DA", "LO", "PN", "SH", "UI"))


@dataclass(frozen=True)
class Deidentified:
    """The clean data set, what was done to which attribute, and by which profile.

    Attributes
    ----------
    dataset : pydicom.Dataset
        Can be written by `to_bytes`.
    removed : dict of str to int
        Counts by action, removals by reason: ``"remove-private"``, ``"uid"``.
    report : dict of str to dict of str to int
        See `report`.
    profile : str
        In words.
    """

    dataset: Dataset
    removed: dict[str, int]
    report: report.Report
    profile: str


def _first(ds: Dataset, keyword: str) -> str:
    try:
        element = ds.get_item(keyword)
        if element is None:
            return ""
        if element.VR not in _WORDS:
            # By another representation than its own, or by none: pydicom knows.
            value = ds.get(keyword, "")
            return str(
                (value[0] if value else "") if isinstance(value, (MultiValue, list)) else value or ""
            ).strip(" \x00")
        return texts_of(ds, int(element.tag), element)[0].strip(" \x00")
    except UNREADABLE:
        return ""


def patient_of(ds: Dataset, secret: bytes) -> str:
    """Key of the patient; falls back on name and birth date, then on the study.

    Without the fall-back all patients whose number is empty would become one.
    """
    number = _first(ds, "PatientID")
    if number:
        return pseudonyms.patient_key(secret, number, _first(ds, "IssuerOfPatientID"))
    name = _first(ds, "PatientName")
    if name:
        return pseudonyms.patient_key(secret, f"{name}\x00{_first(ds, 'PatientBirthDate')}", "by-name")
    study = _first(ds, "StudyInstanceUID") or _first(ds, "SOPInstanceUID")
    return pseudonyms.patient_key(secret, study, "by-study")


def deidentify(ds: Dataset, *, secret: bytes, keep_characteristics: bool = True) -> Deidentified:
    """Build a de-identified copy of an image object.

    Parameters
    ----------
    ds : pydicom.Dataset
        As `read_dicom` returns it; it is not changed.
    secret : bytes
        Key of the pseudonyms, at least 16 bytes.
    keep_characteristics : bool
        Retain sex, age (above 89 as one group), size and weight.

    Returns
    -------
    Deidentified
        Its data set can be written by `to_bytes`.

    Raises
    ------
    Refused
        ``too-deep`` when sequences are nested without end.

    Notes
    -----
    DICOM PS3.15 Annex E, Basic Profile with the options of `rules.profile`. The pixels
    themselves are not searched for text; who does says so with `say_pixels_are_clean`.
    """
    with handled():
        key = patient_of(ds, secret)
        days = pseudonyms.date_shift(secret, key)
        try:
            walk = Walk(secret, key, days, Identity.of(ds), keep_characteristics)
            target = walk.walk(ds)
        except RecursionError as error:
            raise Refused("too-deep", "The header nests sequences too deep. Export it again.") from error
        _complete(target, ds, walk)
        profile = rules.profile(characteristics=keep_characteristics)
        told = report.of_object("dicom", walk.counts, profile=profile)
        return Deidentified(target, report.summed(told), told, profile)


def _complete(target: Dataset, source: Dataset, walk: Walk) -> None:
    """Add what every clean object says of itself, and its file meta."""
    _put(target, 0x00080005, "CS", "ISO_IR 192")
    _put(target, 0x00100010, "PN", walk.key)
    _put(target, 0x00100020, "LO", walk.key)
    _put(target, 0x00120062, "CS", "YES")
    _put(target, 0x00280303, "CS", "MODIFIED")
    keyword = pixel_keyword(source)
    if keyword is not None:
        target.add(clean_pixels(source, keyword))
        walk.counts[keyword, "keep", "pixels"] += 1
    if walk.characteristics and not _first(target, "PatientAge") and (age := _age_at_study(source)):
        target.PatientAge = age
        walk.counts["PatientAge", "age", "derived"] += 1
    own = (
        _first(source, "SOPInstanceUID")
        or hashlib.sha256(source[keyword].value if keyword else b"").hexdigest()
    )
    for missing in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        if not _text(target, missing):
            # Objects without a series still need one that no other patient shares.
            setattr(target, missing, pseudonyms.uid(walk.secret, f"{missing}/{own}"))
    if not is_standard(_text(target, "SOPClassUID")):
        target.SOPClassUID = SECONDARY_CAPTURE
    _say_methods(target, characteristics=walk.characteristics, pixels=False)
    preamble = getattr(source, "preamble", None) or b""
    if preamble.count(0) < len(preamble):
        walk.counts["Preamble", "remove", "preamble"] += 1
    meta = source.file_meta
    for tag in list(meta.keys()):
        name = "PrivateBlock" if int(tag) >> 16 & 1 else rules.plan_for(int(tag)).name
        walk.counts[name, "replace" if int(tag) in _OWN_META else "remove", "file-meta"] += 1
    syntax = UID(meta.TransferSyntaxUID)
    # Of objects that are refused in the end nobody has asked yet whether it is a transfer syntax at all.
    packed = syntax.is_transfer_syntax and syntax.is_encapsulated
    _write_meta(target, syntax if packed else UID(ExplicitVRLittleEndian))


def _text(ds: Dataset, keyword: str) -> str:
    plain = plain_text(ds, keyword)
    return plain if plain is not None else str(ds.get(keyword, "") or "")


def _age_at_study(source: Dataset) -> str:
    """Age from birth date and date of the examination, both unshifted, so that it stays true."""
    dates = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
    taken = next((found for key in dates if (found := _day(_first(source, key)))), None)
    born = _day(_first(source, "PatientBirthDate"))
    if taken is None or born is None or not 0 <= (taken - born).days < 150 * 366:
        return ""
    months = (taken.year - born.year) * 12 + taken.month - born.month - (taken.day < born.day)
    if months >= 24:
        return grouped_age(f"{months // 12:03d}Y")
    return f"{months:03d}M" if months else f"{(taken - born).days:03d}D"


def _day(text: str) -> date | None:
    digits = text.replace(".", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) == 8 else None
    except ValueError:
        return None


def say_pixels_are_clean(
    ds: Dataset, *, by_person: bool = False, characteristics: bool | None = None
) -> None:
    """Note in a clean data set that its pixels were searched for text, or blackened by a person.

    Parameters
    ----------
    ds : pydicom.Dataset
        Made by `deidentify`, or read again from its bytes; it is changed. Saying it twice changes nothing.
    by_person : bool
        Whether somebody has looked; only then Burned In Annotation (0028,0301) becomes NO.
    characteristics : bool, optional
        Whether sex, age, size and weight were retained; read from the data set where it is not said.

    Notes
    -----
    Adds the code of the Clean Pixel Data Option (PS3.15 E.3.1).
    """
    if characteristics is None:
        codes = {str(item.get("CodeValue")) for item in ds.get("DeidentificationMethodCodeSequence") or ()}
        characteristics = rules.CHARACTERISTICS_OPTION in codes
    if by_person:
        _put(ds, 0x00280301, "CS", "NO")
    _say_methods(ds, characteristics=characteristics, pixels=True)


def _say_methods(target: Dataset, *, characteristics: bool, pixels: bool) -> None:
    words, items = _methods(characteristics, pixels)
    _put(target, 0x00120063, "LO", words)
    target[BaseTag(0x00120064)] = raw(0x00120064, "SQ", items)


@lru_cache(maxsize=4)
def _methods(characteristics: bool, pixels: bool) -> tuple[str, bytes]:
    codes = rules.method_codes(characteristics=characteristics, pixels=pixels)
    items = []
    for value, meaning in codes:
        texts = ((0x00080100, "SH", value), (0x00080102, "SH", "DCM"), (0x00080104, "LO", meaning))
        items.append(Dataset({BaseTag(tag): raw(tag, vr, text.encode()) for tag, vr, text in texts}))
    # As bytes: every image says the same, and pydicom takes long to make data sets of it.
    return "\\".join(("MedWeb", rules.VERSION, *(meaning for _, meaning in codes))), write_items(items)


def _put(ds: Dataset, tag: int, vr: str, text: str) -> None:
    ds[BaseTag(tag)] = raw(tag, vr, text.encode())


def _write_meta(target: Dataset, syntax: UID) -> None:
    meta = FileMetaDataset()
    meta[BaseTag(0x00020001)] = RawDataElement(BaseTag(0x00020001), "OB", 2, b"\x00\x01", 0, False, True)
    _put(meta, 0x00020002, "UI", _text(target, "SOPClassUID"))
    _put(meta, 0x00020003, "UI", _text(target, "SOPInstanceUID"))
    _put(meta, 0x00020010, "UI", str(syntax))
    _put(meta, 0x00020012, "UI", IMPLEMENTATION_UID)
    _put(meta, 0x00020013, "SH", IMPLEMENTATION_NAME)
    target.file_meta = meta


def to_bytes(ds: Dataset) -> bytes:
    """Write a de-identified data set as a DICOM file; equal data sets give equal bytes."""
    with handled():
        return write_file(ds)
