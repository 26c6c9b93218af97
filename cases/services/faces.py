"""Heads in thin slices: a face can be made of them."""

import re

from cases.models import Series

NOTE = "face"
SLICES = 20
THINNER_MM = 3.0
_HEAD = re.compile(r"head|brain|skull|face|facial|cranium|cranial|neuro|orbit|sinus|kopf|sch(ä|ae)del", re.I)


def note(series: Series) -> bool:
    """Note ``face`` on a series that shows a head in enough thin slices; returns whether it is noted now.

    CT or MR; at least :data:`SLICES` frames thinner than :data:`THINNER_MM`; body part, description or the
    region of the case says head. A warning for the author, not a judgement.
    """
    if NOTE in series.notes or series.modality not in ("CT", "MR"):
        return NOTE in series.notes
    thin = series.frames.filter(slice_thickness__gt=0, slice_thickness__lt=THINNER_MM).count()
    if thin < SLICES or not _is_head(series):
        return False
    series.notes = [*series.notes, NOTE]
    series.save(update_fields=["notes"])
    return True


def _is_head(series: Series) -> bool:
    facts = series.instances.order_by().values_list("facts", flat=True)[:1]
    parts = [str(row.get("body_part", "")) for row in facts]
    return series.case.body_region == "head" or any(
        _HEAD.search(word) for word in [series.description, *parts]
    )
