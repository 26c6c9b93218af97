"""Codes of labels as other programs write them: designators of DICOM, addresses of the web."""

from __future__ import annotations

import re
from typing import Final

from cases.geometry.schema import CODE

# Designators of PS3.16 table 8-1. A code that does not look like one of its terminology may hold anything,
# a name even, and is no code.
_SCHEMES: Final = {
    "radlex": ("RADLEX", re.compile(r"RID\d{1,8}")),
    "snomed": ("SCT", re.compile(r"\d{6,18}")),
    "icd10": ("I10", re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")),
}
_ADDRESSES: Final = {
    "radlex": "http://radlex.org/RID/",
    "snomed": "http://snomed.info/id/",
    "icd10": "http://hl7.org/fhir/sid/icd-10/",
}


def scheme_of(code: str) -> tuple[str, str] | None:
    """Designator and value of a code, as DICOM has them; ``None`` for own words and unknown terminologies.

    Examples
    --------
    >>> scheme_of("radlex:RID50149"), scheme_of("")
    (('RADLEX', 'RID50149'), None)
    """
    system, _, value = code.partition(":")
    return (_SCHEMES[system][0], value) if system in _SCHEMES else None


def from_scheme(designator: str, value: str) -> str:
    """The code that DICOM writes as `value` of `designator`; empty when it is none that is known here.

    Examples
    --------
    >>> from_scheme("SCT", "4147007"), from_scheme("SCT", "Ann Miller"), from_scheme("99XYZ", "1")
    ('snomed:4147007', '', '')
    """
    for system, (known, looks) in _SCHEMES.items():
        if designator == known and looks.fullmatch(value):
            return f"{system}:{value}"
    return ""


def address_of(code: str) -> str:
    """What names a code on the web; empty when nothing does.

    Examples
    --------
    >>> address_of("icd10:C34.1")
    'http://hl7.org/fhir/sid/icd-10/C34.1'
    """
    system, _, value = code.partition(":")
    return f"{_ADDRESSES[system]}{value}" if system in _ADDRESSES else ""


def from_address(text: object) -> str:
    """Undo :func:`address_of`; empty for any other address.

    Examples
    --------
    >>> from_address("http://radlex.org/RID/RID50149"), from_address("http://example.org/"), from_address(7)
    ('radlex:RID50149', '', '')
    """
    if not isinstance(text, str):
        return ""
    for system, start in _ADDRESSES.items():
        if text.startswith(start) and _SCHEMES[system][1].fullmatch(text.removeprefix(start)):
            return f"{system}:{text.removeprefix(start)}"
    return ""


def checked(code: object) -> str:
    """A code that a file names, or nothing when it is none."""
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""
