"""The privacy report in words: what was found in uploaded files, what became of it, and why.

Reports hold names of attributes and counts; see :mod:`cases.imaging.report`. Nothing here reads a value.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.utils.translation import pgettext_lazy as p_

from cases.enums import UploadState
from cases.imaging import report
from cases.models import Upload, UploadBatch

Words = str | Promise

# What was done, by the action of the rule.
ACTIONS: dict[str, Words] = {
    "keep": p_("privacy", "Kept"),
    "remove": p_("privacy", "Removed"),
    "empty": p_("privacy", "Emptied"),
    "dummy": p_("privacy", "Replaced by a filler"),
    "uid": p_("privacy", "Replaced by a pseudonym"),
    "pseudonym": p_("privacy", "Replaced by a pseudonym"),
    "date": p_("privacy", "Date moved"),
    "time": p_("privacy", "Emptied"),
    "age": p_("privacy", "Age grouped or worked out"),
    "code": p_("privacy", "Emptied"),
    "text": p_("privacy", "Text cleaned"),
    "replace": p_("privacy", "Written anew"),
}
KEPT = frozenset({"keep"})
REMOVED = frozenset({"remove", "empty", "time", "code"})

# Why, by the reason of the rule; what is kept and what is changed for the same reason need two sentences.
REASONS: dict[str, Words] = {
    "private": gettext_lazy("Only the maker of the device knows what is in private attributes."),
    "group-length": gettext_lazy("A length that is out of date, and not needed."),
    "overlay": gettext_lazy(
        "Overlays are drawn over the picture and may show names, so none is kept, not even in unused bits."
    ),
    "curve": gettext_lazy("Curves may carry text and measurements of the patient."),
    "outside": gettext_lazy("It belongs to orders, visits, media or treatment, not to the picture."),
    "unknown": gettext_lazy(
        "No edition of DICOM known here has this attribute, so nobody can say what is in it."
    ),
    "rewritten": gettext_lazy("MedWeb says anew how the object was cleaned and how its text is written."),
    "icon": gettext_lazy(
        "A second, smaller copy of the picture, which nobody would look at before publishing."
    ),
    "padding": gettext_lazy("Bytes behind the end of the data."),
    "profile": gettext_lazy("The Basic Profile of DICOM PS3.15 names it as identifying."),
    "characteristics": gettext_lazy(
        "Sex, age, size and weight are retained because findings depend on them; ages above 89 are one group."
    ),
    "descriptor": gettext_lazy(
        "Descriptions are kept, without the names, numbers and dates that were found in them."
    ),
    "technique": gettext_lazy(
        "Device, technique and codes are needed to read the picture; names in them are cut."
    ),
    "date": gettext_lazy("All dates of a patient move by the same number of days, so intervals stay true."),
    "time": gettext_lazy("Times of the day stay; what is no time is emptied."),
    "sequence": gettext_lazy("A list of further attributes, each of which was judged by itself."),
    "uid": gettext_lazy(
        "Identifiers of the hospital become keyed ones that nobody can turn back without the key."
    ),
    "number": gettext_lazy("Numbers that describe the picture."),
    "code": gettext_lazy("Codes are kept when they consist of terms that DICOM or makers of devices define."),
    "age": gettext_lazy("Ages above 89 are one group."),
    "table": gettext_lazy("Lookup tables are needed to show the picture."),
    "text": gettext_lazy("Free text that is not needed to read the picture may name anybody."),
    "person": gettext_lazy("It holds the name of a person."),
    "binary": gettext_lazy("Binary data may hide a document or a second picture."),
    "unreadable": gettext_lazy("What cannot be read cannot be cleaned."),
    "mismatch": gettext_lazy("The value is not of the kind that belongs there, so text could hide in it."),
    "number-of-patient": gettext_lazy("The number is one under which the patient is known."),
    "pixels": gettext_lazy("The picture itself, without hidden bits, comments and bytes behind it."),
    "derived": gettext_lazy(
        "The age on the day of the examination was worked out before the birth date was removed."
    ),
    "preamble": gettext_lazy("The first 128 bytes of a file may hold anything."),
    "file-meta": gettext_lazy("The head of the file names who sent and received it; MedWeb writes its own."),
    "metadata": gettext_lazy("Metadata of picture files name people, places, times and devices."),
    "regions": gettext_lazy(
        "Of regions only outlines, their names and the images they lie on are read, nothing else."
    ),
    "clean-descriptors": gettext_lazy("Names of regions are kept, without the names of people in them."),
}

# What was found in the pixels; codes of cases.imaging.suspicion.
FINDINGS: dict[str, Words] = {
    "boxes": gettext_lazy("places that look like text in the picture"),
    "text": gettext_lazy("objects with such places"),
    "burned-in-flag": gettext_lazy("objects whose header says that text is burned in"),
    "kind": gettext_lazy("objects of a kind that often shows names, such as ultrasound"),
}

GROUPS: dict[str, Words] = {
    "patient": gettext_lazy("Patient"),
    "identification": gettext_lazy("Examination, people and places"),
    "acquisition": gettext_lazy("Device and technique"),
    "relationship": gettext_lazy("Series and geometry"),
    "image": gettext_lazy("Picture"),
    "procedure": gettext_lazy("Request and procedure"),
    "private": gettext_lazy("Without a name"),
    "file": gettext_lazy("File"),
    "other": gettext_lazy("Other"),
    "metadata": gettext_lazy("Metadata of picture files"),
}
KINDS: dict[str, Words] = {
    "dicom": gettext_lazy("DICOM objects"),
    "picture": gettext_lazy("pictures"),
    "volume": gettext_lazy("volumes"),
    "slide": gettext_lazy("whole slides"),
    "regions": gettext_lazy("sets of regions"),
}


@dataclass(frozen=True)
class Line:
    """One row of the report: what was done to one attribute for one reason, and how often."""

    name: str
    group: str
    action: str
    reason: str
    count: int

    @property
    def group_label(self) -> Words:
        return GROUPS[self.group]

    @property
    def action_label(self) -> Words:
        return ACTIONS.get(self.action, self.action)

    @property
    def why(self) -> Words:
        return REASONS.get(self.reason, self.reason)

    @property
    def fate(self) -> str:
        """``kept``, ``removed`` or ``changed``: what a reader filters by."""
        return "kept" if self.action in KEPT else "removed" if self.action in REMOVED else "changed"


@dataclass(frozen=True)
class PrivacyReport:
    """A stored report, in words and in order.

    Attributes
    ----------
    lines : tuple of Line
        By group and name.
    files : dict
        How many files were sent, taken and refused.
    """

    lines: tuple[Line, ...]
    objects: dict[str, int]
    rules: tuple[str, ...]
    profiles: tuple[str, ...]
    findings: dict[str, int]
    files: dict[str, int]

    def count(self, fate: str) -> int:
        return sum(line.count for line in self.lines if line.fate == fate)

    @property
    def counts(self) -> dict[str, int]:
        return {fate: self.count(fate) for fate in ("removed", "changed", "kept")}

    @property
    def overlay_words(self) -> str:
        """What became of overlay planes; empty when there were none."""
        planes = sum(line.count for line in self.lines if line.name == report.OVERLAY_PLANE)
        if not planes:
            return ""
        return ngettext(
            "%(n)s overlay plane was removed: graphics or text over the picture, which may name somebody. "
            "Draw marks that matter again as annotations.",
            "%(n)s overlay planes were removed: graphics or text over the picture, which may name somebody. "
            "Draw marks that matter again as annotations.",
            planes,
        ) % {"n": number_format(planes, force_grouping=True)}

    @property
    def object_words(self) -> list[str]:
        return [f"{KINDS.get(kind, kind)}: {count}" for kind, count in self.objects.items()]

    @property
    def finding_words(self) -> list[str]:
        return [f"{FINDINGS.get(code, code)}: {count}" for code, count in self.findings.items()]


def of_uploads(uploads: Iterable[Upload]) -> PrivacyReport:
    """The report on some uploads together."""
    rows = list(uploads)
    whole = report.merge(row.report for row in rows)
    lines = [
        Line(name, report.group_of(name), *key.partition("/")[::2], count)
        for name, counts in whole.items()
        if not name.startswith("@")
        for key, count in counts.items()
    ]
    order = list(GROUPS)
    lines.sort(key=lambda line: (order.index(line.group), line.name, line.action, line.reason))
    states = [row.state for row in rows]
    return PrivacyReport(
        lines=tuple(lines),
        objects=whole.get(report.OBJECTS, {}),
        rules=tuple(whole.get(report.RULES, {})),
        profiles=tuple(whole.get(report.PROFILE, {})),
        findings=whole.get(report.PIXELS, {}),
        files={
            "sent": len(rows),
            "accepted": states.count(UploadState.ACCEPTED),
            "refused": states.count(UploadState.REFUSED) + states.count(UploadState.CANCELLED),
        },
    )


def of_upload(upload: Upload) -> PrivacyReport:
    return of_uploads([upload])


def of_batch(batch: UploadBatch) -> PrivacyReport:
    return of_uploads(batch.uploads.only("state", "report"))


def as_json(found: PrivacyReport) -> dict[str, Any]:
    """The report for programs and for keeping."""
    return {
        "rules": list(found.rules),
        "profiles": list(found.profiles),
        "files": found.files,
        "objects": found.objects,
        "findings": found.findings,
        "attributes": [
            {
                "attribute": line.name,
                "group": line.group,
                "action": line.action,
                "reason": line.reason,
                "count": line.count,
                "why": str(line.why),
            }
            for line in found.lines
        ],
    }


def as_csv(found: PrivacyReport) -> str:
    """The lines of the report as a table for spreadsheets."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["attribute", "group", "action", "reason", "count", "why"])
    for line in found.lines:
        cells = (line.name, line.group, line.action, line.reason, line.count, line.why)
        writer.writerow([_harmless(str(cell)) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP CSV Injection)."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def summary_of(found: PrivacyReport) -> str:
    """One sentence for the head of the page."""
    if not found.lines:
        return _("No file was taken, so nothing was kept and nothing had to be removed.")
    counts: Mapping[str, int] = found.counts
    gone = counts["removed"] + counts["changed"]
    return ngettext(
        "%(n)s value was removed or changed before anything was stored.",
        "%(n)s values were removed or changed before anything was stored.",
        gone,
    ) % {"n": number_format(gone, force_grouping=True)}
