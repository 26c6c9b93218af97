"""What happens to each DICOM attribute, why, and by which edition of the table.

The profile is the Basic Application Level Confidentiality Profile of DICOM PS3.15
Annex E with the options Clean Descriptors and Retain Longitudinal Temporal Information
With Modified Dates; Retain Patient Characteristics can be left out, and Clean Pixel Data
is claimed only for objects whose pixels were looked at. The table lists what must go;
this module adds the other half, an allow-list, so that an attribute which neither the
table nor the list knows is removed as well.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from pydicom.datadict import dictionary_keyword, dictionary_VM, dictionary_VR

EDITION = "2026c"
VERSION = f"PS3.15 Table E.1-1 {EDITION}"

# PS3.16 CID 7050: code and meaning, in the order in which they are written.
_METHODS = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113105": "Clean Descriptors Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
}
CLEAN_PIXEL_DATA = "113101"
CHARACTERISTICS_OPTION = "113108"


def method_codes(*, characteristics: bool, pixels: bool) -> tuple[tuple[str, str], ...]:
    """Codes and meanings for De-identification Method Code Sequence (0012,0064).

    Parameters
    ----------
    characteristics : bool
        Whether sex, age, size and weight were retained.
    pixels : bool
        Whether the pixels were searched for text, or blackened by a person.

    Examples
    --------
    >>> [code for code, _ in method_codes(characteristics=False, pixels=False)]
    ['113100', '113105', '113107']
    """
    left_out = {
        CHARACTERISTICS_OPTION if not characteristics else "",
        CLEAN_PIXEL_DATA if not pixels else "",
    }
    return tuple((code, meaning) for code, meaning in _METHODS.items() if code not in left_out)


def profile(*, characteristics: bool) -> str:
    """The profile in words, as reports show it."""
    options = "Clean Descriptors, Modified Dates" + (", Patient Characteristics" if characteristics else "")
    return f"Basic Profile with {options} ({EDITION})"


class Action(StrEnum):
    """What is done to an attribute."""

    KEEP = "keep"
    REMOVE = "remove"
    EMPTY = "empty"
    DUMMY = "dummy"
    UID = "uid"
    DATE = "date"
    TIME = "time"
    AGE = "age"
    CODE = "code"
    TEXT = "text"
    PSEUDONYM = "pseudonym"
    DESCEND = "descend"


@dataclass(frozen=True, slots=True)
class Rule:
    """One decision: the action, a slug of the reason, and the table it came from."""

    action: Action
    reason: str
    version: str = VERSION


@dataclass(frozen=True, slots=True)
class TableRow:
    """A line of Table E.1-1; the option columns hold ``K``, ``C`` or nothing."""

    basic: str
    clean_desc: str
    modified_dates: str
    patient_chars: str


@cache
def table() -> Mapping[str, TableRow]:
    """Table E.1-1 by tag, eight hexadecimal digits in upper case, ``x`` for any digit."""
    text = files(__package__).joinpath("ps315.csv").read_text(encoding="ascii")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {
        row["tag"]: TableRow(row["basic"], row["clean_desc"], row["modified_dates"], row["patient_chars"])
        for row in rows
    }


# Descriptors worth cleaning instead of losing; every other free text of the table goes.
_CLEANED = {0x00081030, 0x0008103E, 0x00181030, 0x00180010, 0x00181400, 0x00189424}
# Characteristics without which a teaching case loses its point.
_CHARACTERISTICS = {0x00100040, 0x00101010, 0x00101020, 0x00101030}

# With a factor of uptake they tell the weight: they stay where the weight itself may stay.
_TELL_WEIGHT = frozenset({0x00181074, 0x00181077})

_RETAINED = {
    0x00101010: Rule(Action.AGE, "characteristics"),
    0x00100040: Rule(Action.CODE, "characteristics"),
}

_DECIDED: dict[int, Rule] = {
    0x00100010: Rule(Action.PSEUDONYM, "profile"),
    0x00100020: Rule(Action.PSEUDONYM, "profile"),
    # Written anew by the walker: a copied claim of an earlier tool would not be ours to make.
    0x00120062: Rule(Action.REMOVE, "rewritten"),
    0x00120063: Rule(Action.REMOVE, "rewritten"),
    0x00120064: Rule(Action.REMOVE, "rewritten"),
    0x00280303: Rule(Action.REMOVE, "rewritten"),
    # All text leaves as UTF-8, so the declared character set is ours.
    0x00080005: Rule(Action.REMOVE, "rewritten"),
    # The pixels of the object itself are cleaned by `bulk`; inside a sequence they are a second picture.
    0x7FE00008: Rule(Action.REMOVE, "rewritten"),
    0x7FE00009: Rule(Action.REMOVE, "rewritten"),
    0x7FE00010: Rule(Action.REMOVE, "rewritten"),
    # A thumbnail is a second copy of the pixels that nobody looks at before publishing.
    0x00880200: Rule(Action.REMOVE, "icon"),
    0xFFFCFFFC: Rule(Action.REMOVE, "padding"),
}

# Groups of the image modules; the others describe orders, visits, results, media and radiotherapy.
_GROUPS = frozenset({0x0008, 0x0018, 0x0020, 0x0022, 0x0028, 0x0040, 0x0048, 0x0050, 0x0052, 0x0054})
_MORE_GROUPS = frozenset({0x0062, 0x2050, 0x5200, 0x7FE0})

# Text outside the table which is needed to read an image: codes, machine, technique, units.
_TEXT = frozenset(
    {
        0x00080070, 0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00081090,
        0x00180024, 0x00180031, 0x00180085, 0x00181160, 0x00181210, 0x00181250, 0x00181251, 0x00185010,
        0x00209056, 0x00281054, 0x00281055, 0x00283003, 0x00283004,
    }
)  # fmt: skip
# Lookup tables an image needs; everything else of these VRs can hide a document.
_TABLES = frozenset(
    {
        0x00283006,
        0x00281201, 0x00281202, 0x00281203, 0x00281204, 0x00281221, 0x00281222, 0x00281223,
    }
)  # fmt: skip

_NUMBERS = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "DS", "IS", "AT", "SV", "UV", "US or SS"})
_BY_VR: dict[str, Rule] = {
    **{vr: Rule(Action.KEEP, "number") for vr in _NUMBERS},
    "CS": Rule(Action.CODE, "code"),
    "AS": Rule(Action.AGE, "age"),
    "DA": Rule(Action.DATE, "date"),
    "DT": Rule(Action.DATE, "date"),
    "TM": Rule(Action.TIME, "time"),
    "UI": Rule(Action.UID, "uid"),
    "SQ": Rule(Action.DESCEND, "sequence"),
    **dict.fromkeys(
        ("OB", "OW", "OF", "OD", "OL", "OV", "UN", "OB or OW", "US or SS or OW", "US or OW"),
        Rule(Action.REMOVE, "binary"),
    ),
    "PN": Rule(Action.REMOVE, "person"),
}
# What a report calls attributes that have no name of their own.
NAMELESS = {
    "private": "PrivateBlock", "group-length": "GroupLength", "overlay": "Overlay", "curve": "Curve",
    "overlay-plane": "OverlayPlane",
    "outside": "OutsideTheDataSet", "unknown": "UnknownAttribute",
}  # fmt: skip
# People whose names are searched for in text that stays, and numbers under which a patient is known.
NUMBERS = frozenset(
    {
        0x00080050, 0x00100020, 0x00100021, 0x00101000, 0x00101090, 0x00380010, 0x00402016, 0x00402017,
        0x00321064, 0x00400009, 0x00401001,
    }
)  # fmt: skip
MAKERS = frozenset({0x00080070, 0x00081090})
PLACES = frozenset({0x00080080, 0x00081010, 0x00081040, 0x00101040})


def _of_table(tag: int, vr: str, row: TableRow, *, characteristics: bool) -> Rule:
    if characteristics and tag in _CHARACTERISTICS and row.patient_chars == "K":
        return _RETAINED.get(tag, Rule(Action.KEEP, "characteristics"))
    if tag in _CLEANED and row.clean_desc == "C":
        return Rule(Action.TEXT, "descriptor")
    if row.modified_dates == "C" and vr in ("DA", "DT"):
        return Rule(Action.DATE, "date")
    if row.modified_dates == "C" and vr == "TM":
        return Rule(Action.TIME, "time")
    if row.basic == "X/Z/U*":
        return Rule(Action.DESCEND, "sequence")
    if row.basic == "U" and vr == "UI":
        return Rule(Action.UID, "uid")
    # A sequence cannot be given a dummy that is both valid and empty of facts: it goes.
    if vr == "SQ" or row.basic in ("X", "X/D", "U"):
        return Rule(Action.REMOVE, "profile")
    if row.basic in ("Z", "X/Z", "X/Z/D"):
        return Rule(Action.EMPTY, "profile")
    return Rule(Action.DUMMY, "profile")


# Bounded: a file may hold a million private tags, and none of them may stay in memory.
@lru_cache(maxsize=8192)
def rule_for(tag: int, *, characteristics: bool = True) -> Rule:
    """Decide about one attribute.

    Parameters
    ----------
    tag : int
        Group and element as one number, e.g. ``0x00100010``.
    characteristics : bool
        Whether sex, age, size and weight are retained.

    Returns
    -------
    Rule
        The action and why; ``REMOVE`` for anything unknown.

    Examples
    --------
    >>> rule_for(0x00100010).action, rule_for(0x00091001).reason
    (<Action.PSEUDONYM: 'pseudonym'>, 'private')
    """
    group, element = tag >> 16, tag & 0xFFFF
    if group % 2:
        return Rule(Action.REMOVE, "private")
    if element == 0:
        return Rule(Action.REMOVE, "group-length")
    if group & 0xFF00 == 0x6000:
        return Rule(Action.REMOVE, "overlay")
    if group & 0xFF00 == 0x5000:
        return Rule(Action.REMOVE, "curve")
    if group < 0x0008:
        # Commands, file meta and media directories never belong inside a data set.
        return Rule(Action.REMOVE, "outside")
    if tag in _DECIDED:
        return _DECIDED[tag]
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return Rule(Action.REMOVE, "unknown")
    row = table().get(f"{tag:08X}")
    if row is not None:
        return _of_table(tag, vr, row, characteristics=characteristics)
    if group not in _GROUPS and group not in _MORE_GROUPS:
        return Rule(Action.REMOVE, "outside")
    if tag in _TELL_WEIGHT and not characteristics:
        return Rule(Action.REMOVE, "characteristics")
    if tag in _TEXT:
        return Rule(Action.TEXT, "technique")
    if tag in _TABLES:
        return Rule(Action.KEEP, "table")
    return _BY_VR.get(vr, Rule(Action.REMOVE, "text"))


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the walker asks about one attribute, looked up once per process.

    Attributes
    ----------
    action, reason : str
        Of its `Rule`; plain words, because enumerations hash slowly.
    name : str
        Keyword, or what reports call attributes without one.
    vr : str
        Value representation of the dictionary; empty for unknown attributes.
    most : int
        Largest number of values; 0 for as many as one likes.
    """

    action: str
    reason: str
    name: str
    vr: str
    most: int


