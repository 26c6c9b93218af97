"""Remove from a DICOM object everything that says who the patient is.

The walker builds a new data set and copies into it what `rules` allows, at any
depth. What it does not copy does not exist: a preamble, a private block or a
trailing element needs no deleting.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from numbers import Number
from typing import Any

import numpy as np
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID, ExplicitVRLittleEndian

from . import pseudonyms, report, rules
from .bulk import clean_pixels
from .errors import UNREADABLE, Refused, let_stops_pass
from .identity import Identity
from .reader import LIMITS, handled, pixel_keyword
from .rules import Action, Plan
from .vocabulary import is_code
from .writing import raw, write_file

# Below the UUID root, chosen once for this application (DICOM PS3.7 D.3.3.2).
IMPLEMENTATION_UID = "2.25.5853598346115554801191830528999529889"
IMPLEMENTATION_NAME = "MEDWEB_1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Storage classes younger than pydicom's dictionary are standard too.
_STORAGE_CLASS = re.compile(r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.[0-9.]{1,12}")

_TIME = re.compile(r"[0-9:]{2,8}(\.[0-9]{1,6})?", re.ASCII)
_AGE = re.compile(r"([0-9]{3})([DWMY])", re.ASCII)
_DECIMALS = re.compile(rb"[0-9+\-.eE \\\x00]*")
# Twelve letters in a row are no measured values.
_LETTERS = re.compile(rb"[A-Za-z^ ]{12}")
_OLDEST = 90  # ages above 89 are one group (45 CFR 164.514(b)(2)(i)(C))
_SEX = 0x00100040
_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8, "AT": 4, "OW": 2, "OB": 1}
_LONGEST_TABLE = 65536 * 2
_DUMMIES: dict[str, bytes] = {
    **dict.fromkeys(("LO", "SH", "LT", "ST", "UT", "UC", "CS", "AE", "PN"), b"REMOVED"),
    **dict.fromkeys(("IS", "DS"), b"0"),
    **{vr: bytes(size) for vr, size in _SIZES.items()},
    "DA": b"19000101",
    "DT": b"19000101000000",
    "TM": b"000000",
    "AS": b"000Y",
}
_KEEP, _REMOVE, _TEXT, _DESCEND = "keep", "remove", Action.TEXT.value, Action.DESCEND.value
_REPLACED = frozenset(action.value for action in (Action.EMPTY, Action.DUMMY, Action.PSEUDONYM))
_STRINGS = frozenset(
    action.value for action in (Action.UID, Action.DATE, Action.TIME, Action.AGE, Action.CODE)
)
# What our own file meta says too.
_OWN_META = frozenset((0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013))
_PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))


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


class _Unfit(Exception):
    """A value that does not fit its attribute; the argument is the reason of its removal."""


@dataclass
class _Walk:
    """What the whole walk over one object shares."""

    secret: bytes
    key: str
    days: int
    identity: Identity
    characteristics: bool
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def walk(self, source: Dataset, depth: int = 0) -> Dataset:
        if depth > LIMITS.depth:
            raise Refused(
                "too-deep", "The header nests sequences deeper than any image needs. Export it again."
            )
        kept: dict[BaseTag, DataElement | RawDataElement] = {}
        counts = self.counts
        for key, element in list(source.items()):
            tag = int(key)
            if tag >> 16 & 1:
                counts["PrivateBlock", "remove", "private"] += 1
                continue
            plan = rules.plan_for(tag, characteristics=self.characteristics)
            action = plan.action
            if action == _REMOVE:
                self._count_removal(tag, plan, depth)
                continue
            if action in _REPLACED:
                counts[plan.name, action, plan.reason] += 1
                kept[key] = self._replacement(tag, plan)
                continue
            try:
                kept[key] = self._element(source, tag, element, plan, depth)
            except (RecursionError, Refused):
                raise
            except _Unfit as unfit:
                counts[plan.name, "remove", str(unfit)] += 1
            except Exception as error:  # noqa: BLE001  what cannot be read cannot be cleaned: it goes, and is counted
                let_stops_pass(error)
                counts[plan.name, "remove", "unreadable"] += 1
        return Dataset(kept)

    def _count_removal(self, tag: int, plan: Plan, depth: int) -> None:
        if tag in _PIXELS:
            if depth:
                self.counts[plan.name, "remove", "icon"] += 1
        else:
            action = "replace" if plan.reason == "rewritten" else "remove"
            self.counts[plan.name, action, plan.reason] += 1

    def _replacement(self, tag: int, plan: Plan) -> RawDataElement:
        vr = plan.vr.partition(" or ")[0]
        if plan.action == Action.PSEUDONYM.value:
            return raw(tag, vr, self.key.encode())
        return raw(tag, vr, _DUMMIES.get(vr, b"") if plan.action == Action.DUMMY.value else b"")

    def _element(
        self, source: Dataset, tag: int, element: DataElement | RawDataElement, plan: Plan, depth: int
    ) -> DataElement | RawDataElement:
        """The clean element; raises `_Unfit` when it may not stay."""
        vr = element.VR
        if vr is None or (vr == "UN" and isinstance(element, RawDataElement)):
            vr = plan.vr
        if " or " in vr:
            # Which one depends on other attributes; pydicom knows.
            element = source[tag]
            vr = element.VR
        if vr != plan.vr and vr not in plan.vr.split(" or "):
            # Text under a number's tag would pass unseen.
            raise _Unfit("mismatch")
        action = plan.action
        if action == _DESCEND:
            self.counts[plan.name, "keep", plan.reason] += 1
            items = [self.walk(item, depth + 1) for item in source[tag].value or []]
            return _new(tag, "SQ", Sequence(items))
        if action == _TEXT:
            return self._text(tag, vr, source[tag].value, plan)
        if action in _STRINGS:
            return self._strings(tag, vr, element, plan)
        if vr in ("DS", "IS"):
            kept: DataElement | RawDataElement = raw(tag, vr, self._decimals(element))
        elif isinstance(element, RawDataElement) or isinstance(element.value, bytes):
            kept = raw(tag, vr, self._numbers(element, vr, plan))
        elif all(isinstance(one, Number) for one in _listed(element.value) if one not in (None, "")):
            kept = _new(tag, vr, element.value)
        else:
            raise _Unfit("mismatch")
        self.counts[plan.name, "keep", plan.reason] += 1
        return kept

    def _text(self, tag: int, vr: str, value: Any, plan: Plan) -> DataElement:
        texts = ["" if one is None else str(one).strip(" \x00") for one in _listed(value)]
        cleaned = [self.identity.scrub(text) for text in texts]
        self._count(plan, cleaned != texts)
        if not any(cleaned):
            return _new(tag, vr, "")
        return _new(tag, vr, cleaned[0] if len(cleaned) == 1 else cleaned)

    def _strings(
        self, tag: int, vr: str, element: DataElement | RawDataElement, plan: Plan
    ) -> RawDataElement:
        if isinstance(element, RawDataElement):
            try:
                texts = (element.value or b"").decode("ascii").split("\\")
            except UnicodeDecodeError:
                raise _Unfit("mismatch") from None
        else:
            texts = ["" if one is None else str(one) for one in _listed(element.value)]
        texts = [text.strip(" \x00") for text in texts]
        cleaned = [self._value(plan.action, tag, vr, text) if text else "" for text in texts]
        self._count(plan, cleaned != texts)
        return raw(tag, vr, "\\".join(cleaned).encode() if any(cleaned) else b"")

    def _count(self, plan: Plan, changed: bool) -> None:
        self.counts[plan.name, plan.action if changed else "keep", plan.reason] += 1

    def _value(self, action: str, tag: int, vr: str, text: str) -> str:
        """Clean one value; an empty string stands for one that may not stay."""
        if action == "uid":
            return _clean_uid(self.secret, text)
        if action == "date":
            return self._date(vr, text)
        if action == "time":
            return text if _TIME.fullmatch(text) else ""
        if action == "age":
            return _age(text)
        if tag == _SEX:
            return text if text in ("F", "M", "O") else ""
        return text if is_code(text) and self.identity.allows_code(text) else ""

    def _date(self, vr: str, text: str) -> str:
        move = pseudonyms.shift_date if vr == "DA" else pseudonyms.shift_datetime
        try:
            return move(text, self.days)
        except ValueError:
            return ""

    def _decimals(self, element: DataElement | RawDataElement) -> bytes:
        if isinstance(element, RawDataElement):
            value = element.value or b""
        else:
            value = "\\".join("" if one is None else str(one) for one in _listed(element.value)).encode()
        if not _DECIMALS.fullmatch(value):
            raise _Unfit("mismatch")
        parts = [part.strip(b" \x00") for part in value.split(b"\\")]
        if any(len(part) > 5 and not self.identity.allows_number(part.decode()) for part in parts):
            raise _Unfit("number-of-patient")
        return b"\\".join(parts)

    def _numbers(self, element: DataElement | RawDataElement, vr: str, plan: Plan) -> bytes:
        """Binary numbers or a lookup table as little-endian bytes, when they are nothing else."""
        value: bytes = element.value or b""
        size = _SIZES.get(vr, 0)
        if not size or len(value) % size:
            raise _Unfit("mismatch")
        if plan.most and len(value) > plan.most * size and plan.reason != "table":
            raise _Unfit("mismatch")
        if len(value) > 16:
            letters = plan.reason != "table" and _LETTERS.search(value)
            too_long = plan.reason == "table" and len(value) > _LONGEST_TABLE
            if letters or too_long or self.identity.is_in(value):
                raise _Unfit("mismatch")
        if isinstance(element, RawDataElement) and not element.is_little_endian and size > 1:
            width = 2 if vr == "AT" else size
            return np.frombuffer(value, f">u{width}").astype(f"<u{width}").tobytes()
        return value


def _listed(value: Any) -> list[Any] | MultiValue[Any]:
    return value if isinstance(value, (MultiValue, list)) else [value]


def _new(tag: int, vr: str, value: object) -> DataElement:
    return DataElement(tag, vr, value, already_converted=True, validation_mode=IGNORE)


@lru_cache(maxsize=8192)
def _clean_uid(secret: bytes, uid: str) -> str:
    return uid if _is_standard(uid) else pseudonyms.uid(secret, uid)


def _is_standard(uid: str) -> bool:
    """Whether a UID is defined by DICOM and so says nothing of the patient."""
    return UID(uid).name != uid or _STORAGE_CLASS.fullmatch(uid) is not None


def _age(text: str) -> str:
    match = _AGE.fullmatch(text)
    if not match:
        return ""
    return f"{_OLDEST:03d}Y" if match[2] == "Y" and int(match[1]) >= _OLDEST else text


def _first(ds: Dataset, keyword: str) -> str:
    try:
        value = ds.get(keyword, "")
    except UNREADABLE:
        return ""
    if isinstance(value, (MultiValue, list)):
        value = value[0] if value else ""
    return str(value or "").strip(" \x00")


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
            walk = _Walk(secret, key, days, Identity.of(ds), keep_characteristics)
            target = walk.walk(ds)
        except RecursionError as error:
            raise Refused("too-deep", "The header nests sequences too deep. Export it again.") from error
        _complete(target, ds, walk)
        profile = rules.profile(characteristics=keep_characteristics)
        told = report.of_object("dicom", walk.counts, profile=profile)
        return Deidentified(target, report.summed(told), told, profile)


def _complete(target: Dataset, source: Dataset, walk: _Walk) -> None:
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
        if not target.get(missing):
            # Objects without a series still need one that no other patient shares.
            setattr(target, missing, pseudonyms.uid(walk.secret, f"{missing}/{own}"))
    if not _is_standard(str(target.get("SOPClassUID", "") or "")):
        target.SOPClassUID = SECONDARY_CAPTURE
    _say_methods(target, characteristics=walk.characteristics, pixels=False)
    if any(getattr(source, "preamble", None) or b""):
        walk.counts["Preamble", "remove", "preamble"] += 1
    meta = source.file_meta
    for tag in list(meta.keys()):
        name = "PrivateBlock" if int(tag) >> 16 & 1 else rules.plan_for(int(tag)).name
        walk.counts[name, "replace" if int(tag) in _OWN_META else _REMOVE, "file-meta"] += 1
    syntax = UID(meta.TransferSyntaxUID)
    _write_meta(target, syntax if syntax.is_encapsulated else UID(ExplicitVRLittleEndian))


def _age_at_study(source: Dataset) -> str:
    """Age from birth date and date of the examination, both unshifted, so that it stays true."""
    dates = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
    taken = next((found for key in dates if (found := _day(_first(source, key)))), None)
    born = _day(_first(source, "PatientBirthDate"))
    if taken is None or born is None or not 0 <= (taken - born).days < 150 * 366:
        return ""
    months = (taken.year - born.year) * 12 + taken.month - born.month - (taken.day < born.day)
    if months >= 24:
        return _age(f"{months // 12:03d}Y")
    return f"{months:03d}M" if months else f"{(taken - born).days:03d}D"


def _day(text: str) -> date | None:
    digits = text.replace(".", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) == 8 else None
    except ValueError:
        return None


def say_pixels_are_clean(ds: Dataset, *, by_person: bool = False) -> None:
    """Note in a clean data set that its pixels were searched for text, or blackened by a person.

    Parameters
    ----------
    ds : pydicom.Dataset
        Made by `deidentify`, or read again from its bytes; it is changed. Saying it twice changes nothing.
    by_person : bool
        Whether somebody has looked; only then Burned In Annotation (0028,0301) becomes NO.

    Notes
    -----
    Adds the code of the Clean Pixel Data Option (PS3.15 E.3.1).
    """
    codes = {str(item.get("CodeValue")) for item in ds.get("DeidentificationMethodCodeSequence") or ()}
    if by_person:
        _put(ds, 0x00280301, "CS", "NO")
    _say_methods(ds, characteristics=rules.CHARACTERISTICS_OPTION in codes, pixels=True)


def _say_methods(target: Dataset, *, characteristics: bool, pixels: bool) -> None:
    words, items = _methods(characteristics, pixels)
    _put(target, 0x00120063, "LO", words)
    sequence = Sequence([Dataset(dict(item)) for item in items])
    target[BaseTag(0x00120064)] = _new(0x00120064, "SQ", sequence)


@lru_cache(maxsize=4)
def _methods(characteristics: bool, pixels: bool) -> tuple[str, list[dict[BaseTag, RawDataElement]]]:
    codes = rules.method_codes(characteristics=characteristics, pixels=pixels)
    items = []
    for value, meaning in codes:
        texts = ((0x00080100, "SH", value), (0x00080102, "SH", "DCM"), (0x00080104, "LO", meaning))
        items.append({BaseTag(tag): raw(tag, vr, text.encode()) for tag, vr, text in texts})
    return "\\".join(("MedWeb", rules.VERSION, *(meaning for _, meaning in codes))), items


def _put(ds: Dataset, tag: int, vr: str, text: str) -> None:
    ds[BaseTag(tag)] = raw(tag, vr, text.encode())


def _write_meta(target: Dataset, syntax: UID) -> None:
    meta = FileMetaDataset()
    meta[BaseTag(0x00020001)] = RawDataElement(BaseTag(0x00020001), "OB", 2, b"\x00\x01", 0, False, True)
    _put(meta, 0x00020002, "UI", str(target.SOPClassUID))
    _put(meta, 0x00020003, "UI", str(target.SOPInstanceUID))
    _put(meta, 0x00020010, "UI", str(syntax))
    _put(meta, 0x00020012, "UI", IMPLEMENTATION_UID)
    _put(meta, 0x00020013, "SH", IMPLEMENTATION_NAME)
    target.file_meta = meta


def to_bytes(ds: Dataset) -> bytes:
    """Write a de-identified data set as a DICOM file; equal data sets give equal bytes."""
    with handled():
        return write_file(ds)
