"""Regions that came as files, laid onto the images of a case as its author's reference layer."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from cases.geometry.errors import GeometryError
from cases.geometry.schema import MAX_POINTS_PER_SHAPE
from cases.imaging.errors import Refused
from cases.imaging.outlines import Plane, inside_picture, signed_area, simplified
from cases.imaging.regions import CleanRegions, Outline, Region
from cases.models import Case, Frame
from cases.permissions import check_user_can_edit_case
from cases.services import annotations
from medweb.accounts.models import User

_NAMESPACE = uuid.UUID("2f0dbb5e-8b0e-5d0f-9d43-3a6f3f0a6f6e")
# An outline belongs to the slice it lies in; half a slice away it belongs to another.
_NEAREST_MM = 0.5
_SMALLEST = 1e-3
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


@dataclass(frozen=True)
class _Target:
    """A frame that an outline may lie on."""

    series: int
    series_uid: str
    frame_of_reference: str
    sop_uid: str
    number: int
    index: int
    rows: int
    columns: int
    plane: Plane | None
    thickness: float


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
    targets = _Targets(case_id)
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
            shape = _shape(region, target, points)
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


class _Targets:
    """Finds the frame of an outline: by the image it names, else by where it lies."""

    def __init__(self, case_id: int) -> None:
        self._by_image: dict[str, list[_Target]] = defaultdict(list)
        self._by_series: dict[str, list[_Target]] = defaultdict(list)
        self._by_space: dict[str, list[_Target]] = defaultdict(list)
        for target in _frames(case_id):
            self._by_image[target.sop_uid].append(target)
            self._by_series[target.series_uid].append(target)
            self._by_space[target.frame_of_reference].append(target)
        self._stacks: dict[int, _Stack] = {}

    def of(self, outline: Outline) -> tuple[_Target, NDArray[np.float64]] | None:
        """The frame and the outline's pixels on it."""
        if outline.sop_uid:
            named = self._by_image.get(outline.sop_uid, [])
            if outline.frame is not None:
                named = [target for target in named if target.number == outline.frame - 1]
            candidates = named
        else:
            # An empty name is no name: it would bring together whatever has none.
            candidates = self._by_series.get(outline.series_uid, []) if outline.series_uid else []
            if not candidates and outline.frame_of_reference:
                candidates = self._by_space.get(outline.frame_of_reference, [])
            if candidates:
                # The lists of this object live as long as it does, so their ids name them.
                stack = self._stacks.setdefault(id(candidates), _Stack(candidates))
                candidates = stack.near(outline)
        best: tuple[float, _Target, NDArray[np.float64]] | None = None
        for target in candidates:
            found = _on(target, outline)
            if found is not None and (best is None or found[0] < best[0]):
                best = (found[0], target, found[1])
        return None if best is None else (best[1], best[2])


class _Stack:
    """Planes of many frames, to leave out at once those that an outline is far from.

    One by one, a structure set of thousands of outlines that name no image took minutes.
    """

    def __init__(self, targets: list[_Target]) -> None:
        self._targets = targets
        self._arrays: tuple[NDArray[np.float64], ...] | None = None

    def near(self, outline: Outline) -> list[_Target]:
        """Those that :func:`_on` may take, in their order."""
        if outline.rows and outline.plane is None:
            return self._targets
        first = np.array(outline.points[:1], dtype=np.float64)
        if outline.plane is not None and outline.rows:
            first = outline.plane.to_places(first)
        if self._arrays is None:
            self._arrays = self._measured()
        origins, normals, limits = self._arrays
        far = np.abs(((first - origins) * normals).sum(axis=1)) > limits
        return [self._targets[place] for place in np.flatnonzero(~far)]

    def _measured(self) -> tuple[NDArray[np.float64], ...]:
        planes = [target.plane for target in self._targets]
        origins = np.array([(0.0, 0.0, 0.0) if plane is None else plane.position for plane in planes])
        turns = np.array([(0.0,) * 6 if plane is None else plane.orientation for plane in planes])
        # Of a frame without a place nothing is known: its normal of length 0 makes no distance too far.
        normals = np.cross(turns[:, :3], turns[:, 3:])
        return origins, normals, np.array([_limit(target) + _SMALLEST for target in self._targets])


def _limit(target: _Target) -> float:
    """How far from a frame an outline may lie, millimetres."""
    return max(target.thickness / 2, _NEAREST_MM)


def _frames(case_id: int) -> Iterator[_Target]:
    rows = (
        Frame.objects.filter(series__case=case_id)
        .select_related("series", "instance")
        .order_by("series", "index")
    )
    for frame in rows:
        plane = None
        if frame.position and frame.orientation and frame.pixel_spacing:
            plane = Plane(tuple(frame.position), tuple(frame.orientation), tuple(frame.pixel_spacing))
        yield _Target(
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


def _on(target: _Target, outline: Outline) -> tuple[float, NDArray[np.float64]] | None:
    """Distance from the frame in millimetres and pixels on it; ``None`` when the outline lies elsewhere."""
    points = np.array(outline.points, dtype=np.float64)
    if outline.rows:
        same_size = (outline.rows, outline.columns) == (target.rows, target.columns)
        if same_size and (
            outline.plane is None or target.plane is None or _same(outline.plane, target.plane)
        ):
            return 0.0, points
        if outline.plane is None or target.plane is None:
            return None
        points = outline.plane.to_places(points)
    if target.plane is None:
        return None
    pixels, distances = target.plane.to_pixels(points)
    farthest = float(np.abs(distances).max())
    if farthest > _limit(target):
        return None
    return farthest, pixels


def _same(first: Plane, second: Plane) -> bool:
    """Whether two grids lie on one another within a hundredth of a pixel's size."""
    tolerance = 0.01 * min(*first.spacing, *second.spacing)
    return bool(
        np.allclose(first.position, second.position, rtol=0, atol=tolerance)
        and np.allclose(first.orientation, second.orientation, rtol=0, atol=1e-4)
        and np.allclose(first.spacing, second.spacing, rtol=1e-4, atol=0)
    )


def _shape(region: Region, target: _Target, points: NDArray[np.float64]) -> dict[str, Any] | None:
    """What a browser would have sent; ``None`` for what lies outside of the picture or has no area."""
    if len(points) == 1:
        x, y = (float(value) for value in points[0])
        if not (0 <= x <= target.columns and 0 <= y <= target.rows):
            return None
    else:
        points = simplified(inside_picture(points, target.rows, target.columns), MAX_POINTS_PER_SHAPE)
        if len(points) < 3 or abs(signed_area(points)) < _SMALLEST:
            return None
    rounded = (np.round(points, 4) + 0.0).tolist()
    # Named by what it is: the same outline on the same image gets the same name again.
    own = f"{target.sop_uid}/{target.number}/{region.name}/{rounded}"
    return {
        "id": str(uuid.uuid5(_NAMESPACE, own)),
        "kind": "point" if len(points) == 1 else "polygon",
        "frame": target.index,
        "points": rounded,
        "label": region.name,
    }
