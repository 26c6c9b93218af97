"""Single values of a header, read without pydicom where they are plain.

pydicom converts an element when it is first asked for, which takes twenty to forty microseconds; an image
is asked for about a hundred. What is not plain, or not valid, is left to pydicom, and so decided as ever.
"""

from __future__ import annotations

import re
from functools import cache

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

_PADDING = b" \0"
# Without a backslash, which parts values, and without an escape, which changes the character set.
_PLAIN = re.compile(rb"[\x20-\x5b\x5d-\x7e]*\0?")
_DECIMALS = re.compile(rb"[ ]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ ]*")
_WHOLE = re.compile(rb"[ ]*[+-]?[0-9]{1,9}[ ]*")
_TEXTS = frozenset(("AE", "AS", "CS", "DA", "LO", "SH", "TM", "UI"))
# More of them are a table, and pydicom reads tables faster.
_MOST = 64


@cache
def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"{keyword} is no keyword of DICOM")
    return tag


def is_there(ds: Dataset, keyword: str) -> bool:
    """Whether a data set has an attribute, empty or not."""
    return _tag(keyword) in ds.keys()  # noqa: SIM118  `in ds` turns keywords and numbers into tags first


def _raw(ds: Dataset, keyword: str) -> RawDataElement | None:
    element = ds.get_item(_tag(keyword))
    return element if isinstance(element, RawDataElement) and not element.is_implicit_VR else None


def plain_text(ds: Dataset, keyword: str) -> str | None:
    """The text of an attribute of one plain value, without blanks around it.

    Parameters
    ----------
    ds : pydicom.Dataset
    keyword : str
        Of an attribute of text or of a UID.

    Returns
    -------
    str or None
        Empty when the attribute is absent or empty; ``None`` when pydicom has to be asked: for several
        values, letters beyond ASCII, other representations, and what it has converted already.

    Examples
    --------
    >>> ds = Dataset()
    >>> plain_text(ds, "Modality")
    ''
    """
    if not is_there(ds, keyword):
        return ""
    element = _raw(ds, keyword)
    if element is None or element.VR not in _TEXTS:
        return None
    value = element.value or b""
    return value.strip(_PADDING).decode("ascii") if _PLAIN.fullmatch(value) else None


def plain_numbers(ds: Dataset, keyword: str) -> tuple[float, ...] | None:
    """The numbers of a decimal or integer string; ``None`` when pydicom has to be asked.

    Parameters
    ----------
    ds : pydicom.Dataset
    keyword : str
        Of an attribute of numbers.
    """
    if not is_there(ds, keyword):
        return ()
    element = _raw(ds, keyword)
    if element is None or element.VR not in ("DS", "IS"):
        return None
    value = (element.value or b"").rstrip(_PADDING)
    if not value:
        return ()
    parts = value.split(b"\\")
    form = _DECIMALS if element.VR == "DS" else _WHOLE
    if len(parts) > _MOST or not all(map(form.fullmatch, parts)):
        return None
    return tuple(map(float, parts))


def plain_whole(ds: Dataset, keyword: str) -> int | None:
    """One whole number of 16 bits without a sign, or of digits; ``None`` when pydicom has to be asked."""
    element = _raw(ds, keyword)
    if element is None:
        return None
    value = element.value or b""
    if element.VR == "US" and len(value) == 2:
        return int.from_bytes(value, "little" if element.is_little_endian else "big")
    if element.VR == "IS" and _WHOLE.fullmatch(value):
        return int(value)
    return None
