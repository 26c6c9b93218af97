"""Copy from a header what the rules allow, element by element, and count what was done to each."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Number
from typing import Any

import numpy as np
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID

from . import pseudonyms, rules
from .errors import Refused, let_stops_pass
from .gathering import texts_of
from .identity import Identity
from .reader import LIMITS
from .rules import Action, Plan
from .vocabulary import is_code
from .writing import raw

# Storage classes younger than pydicom's dictionary are standard too.
_STORAGE_CLASS = re.compile(r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.[0-9.]{1,12}")

_TIME = re.compile(r"[0-9:]{2,8}(\.[0-9]{1,6})?", re.ASCII)
_AGE = re.compile(r"([0-9]{3})([DWMY])", re.ASCII)
_DECIMALS = re.compile(rb"[0-9+\-.eE \\\x00]*")
# Twelve letters in a row are no measured values.
_LETTERS = re.compile(rb"[A-Za-z^ ]{12}")
_OLDEST = 90  # ages above 89 are one group (45 CFR 164.514(b)(2)(i)(C))
_SEX = 0x00100040
# Values of coding schemes: SNOMED CT has eighteen digits.
_CODES = frozenset((0x00080100, 0x00080119))
_CODE = re.compile(r"[A-Z0-9.:-]{0,18}", re.ASCII)
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
_PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))


class _Unfit(Exception):
    """A value that does not fit its attribute; the argument is the reason of its removal."""


@dataclass
class Walk:
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
        plans = rules.PLANS[self.characteristics]
        for key, element in list(source.items()):
            tag = int(key)
            if tag >> 16 & 1:
                counts["PrivateBlock", "remove", "private"] += 1
                continue
            plan = plans[tag]
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
            except (RecursionError, MemoryError, Refused):
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
            found = source[tag] if isinstance(element, RawDataElement) else element
            items = [self.walk(item, depth + 1) for item in found.value or []]
            return element_of(tag, "SQ", Sequence(items))
        if action == _TEXT:
            return self._text(tag, vr, texts_of(source, tag, element), plan)
        if action in _STRINGS:
            return self._strings(tag, vr, element, plan)
        if vr in ("DS", "IS"):
            kept: DataElement | RawDataElement = raw(tag, vr, self._decimals(element))
        elif isinstance(element, RawDataElement) or isinstance(element.value, bytes):
            kept = raw(tag, vr, self._numbers(element, vr, plan))
        elif all(isinstance(one, Number) for one in _listed(element.value) if one not in (None, "")):
            kept = element_of(tag, vr, element.value)
        else:
            raise _Unfit("mismatch")
        self.counts[plan.name, "keep", plan.reason] += 1
        return kept

    def _text(self, tag: int, vr: str, found: list[str], plan: Plan) -> DataElement:
        texts = [text.strip(" \x00") for text in found]
        scrub = (
            self.identity.scrub_code
            if tag in _CODES and all(map(_CODE.fullmatch, texts))
            else self.identity.scrub
        )
        cleaned = [scrub(text) for text in texts]
        self._count(plan, cleaned != texts)
        if not any(cleaned):
            return element_of(tag, vr, "")
        return element_of(tag, vr, cleaned[0] if len(cleaned) == 1 else cleaned)

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
            return grouped_age(text)
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
        if plan.reason == "table" and self.identity.is_in(value):
            # A table of a few entries is as long as a name.
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


def element_of(tag: int, vr: str, value: object) -> DataElement:
    return DataElement(tag, vr, value, already_converted=True, validation_mode=IGNORE)


@lru_cache(maxsize=8192)
def _clean_uid(secret: bytes, uid: str) -> str:
    return uid if is_standard(uid) else pseudonyms.uid(secret, uid)


def is_standard(uid: str) -> bool:
    """Whether a UID is defined by DICOM and so says nothing of the patient."""
    known = UID(uid)
    # It drops blanks around the text: a name after a tab was not its own name, and so passed for a
    # standard one.
    return (known == uid and known.name != uid) or _STORAGE_CLASS.fullmatch(uid) is not None


def grouped_age(text: str) -> str:
    match = _AGE.fullmatch(text)
    if not match:
        return ""
    return f"{_OLDEST:03d}Y" if match[2] == "Y" and int(match[1]) >= _OLDEST else text
