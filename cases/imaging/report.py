"""What was found, removed and kept: counted by name of the attribute, never with its value.

A report is ``{name: {"action/reason": count}}``. Names are keywords of DICOM, kinds of metadata
such as ``EXIF``, or words for what has no name (``PrivateBlock``). Names that begin with ``@`` say
something of whole objects: ``@objects``, ``@rules``, ``@profile`` and ``@pixels``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from pydicom.datadict import tag_for_keyword

from . import rules

Report = dict[str, dict[str, int]]
OBJECTS, RULES, PROFILE, PIXELS = "@objects", "@rules", "@profile", "@pixels"
OVERLAY_PLANE = rules.NAMELESS["overlay-plane"]


def merge(reports: Iterable[Mapping[str, Mapping[str, int]]]) -> Report:
    """Add reports up; the order does not matter.

    Examples
    --------
    >>> merge([{"EXIF": {"remove/metadata": 1}}, {}, {"EXIF": {"remove/metadata": 2}}])
    {'EXIF': {'remove/metadata': 3}}
    """
    total: Report = {}
    for report in reports:
        for name, counts in report.items():
            mine = total.setdefault(name, {})
            for key, count in counts.items():
                mine[key] = mine.get(key, 0) + count
    return {name: dict(sorted(total[name].items())) for name in sorted(total)}


def of_object(kind: str, counts: Mapping[tuple[str, str, str], int], *, profile: str) -> Report:
    """Report on one object.

    Parameters
    ----------
    kind : str
        ``"dicom"``, ``"picture"`` or ``"volume"``.
    counts : mapping
        (name, action, reason) -> how often.
    profile : str
        In words; empty for pictures, which no profile of DICOM covers.
    """
    report: Report = {OBJECTS: {kind: 1}}
    if profile:
        report |= {RULES: {rules.VERSION: 1}, PROFILE: {profile: 1}}
    for (name, action, reason), count in counts.items():
        report.setdefault(name, {})[f"{action}/{reason}"] = count
    return report


def of_metadata(kind: str, dropped: Mapping[str, int]) -> Report:
    """Report on an object of which only the picture is kept: kinds of metadata that were dropped.

    Examples
    --------
    >>> of_metadata("picture", {"EXIF": 1})
    {'@objects': {'picture': 1}, 'EXIF': {'remove/metadata': 1}}
    """
    return of_object(kind, {(name, "remove", "metadata"): n for name, n in dropped.items() if n}, profile="")


# Groups of DICOM attributes by the number they begin with.
_GROUPS = {
    0x0002: "file", 0x0008: "identification", 0x0010: "patient", 0x0012: "patient", 0x0018: "acquisition",
    0x0020: "relationship", 0x0022: "acquisition", 0x0028: "image", 0x0032: "procedure", 0x0038: "procedure",
    0x0040: "procedure", 0x7FE0: "image", 0x5200: "image", 0x0048: "acquisition", 0x0054: "acquisition",
}  # fmt: skip


@lru_cache(maxsize=4096)
def group_of(name: str) -> str:
    """Where a name belongs when people read a report.

    Examples
    --------
    >>> group_of("PatientName"), group_of("EXIF"), group_of("PrivateBlock"), group_of("ROIName")
    ('patient', 'metadata', 'private', 'other')
    """
    if name in rules.NAMELESS.values():
        return "private"
    if name == "Preamble":
        return "file"
    tag = tag_for_keyword(name)
    return "metadata" if tag is None else _GROUPS.get(tag >> 16, "other")


def with_pixels(
    report: Mapping[str, Mapping[str, int]], *, suspicion: Iterable[str] = (), boxes: int = 0
) -> Report:
    """A report with what was found in the pixels: codes of `suspicion`, and places that look like text."""
    found = dict.fromkeys(suspicion, 1) | ({"boxes": boxes} if boxes else {})
    return merge([report, {PIXELS: found}] if found else [report])


def overlay_planes(report: Mapping[str, Mapping[str, int]]) -> int:
    """How many overlay planes were removed.

    Examples
    --------
    >>> overlay_planes({"OverlayPlane": {"remove/overlay": 2}, "Overlay": {"remove/overlay": 17}})
    2
    """
    return sum(report.get(OVERLAY_PLANE, {}).values())


def summed(report: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """What was taken away or changed, by action, removals by reason: ``{"remove-private": 3, "uid": 5}``.

    Examples
    --------
    >>> summed({"Rows": {"keep/number": 1}, "StudyDate": {"date/date": 2}, "@objects": {"dicom": 1}})
    {'date': 2}
    """
    total: dict[str, int] = {}
    for name, counts in report.items():
        for key, count in counts.items() if not name.startswith("@") else ():
            action, _, reason = key.partition("/")
            if action in ("keep", "replace"):
                continue
            word = f"remove-{reason}" if action == "remove" else action
            total[word] = total.get(word, 0) + count
    return dict(sorted(total.items()))
