"""What became of a file, in a code and a sentence for the person who sent it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.imaging.errors import Refused
from cases.imaging.instance import CleanInstance
from cases.imaging.regions import CleanRegions
from cases.services.intake import Fate
from cases.services.regions import Laid

# Most refused members of one archive that are told one by one.
MOST_TOLD = 1000
# What a code of an accepted upload may be, the most important first.
_REMARKS = ("held", "other-patient", "apart")


def conflict() -> Refused:
    """The same name for another image."""
    return Refused(
        "conflict",
        _(
            "This case has another image with the same SOP instance UID, and that one stays. Export the "
            "image again so that it gets a UID of its own, or delete the series first."
        ),
    )


def code_of(
    fates: Sequence[Fate],
    laid: Sequence[Laid],
    refusals: Sequence[tuple[int, Refused]],
    *,
    sent: datetime,
) -> str:
    """Stable code of an upload: ``"accepted"`` or what is special about it; that of the refusal otherwise."""
    if not fates and not laid:
        return refusals[0][1].code if refusals else "nothing-inside"
    remarks = {remark for fate in fates for remark in fate.remarks}
    for remark in _REMARKS:
        if remark in remarks:
            return remark
    if any(joined(fate, sent) for fate in fates):
        return "joined"
    known = all(fate.code == "here" for fate in fates) and not any(one.added for one in laid)
    return "here" if known else "accepted"


def told(refusals: Iterable[tuple[int, Refused]]) -> list[dict[str, Any]]:
    """The refused members of an archive, as an upload keeps them."""
    rows = [
        {"number": number, "code": refusal.code, "sentence": refusal.sentence}
        for number, refusal in refusals
        if number
    ]
    return rows[:MOST_TOLD]


def removed(cleaned: Iterable[CleanInstance | CleanRegions]) -> dict[str, int]:
    """How often each action was taken in all of ``cleaned``."""
    total: Counter[str] = Counter()
    for item in cleaned:
        total.update(item.removed)
    return dict(total)


def report(cleaned: Iterable[CleanInstance | CleanRegions]) -> dict[str, dict[str, int]]:
    """What was done to each attribute in all of ``cleaned``."""
    items = list(cleaned)
    if len(items) == 1:
        return {keyword: dict(actions) for keyword, actions in sorted(items[0].report.items())}
    total: dict[str, Counter[str]] = {}
    for item in items:
        for keyword, actions in item.report.items():
            total.setdefault(keyword, Counter()).update(actions)
    return {keyword: dict(actions) for keyword, actions in sorted(total.items())}


def sentence_of(
    fates: Sequence[Fate],
    refusals: Sequence[tuple[int, Refused]],
    values_removed: int,
    *,
    sent: datetime,
    laid: Sequence[Laid] = (),
    adopted: Sequence[str] = (),
) -> str:
    """What a person reads about an upload.

    Parameters
    ----------
    fates : sequence of Fate
        Of the images that were taken or were here.
    refusals : sequence of (int, Refused)
        Member, from 1, and why; conflicts included.
    values_removed : int
        Header values removed or replaced.
    sent : datetime
        When it was sent, or the first file of its batch.
    laid : sequence of Laid
        Of the regions.
    adopted : sequence of str
        What the case learnt from it.
    """
    parts = [*_counts(fates), *_drawn(laid), *_removed(values_removed), *_remarks(fates, sent, adopted)]
    if len(refusals) == 1 and not parts:
        return refusals[0][1].sentence
    if refusals:
        reasons = Counter(refusal.sentence for _number, refusal in refusals)
        count = len(refusals)
        parts.append(
            ngettext("%(n)d file refused", "%(n)d files refused", count) % {"n": count}
            + ": "
            + " ".join(f"({times}) {sentence}" for sentence, times in reasons.most_common(3))
        )
    if not parts:
        return _(
            "There was no image inside. Send DICOM, PNG, JPEG, TIFF, BMP, WebP, NIfTI, NRRD or MHA files."
        )
    return "; ".join(parts).rstrip(".") + "."


def _counts(fates: Sequence[Fate]) -> Iterable[str]:
    taken = sum(fate.code == "taken" for fate in fates)
    here = sum(fate.code == "here" for fate in fates)
    if taken:
        yield ngettext("%(n)d image taken", "%(n)d images taken", taken) % {"n": taken}
    if here:
        yield ngettext("%(n)d was already here", "%(n)d were already here", here) % {"n": here}


def _drawn(laid: Sequence[Laid]) -> Iterable[str]:
    added, known = sum(one.added for one in laid), sum(one.known for one in laid)
    elsewhere = sum(one.elsewhere for one in laid)
    if added:
        yield ngettext("%(n)d outline drawn", "%(n)d outlines drawn", added) % {"n": added}
    if known:
        yield ngettext("%(n)d outline was already here", "%(n)d outlines were already here", known) % {
            "n": known
        }
    if elsewhere:
        yield ngettext(
            "%(n)d outline lies on an image that is not here",
            "%(n)d outlines lie on images that are not here",
            elsewhere,
        ) % {"n": elsewhere}


def _removed(values_removed: int) -> Iterable[str]:
    if values_removed:
        yield ngettext(
            "%(n)d header value removed or replaced",
            "%(n)d header values removed or replaced",
            values_removed,
        ) % {"n": values_removed}


def joined(fate: Fate, sent: datetime) -> bool:
    """Whether an image that was ``sent`` then was sorted into a series that was here before."""
    return fate.since is not None and fate.since < sent


def _remarks(fates: Sequence[Fate], sent: datetime, adopted: Sequence[str]) -> Iterable[str]:
    found = Counter(remark for fate in fates for remark in fate.remarks)
    if any(joined(fate, sent) for fate in fates):
        yield _("sorted into a series that was here")
    if found["apart"]:
        yield _("kept apart: a different series here has the same UID")
    if found["other-patient"]:
        yield _("the header names another patient than that of the other series; check that it belongs here")
    if found["held"]:
        yield _("waits at the desk until somebody has looked for text in the picture")
    if "modality" in adopted:
        yield _("the case learnt its modality from it")
