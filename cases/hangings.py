"""How the pictures of one case are hung, and how much older some of them are, for its page."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from cases.imaging.hanging import Hanging, Picture, days_earlier, hang
from cases.models import Frame, Series

# Each picture of these is one of its own; of all others a series is one stack.
PROJECTIONS = ("CR", "DX", "MG")
MOST_PROJECTIONS = 200
NAMES = {
    "mammography": gettext_noop("Right and left breast side by side"),
    "projections": gettext_noop("Frontal and lateral view side by side"),
    "prior": gettext_noop("The current images beside earlier ones"),
    "single": gettext_noop("One image"),
}


def pictures_of(rows: Sequence[Series]) -> list[Picture]:
    """What may be hung of ``rows``, the series of one case that its reader may see.

    Parameters
    ----------
    rows : sequence of Series
        Annotated with ``body_part``, the word of the header for the part of the body, or None.
    """
    by_series: dict[int, list[tuple[int, str, str, str]]] = {}
    several = [row.pk for row in rows if row.modality in PROJECTIONS]
    if several:
        frames = Frame.objects.filter(series__in=several).order_by("series", "index")
        found = frames.values_list("series", "index", "laterality", "view", "sides")[:MOST_PROJECTIONS]
        for series, index, *codes in found:
            laterality, view, sides = codes
            by_series.setdefault(series, []).append((index, laterality, view, sides))
    return [_picture(row, *seen) for row in rows for seen in by_series.get(row.pk, [(0, "", "", "")])]


def _picture(row: Series, index: int, laterality: str, view: str, sides: str) -> Picture:
    return Picture(
        series=row.pk,
        frame=index,
        modality=row.modality,
        laterality=laterality,
        view=view,
        sides=sides,
        patient=row.patient_key,
        region=str(getattr(row, "body_part", None) or "").upper(),
        day=row.study_date,
        frames=row.frame_count,
        localiser=row.is_localiser,
        number=row.number,
    )


def words_of(days: int) -> str:
    """How much earlier, as people say it.

    Examples
    --------
    >>> words_of(243), words_of(15), words_of(1)
    ('8 months earlier', '2 weeks earlier', '1 day earlier')
    """
    if days < 14:
        return ngettext("%(n)d day earlier", "%(n)d days earlier", days) % {"n": days}
    weeks, months, years = round(days / 7), round(days / 30.44), round(days / 365.25)
    if days < 60:
        return ngettext("%(n)d week earlier", "%(n)d weeks earlier", weeks) % {"n": weeks}
    if months < 24:
        return ngettext("%(n)d month earlier", "%(n)d months earlier", months) % {"n": months}
    return ngettext("%(n)d year earlier", "%(n)d years earlier", years) % {"n": years}


def hung(rows: Sequence[Series], *, chosen: bool) -> tuple[Hanging | None, dict[str, Any]]:
    """The hanging of a case and what its page tells the viewer.

    Parameters
    ----------
    rows : sequence of Series
        See :func:`pictures_of`; each gets ``earlier``, the words for its age, empty for the newest.
    chosen : bool
        The reader asked for a certain series: nothing is hung by itself.

    Returns
    -------
    tuple
        The hanging, ``None`` without pictures; and JSON of it with the ages by key of the series.
    """
    pictures = pictures_of(rows)
    found = hang(pictures)
    ages = {series: words_of(days) for series, days in days_earlier(pictures).items()}
    for row in rows:
        row.earlier = ages.get(row.pk, "")  # type: ignore[attr-defined]
    told: dict[str, Any] = {"ages": {str(series): words for series, words in ages.items()}}
    if found is not None:
        told |= {
            "layout": found.layout,
            "name": _(NAMES[found.rule]),
            "places": [asdict(place) for place in found.places],
            "auto": not chosen,
        }
    return found, told