class Plans(dict[int, Plan]):
    """Plans by tag; a subclass of dict because nothing else is asked as often.

    Only attributes of the dictionary stay in it: a file may name a million others.
    """

    def __init__(self, *, characteristics: bool) -> None:
        super().__init__()
        self._characteristics = characteristics

    def __missing__(self, tag: int) -> Plan:
        plan = _plan(tag, characteristics=self._characteristics)
        if plan.vr:
            self[tag] = plan
        return plan


PLANS = {kept: Plans(characteristics=kept) for kept in (True, False)}


def plan_for(tag: int, *, characteristics: bool = True) -> Plan:
    """Rule, keyword, representation and multiplicity of one attribute.

    Examples
    --------
    >>> plan_for(0x00280030).name, plan_for(0x00280030).most
    ('PixelSpacing', 2)
    """
    return PLANS[characteristics][tag]


# Every overlay plane has it once, whether its bits lie in the plane or in the pixels (PS3.3 C.9.2).
_OVERLAY_ROWS = 0x0010


def _plan(tag: int, *, characteristics: bool) -> Plan:
    rule = rule_for(tag, characteristics=characteristics)
    try:
        vr, name, count = dictionary_VR(tag), dictionary_keyword(tag), dictionary_VM(tag)
    except KeyError:
        vr, name, count = "", "", "1"
    last = count.rpartition("-")[2]
    # A keyword is standard; any other name would be the sender's word.
    if rule.reason == "overlay" and tag & 0xFFFF == _OVERLAY_ROWS:
        name = NAMELESS["overlay-plane"]
    elif rule.reason in ("overlay", "curve") or not name:
        name = NAMELESS.get(rule.reason, "")
    return Plan(
        rule.action.value, rule.reason, name or "UnknownAttribute", vr, int(last) if last.isdigit() else 0
    )
