"""Regions that came as files, laid onto the images of a case as its author's reference layer."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from cases.exchange.codes import from_scheme
from cases.exchange.placing import Target, Targets, shape_of
from cases.geometry.errors import GeometryError
from cases.imaging.errors import Refused
from cases.imaging.outlines import Plane
from cases.imaging.regions import CleanRegions
from cases.models import Case, Frame
from cases.permissions import check_user_can_edit_case
from cases.services import annotations
from medweb.accounts.models import User

# How often images may change under regions that are being matched, before these hold the case meanwhile.
_TRIES = 3


@dataclass
class Laid:
    """What laying regions onto a case did.

    Attributes
    ----------
    added, known : int
        Outlines that are new, and that were there before.
    elsewhere : int
        Outlines whose images the case does not have.
    series : set of int
        Keys of the series that hold the others.
    """

    added: int = 0
    known: int = 0
    elsewhere: int = 0
    series: set[int] = field(default_factory=set)


class ImagesChanged(Exception):
    """Images came or went since the regions were matched with them."""


@dataclass(frozen=True)
class Plan:
    """Regions that were matched with the images of a case, ready to be drawn.

    Attributes
    ----------
    case : int
        Key of the case.
    images : str
        Digest of what was looked at.
    shapes : dict of int to list
        Key of the series -> shapes as a browser would send them.
    elsewhere : int
        Outlines whose images the case does not have.
    series : frozenset of int
        Keys of the series that hold the others.
    """

    case: int
    images: str
    shapes: dict[int, list[dict[str, Any]]]
    elsewhere: int
    series: frozenset[int]


def attach(*, case: Case, regions: CleanRegions, by: User) -> Laid:
    """Draw regions on the images of ``case``, in its author's reference layer; what is drawn there stays.

    The same regions again add nothing.

    Parameters
    ----------
    case : Case
    regions : CleanRegions
        From :func:`cases.imaging.clean.clean_any`.
    by : User
        Who sent them.

    Raises
    ------
    PermissionDenied
    cases.imaging.errors.Refused
        ``images-missing`` when the case has none of the images; ``too-many-regions`` when a layer cannot
        hold them all.
    """
    check_user_can_edit_case(by, case)
    for _try in range(_TRIES):
        plan = matched(case_id=case.pk, regions=regions)
        try:
            return draw(case=case, plan=plan, by=by)
        except ImagesChanged:
            continue
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=case.pk)
        return draw(case=case, plan=matched(case_id=case.pk, regions=regions), by=by)


def matched(*, case_id: int, regions: CleanRegions) -> Plan:
    """Find the images that regions lie on; thousands of outlines take seconds. Writes nothing.

    Raises
    ------
    cases.imaging.errors.Refused
        ``images-missing`` when the case has none of them.
    """
    # Before the look: what changes in between is found by draw().
    images = _state(case_id)
    targets = Targets(_frames(case_id))
    elsewhere, series = 0, set()
    shapes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for region in regions.regions:
        for outline in region.outlines:
            found = targets.of(outline)
            if found is None:
                elsewhere += 1
                continue
            target, points = found
            series.add(target.series)
            shape = shape_of(region.name, target, points, from_scheme(*region.code))
            if shape is not None:
                shapes[target.series].append(shape)
    if not series:
        raise Refused(
            "images-missing",
            "The images that these regions are drawn on are not in this case. Upload them first, or together "
            "with this file, then this file again.",
        )
    return Plan(case_id, images, dict(shapes), elsewhere, frozenset(series))


@transaction.atomic
def draw(*, case: Case, plan: Plan, by: User) -> Laid:
    """Write matched regions into the reference layer of the case's author.

    Raises
    ------
    ImagesChanged
        Match again: numbers of frames may be others now.
    PermissionDenied
    cases.imaging.errors.Refused
        ``too-many-regions`` when a layer cannot hold them all.
    """
    check_user_can_edit_case(by, case)
    case = Case.objects.select_for_update().get(pk=case.pk)
    if case.pk != plan.case or _state(case.pk) != plan.images:
        raise ImagesChanged
    laid = Laid(elsewhere=plan.elsewhere, series=set(plan.series))
    for key, drawn in sorted(plan.shapes.items()):
        try:
            added = annotations.add_to_reference(series=case.series.get(pk=key), shapes=drawn, by=by)
        except GeometryError as error:
            raise Refused(
                "too-many-regions",
                "The regions have more outlines than can be drawn. Export fewer of them, or simpler ones.",
            ) from error
        laid.added += added
        laid.known += len(drawn) - added
    return laid


def _state(case_id: int) -> str:
    """Digest of what decides where an outline lies: which frames there are, of what size, in which order."""
    rows = Frame.objects.filter(series__case=case_id).order_by("pk")
    columns = rows.values_list("pk", "series", "index", "rows", "columns")
    return hashlib.sha256(repr(list(columns)).encode()).hexdigest()


def _frames(case_id: int) -> Iterator[Target]:
    rows = (
        Frame.objects.filter(series__case=case_id)
        .select_related("series", "instance")
        .order_by("series", "index")
    )
    for frame in rows:
        plane = None
        if frame.position and frame.orientation and frame.pixel_spacing:
            plane = Plane(tuple(frame.position), tuple(frame.orientation), tuple(frame.pixel_spacing))
        yield Target(
            series=frame.series_id,
            series_uid=frame.series.series_uid,
            frame_of_reference=frame.series.frame_of_reference,
            sop_uid=frame.instance.sop_uid,
            number=frame.number_in_instance,
            index=frame.index,
            rows=frame.rows,
            columns=frame.columns,
            plane=plane,
            thickness=frame.slice_thickness or 0.0,
        )
