"""Rows of whole slides. Called by the intake, inside of its transaction."""

from cases.enums import Clearance
from cases.imaging import typed
from cases.imaging.prepare import Prepared
from cases.models import Annotation, Instance, Series, Slide


def write_rows(pairs: list[tuple[Instance, Prepared]]) -> None:
    """Write the size and scale of the slides among instances that were just written."""
    Slide.objects.bulk_create(
        Slide(instance=instance, **_columns(item)) for instance, item in pairs if item.clean.slide is not None
    )


def _columns(item: Prepared) -> dict[str, float | int | None]:
    facts = item.clean.slide
    if facts is None:
        raise ValueError("only instances that are whole slides have these columns")
    return {
        "width": facts.width,
        "height": facts.height,
        "tile": facts.tile,
        "microns_x": facts.microns_x,
        "microns_y": facts.microns_y,
        "magnification": facts.magnification,
    }


def is_finer(item: Prepared, known: Instance) -> bool:
    """Whether ``item`` is a level of the slide ``known`` with more pixels than the one that is stored.

    A scanner writes one file for each level, in any order and often not all of them. Where parts were made
    black at the desk none is: a person judged those pixels, and nobody these. Nor where somebody has drawn:
    drawings are in the pixels of the overview, and that of a finer level may be larger.
    """
    drawn = Annotation.objects.filter(series=known.series_id).exclude(shapes=[]).exists()
    if drawn or known.digest != (known.arrived_digest or known.digest):
        return False
    facts = item.clean.slide
    row = Slide.objects.filter(instance=known).first()
    return facts is not None and row is not None and facts.width * facts.height > row.width * row.height


def refine(known: Instance, item: Prepared, *, trusted: bool = False) -> None:
    """Put a finer level in the place of a coarser one; the old bytes go with the next chore.

    What looks like text about a patient holds the series back, unless the files are ``trusted``.
    """
    known.digest = known.arrived_digest = item.clean.digest
    known.byte_count = item.byte_count
    if not trusted:
        known.suspicion = list(item.clean.suspicion)
        known.boxes = [{**typed.to_json(box), "source": "detector"} for box in item.clean.boxes]
    known.save(update_fields=["digest", "arrived_digest", "byte_count", "suspicion", "boxes"])
    Slide.objects.filter(instance=known).update(**_columns(item))
    known.frames.filter(number_in_instance=0).update(**item.frames[0])
    if known.suspicion or known.boxes:
        Series.objects.filter(pk=known.series_id).update(clearance=Clearance.HELD)
