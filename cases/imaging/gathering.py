"""Collect the names and numbers of people from an object, before anything of it is removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from . import rules
from .errors import let_stops_pass

_LONGEST_TEXT = 4096
_DEEPEST = 32
_PATIENT = frozenset({0x00100010, 0x00101001, 0x00101005, 0x00101060})
_UNDIVIDED = frozenset(("LT", "ST", "UT"))


def texts_of(ds: Dataset, tag: int, element: DataElement | RawDataElement) -> list[str]:
    """Values of an element of text or of a person's name.

    Bytes of ASCII without an escape mean the same in every character set of DICOM, and need no
    conversion by pydicom, which takes thirty times as long.
    """
    if isinstance(element, RawDataElement):
        value = element.value or b""
        if value.isascii() and b"\x1b" not in value:
            text = value.decode("ascii")
            return [text] if element.VR in _UNDIVIDED else text.split("\\")
        element = ds[tag]
    values = element.value
    return ["" if one is None else str(one) for one in _listed(values)]


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, (MultiValue, list)) else [value]


def _texts(ds: Dataset, tag: int, element: DataElement | RawDataElement) -> Iterator[str]:
    try:
        found = texts_of(ds, tag, element)
    except Exception as error:  # noqa: BLE001  an unreadable value names nobody, and is removed from the copy
        let_stops_pass(error)
        return
    for text in found:
        if text:
            yield text[:_LONGEST_TEXT]


@dataclass(slots=True)
class Found:
    """What one walk over an object collects."""

    patient: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    makers: list[str] = field(default_factory=list)

    def gather(self, ds: Dataset, depth: int = 0) -> None:
        """Every person name of the object, at any depth: doctors are people too."""
        plans = rules.PLANS[True]
        for key, element in list(ds.items()):
            tag = int(key)
            vr = element.VR
            if tag >> 16 & 1:
                if vr == "PN":
                    self.people.extend(_texts(ds, tag, element))
                continue
            known = plans[tag].vr
            if known == "PN" or vr == "PN":
                (self.patient if tag in _PATIENT else self.people).extend(_texts(ds, tag, element))
            elif known == "SQ" or vr == "SQ":
                if depth < _DEEPEST:
                    self._descend(ds, tag, element, depth)
            elif tag in rules.NUMBERS:
                self.numbers.extend(_texts(ds, tag, element))
            elif tag in rules.PLACES:
                self.places.extend(_texts(ds, tag, element))
            elif tag in rules.MAKERS:
                self.makers.extend(_texts(ds, tag, element))

    def _descend(self, ds: Dataset, tag: int, element: DataElement | RawDataElement, depth: int) -> None:
        try:
            items = ds[tag].value if isinstance(element, RawDataElement) else element.value
        except RecursionError:
            raise
        except Exception as error:  # noqa: BLE001  the walker meets the same damage, and removes it
            let_stops_pass(error)
            return
        # A damaged sequence is read as a number or as text.
        for item in items if isinstance(items, Sequence) else []:
            if isinstance(item, Dataset):
                self.gather(item, depth + 1)
