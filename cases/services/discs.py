"""What the index of a disc says of its images, held against what a case has of them."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.imaging.discs import CleanIndex
from cases.imaging.errors import Refused
from cases.models import Case, Instance


def told(case: Case, index: CleanIndex) -> Refused:
    """The refusal of an index, which is no image, with how many of its images ``case`` has by now."""
    sentence = _("This is the index of a disc, not an image.")
    listed = index.listed
    if listed:
        there = _there(case, index.sop_uids)
        parts = [ngettext("It lists %(n)d image", "It lists %(n)d images", listed) % {"n": listed}]
        if there == listed:
            parts.append(_("all of them are here"))
        else:
            missing = listed - there
            parts.append(
                ngettext("%(n)d of them is not here", "%(n)d of them are not here", missing) % {"n": missing}
            )
        sentence = f"{sentence} {'; '.join(parts)}."
    return Refused("dicomdir", sentence)


def _there(case: Case, uids: tuple[str, ...]) -> int:
    return sum(
        Instance.objects.filter(series__case=case, sop_uid__in=uids[start : start + 500])
        .order_by()
        .values("sop_uid")
        .distinct()
        .count()
        for start in range(0, len(uids), 500)
    )
