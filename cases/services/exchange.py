"""Drawings of a series out to other programs, and in from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydicom.dataset import Dataset

from cases import blobs
from cases.exchange import coco, dicom, masks, nifti, regions, seg, sr, table, voc, web, yolo
from cases.exchange.layers import MAX_BYTES, Layer, Picture, Read, Unreadable, Written
from cases.geometry.schema import parse_shapes, to_payload
from cases.models import Annotation, Series
from cases.names import author_shown
from cases.permissions import check_user_can_draw
from cases.services import annotations
from medweb.accounts.models import User
from medweb.audit.services import record


@dataclass(frozen=True)
class Format:
    """One way to say a drawing."""

    code: str
    name: str
    what: str | Promise
    module: ModuleType
    objects: frozenset[str] = frozenset()
    """SOP classes of DICOM objects that are read; their UIDs must be compared under the pseudonyms."""

    @property
    def writes(self) -> bool:
        """False for a format that is only read."""
        return hasattr(self.module, "write")

    @property
    def reads(self) -> bool:
        """False for a format that is only written."""
        return bool(self.objects) or hasattr(self.module, "read")

    @property
    def write(self) -> Callable[[Sequence[Layer]], Written]:
        found: Callable[[Sequence[Layer]], Written] = self.module.write
        return found

    def losses(self, layers: Sequence[Layer]) -> tuple[str, ...]:
        """What is left out of `layers`; formats that take long to write know it without writing.

        Raises
        ------
        Unreadable
            The format cannot hold them at all.
        """
        told: Callable[[Sequence[Layer]], tuple[str, ...]] | None = getattr(self.module, "losses", None)
        return told(layers) if told else self.write(layers).losses

    @property
    def read(self) -> Callable[[bytes, Sequence[Picture]], Read] | None:
        """``None`` for a format that is only written, or read as :func:`_regions_of` does."""
        return None if self.objects else getattr(self.module, "read", None)


FORMATS = {
    one.code: one
    for one in (
        Format("coco", "COCO", gettext_lazy("JSON for detection and segmentation; keeps every shape"), coco),
        Format("web", "W3C Web Annotation", gettext_lazy("JSON-LD for the web; keeps every shape"), web),
        Format("voc", "Pascal VOC", gettext_lazy("XML with boxes of whole pixels"), voc),
        Format("yolo", "YOLO", gettext_lazy("text files with boxes and outlines"), yolo),
        Format("masks", "PNG", gettext_lazy("masks: pictures whose pixels are numbers of labels"), masks),
        Format("nifti", "NIfTI", gettext_lazy("a volume whose voxels are numbers of labels"), nifti),
        Format(
            "seg",
            "DICOM SEG",
            gettext_lazy("areas as segments, for PACS and research"),
            seg,
            regions.SEGMENTATIONS,
        ),
        Format(
            "rtstruct",
            "DICOM RTSTRUCT",
            gettext_lazy("outlines of a radiotherapy plan; is only read"),
            regions,
            regions.STRUCTURES,
        ),
        Format("sr", "DICOM SR", gettext_lazy("a report with all measures (TID 1500)"), sr),
        Format("csv", "CSV", gettext_lazy("a table with all measures"), table),
    )
}


def layers_to(user: User, series: Series) -> QuerySet[Annotation]:
    """Layers of ``series`` that ``user`` may see, one's own first."""
    rows = Annotation.objects.visible_to(user).filter(series=series).with_readers()
    # Not by name: the order would tell who is who while readers have letters.
    rows = rows.select_related("author", "series__case")
    return rows.order_by("-is_reference", "reader_number", "pk")  # type: ignore[misc]


def pictures_of(series: Series) -> tuple[Picture, ...]:
    """Frames of ``series`` under names made of this server's numbers."""
    return tuple(
        Picture(
            name=f"series-{series.pk}-{n:04d}",
            rows=one.rows,
            columns=one.columns,
            spacing=tuple(one.pixel_spacing) if one.pixel_spacing else None,
            position=tuple(one.position) if one.position else None,
            orientation=tuple(one.orientation) if one.orientation else None,
            source=one.instance.sop_uid if one.instance.kind == "dicom" else "",
            number=one.number_in_instance,
            thickness=one.slice_thickness or 0.0,
        )
        for n, one in enumerate(series.frames.order_by("index").select_related("instance"), 1)
    )


def header_in(series: Series) -> Callable[[str], Dataset]:
    """What gives the stored, de-identified header of an instance of ``series`` by its UID."""
    digests = dict(series.instances.values_list("sop_uid", "digest"))

    def header(source: str) -> Dataset:
        try:
            return dicom.read_header(blobs.get(digests[source]))
        except (KeyError, FileNotFoundError) as error:
            raise Unreadable(_("The files of these images are gone.")) from error

    return header


def as_layers(series: Series, rows: Sequence[Annotation], reader: User) -> list[Layer]:
    """Stored layers as values, under the names that ``reader`` may know."""
    pictures = pictures_of(series)
    sizes = [(one.rows, one.columns) for one in pictures]
    header = header_in(series)
    return [
        Layer(
            pictures,
            parse_shapes(row.shapes, frames=sizes),
            author_shown(row, reader),
            row.is_reference,
            header,
        )
        for row in rows
    ]


@transaction.atomic
def take_out(*, series: Series, rows: Sequence[Annotation], form: Format, by: User) -> Written:
    """Write layers that ``by`` may see; that they left the server is recorded.

    Raises
    ------
    Unreadable
        The format cannot hold them at all.
    """
    if not form.writes:
        raise Unreadable(_("This format can only be read. Choose DICOM SEG instead."))
    written = form.write(as_layers(series, rows, by))
    record("annotation.take-out", series, by=by, form=form.code, layers=len(rows))
    return written


def take_in(
    *, series: Series, data: bytes, form: Format, by: User
) -> tuple[Annotation, int, tuple[str, ...]]:
    """Add the shapes of a file to one's layer on ``series``, as one revision; all of them or none.

    Returns
    -------
    annotation, added, losses
        Shapes that are in the layer already, under their id and unchanged, are not added again.

    Raises
    ------
    Unreadable, cases.geometry.GeometryError
        What is wrong with the file.
    StaleRevision
        Somebody saved the same layer at that moment.
    """
    check_user_can_draw(by, series.case)
    if not form.reads:
        raise Unreadable(_("This format can only be written."))
    if len(data) > MAX_BYTES:
        sentence = _("The file is larger than %(n)d MB. Send fewer drawings at once.")
        raise Unreadable(sentence % {"n": MAX_BYTES // 10**6})
    found = _read(form, data, series)
    if not found.shapes:
        told = " ".join(found.losses) or _("There are no shapes in the file.")
        raise Unreadable(_("Nothing was added: %(why)s") % {"why": told})
    with transaction.atomic():
        mine = Annotation.objects.select_for_update().filter(series=series, author=by).first()
        before: list[dict[str, Any]] = list(mine.shapes) if mine else []
        new = annotations.unknown(before, to_payload(found.shapes))
        if mine is None:
            mine = annotations.start(series=series, shapes=new, by=by)
        elif new:
            mine = annotations.save(annotation=mine, revision=mine.revision, shapes=before + new, by=by)
        record("annotation.take-in", mine, by=by, form=form.code, shapes=len(new))
    return mine, len(new), found.losses


def _read(form: Format, data: bytes, series: Series) -> Read:
    if form.read is not None:
        return form.read(data, pictures_of(series))
    space = regions.Space(settings.PSEUDONYM_KEY, series.series_uid, series.frame_of_reference)
    return regions.read(data, pictures_of(series), space, form.objects)
