"""How the pictures of a case are hung when it opens: rules as data, by modality.

In Python and not in the browser, because it needs what readers are not sent: days, and which pictures are of
one patient. It also spares the page a script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

RIGHT, LEFT = "R", "L"
_CC = frozenset({"CC", "XCC", "XCCL", "XCCM", "FB", "CV", "AT"})
_OBLIQUE = frozenset({"MLO", "ML", "LM", "LMO", "SIO", "ISO"})
_FRONTAL = frozenset({"AP", "PA"})
_LATERAL = frozenset({"LL", "RL", "LAT"})
_PROJECTIONS = frozenset({"MG", "CR", "DX"})
_OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")


@dataclass(frozen=True)
class Picture:
    """What hanging asks of one picture: a projection, or a stack as a whole.

    Attributes
    ----------
    series, frame : int
        Key of the series, and which of its frames.
    modality, laterality, view, sides : str
        Codes of the header; see `projections`.
    patient : str
        Pseudonym; pictures without one are compared with none.
    region : str
        Part of the body.
    day : date or None
        Of the examination, shifted as all days of the patient.
    frames : int
        How many images the series has.
    localiser : bool
    number : int
        Place of the series in the case.
    """

    series: int
    frame: int
    modality: str
    laterality: str = ""
    view: str = ""
    sides: str = ""
    patient: str = ""
    region: str = ""
    day: date | None = None
    frames: int = 1
    localiser: bool = False
    number: int = 1


@dataclass(frozen=True)
class Place:
    """A picture in its place; turned by quarters clockwise after its left and right changed places."""

    series: int
    frame: int
    turn: int = 0
    mirror: bool = False


@dataclass(frozen=True)
class Hanging:
    """What is where: ``"1x1"``, ``"1x2"`` or ``"2x2"``, row by row; and by which rule."""

    rule: str
    layout: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Slot:
    """What belongs in one place: side and views, and to where rows and columns have to lead there."""

    views: frozenset[str]
    side: str = ""
    row: str = ""
    column: str = ""


@dataclass(frozen=True)
class Rule:
    """Pictures of these modalities fill these slots, row by row."""

    name: str
    modalities: frozenset[str]
    rows: tuple[tuple[Slot, Slot], ...]


# The right breast lies on the left, both chest walls in the middle: rows of the right one lead backwards.
# PS3.3 C.7.6.1.1.1 and the IHE Mammography Image profile, 4.16.4.2.2.1.1.
RULES = (
    Rule(
        "mammography",
        _PROJECTIONS,
        (
            (Slot(_CC, RIGHT, "P", ""), Slot(_CC, LEFT, "A", "")),
            (Slot(_OBLIQUE, RIGHT, "P", "F"), Slot(_OBLIQUE, LEFT, "A", "F")),
        ),
    ),
    Rule("projections", frozenset({"CR", "DX"}), ((Slot(_FRONTAL), Slot(_LATERAL)),)),
)
PRIOR, SINGLE = "prior", "single"


def hang(pictures: Sequence[Picture]) -> Hanging | None:
    """How to open a case.

    Parameters
    ----------
    pictures : sequence of Picture
        All that may be shown, each projection for itself and each stack once.

    Returns
    -------
    Hanging or None
        ``None`` without pictures.

    Examples
    --------
    >>> two = [Picture(1, 0, "DX", view="LL"), Picture(2, 0, "DX", view="PA")]
    >>> [place.series for place in hang(two).places]
    [2, 1]
    """
    shown = [one for one in pictures if not one.localiser] or list(pictures)
    if not shown:
        return None
    best = min(shown, key=_usefulness)
    current = [one for one in shown if _comparable(one, best) and one.day == best.day]
    found = _by_rule(RULES[0], current) or _with_prior(best, shown) or _by_rule(RULES[1], current)
    return found or Hanging(SINGLE, "1x1", (_single(best),))


def days_earlier(pictures: Sequence[Picture]) -> dict[int, int]:
    """Key of each series that is older than the newest of its patient -> by how many days."""
    newest: dict[str, date] = {}
    for one in pictures:
        if one.patient and one.day:
            newest[one.patient] = max(newest.get(one.patient, one.day), one.day)
    return {
        one.series: (newest[one.patient] - one.day).days
        for one in pictures
        if one.patient and one.day and newest[one.patient] > one.day
    }


def _usefulness(one: Picture) -> tuple[int, int, int, int]:
    """The newest examination first, of it the longest stack; projections before everything in their order."""
    return -(one.day.toordinal() if one.day and one.patient else 0), -one.frames, one.number, one.frame


def _comparable(one: Picture, other: Picture) -> bool:
    return (one.patient, one.modality, one.region) == (other.patient, other.modality, other.region)


def _by_rule(rule: Rule, pictures: Sequence[Picture]) -> Hanging | None:
    """Whole rows of a rule; of one row or one column alone only that."""
    rows = [[_fitting(rule, slot, pictures) for slot in row] for row in rule.rows]
    whole = [row for row in rows if all(row)]
    if whole:
        layout = "2x2" if len(whole) == 2 else "1x2"
        return Hanging(rule.name, layout, tuple(place for row in whole for place in row if place))
    for column in zip(*rows, strict=True):
        if len(column) == 2 and all(column):
            return Hanging(rule.name, "1x2", tuple(place for place in column if place))
    return None


def _fitting(rule: Rule, slot: Slot, pictures: Sequence[Picture]) -> Place | None:
    for one in sorted(pictures, key=lambda found: (found.number, found.frame)):
        if (
            one.modality in rule.modalities
            and one.view in slot.views
            and (not slot.side or slot.side == one.laterality)
        ):
            turn, mirror = _pose(one.sides, slot)
            return Place(one.series, one.frame, turn, mirror)
    return None


def _pose(sides: str, slot: Slot) -> tuple[int, bool]:
    """How a picture has to lie so that its rows and columns lead where the slot wants them."""
    parts = sides.split("\\")
    if len(parts) != 2 or not slot.row:
        return 0, False
    for mirror in (False, True):
        row, column = parts
        if mirror:
            row = row.translate(_OPPOSITE)
        for turn in range(4):
            if row.startswith(slot.row) and column.startswith(slot.column):
                return turn, mirror
            # A quarter clockwise: what led up leads to the right, what led to the right leads down.
            row, column = column.translate(_OPPOSITE), row
    return 0, False


def _with_prior(best: Picture, pictures: Sequence[Picture]) -> Hanging | None:
    """The newest examination, and the one before it of the same kind of picture."""
    if not best.patient or best.day is None:
        return None
    before = [one for one in pictures if _comparable(one, best) and one.day and one.day < best.day]
    if not before:
        return None
    last = max(one.day for one in before if one.day)
    same = [one for one in before if one.day == last]
    alike = [one for one in same if (one.view, one.laterality) == (best.view, best.laterality)] or same
    prior = min(alike, key=_usefulness)
    return Hanging(PRIOR, "1x2", (_single(best), _single(prior)))


def _single(one: Picture) -> Place:
    return Place(one.series, one.frame)
