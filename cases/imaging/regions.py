"""Regions that other programs drew: RT structure sets and segmentations, without what they say of people.

Of the object only geometry, references and the names of the regions are read, by an allow-list of attributes;
names go through the cleaning of free text, references become the pseudonyms that the images got.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from . import pseudonyms
from .decoders import DEFLATED_FRAMES, stored_values
from .deidentify import patient_of
from .errors import UNREADABLE, Refused
from .identity import Identity
from .outlines import MOST_STEPS, Plane, joined, rings
from .reader import damage_refused, handled, read_limits_hold, whole_number
from .region_report import counted
from .report import of_object, summed
from .values import numbers

RT_STRUCTURES = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
CLASSES = frozenset({RT_STRUCTURES, SEGMENTATION, LABEL_MAP})

MOST_OUTLINES = 20_000
MOST_POINTS = 400_000
LONGEST_NAME = 64
_CONTOUR_DATA = 0x30060050


@dataclass(frozen=True)
class Outline:
    """One closed outline, or one point, of a region.

    Attributes
    ----------
    sop_uid, series_uid : str
        Pseudonyms of the image and series it was drawn on; empty when the object does not say.
    frame : int or None
        Number of the frame in that image, from 1; ``None`` for images of one frame.
    points : tuple
        ``(x, y, z)`` in millimetres, or ``(x, y)`` in pixels of a grid of `rows` and `columns`, ``(0, 0)``
        being the top-left corner of the top-left pixel. One for a point, three or more for an outline.
    frame_of_reference : str
        Pseudonym of the space that the places are in; empty when unknown.
    rows, columns : int
        Size of the grid of pixels; 0 for millimetres.
    plane : Plane or None
        Where the grid lies.
    """

    sop_uid: str
    series_uid: str
    frame: int | None
    points: tuple[tuple[float, ...], ...]
    frame_of_reference: str = ""
    rows: int = 0
    columns: int = 0
    plane: Plane | None = None


@dataclass(frozen=True)
class Region:
    """What one name stands for; with the scheme and value of its code where the object has one."""

    name: str
    outlines: tuple[Outline, ...]
    code: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class CleanRegions:
    """The regions of one object, ready to be laid onto images.

    Attributes
    ----------
    kind : str
        ``"structures"`` or ``"segmentation"``.
    digest : str
        SHA-256 of what follows, hexadecimal: equal regions are the same regions.
    patient_key : str
        16 hexadecimal characters.
    regions : tuple of Region
        At least one.
    removed : dict of str to int
        How often each action was taken.
    report : dict of str to dict of str to int
        What was done, by keyword and never by value; see `clean.CleanInstance`.
    notes : tuple of str
        ``"open-contours"`` when lines without an inside were left out, ``"fractional"`` when a segmentation
        by degrees was cut at a half.
    """

    kind: str
    digest: str
    patient_key: str
    regions: tuple[Region, ...]
    removed: dict[str, int] = field(default_factory=dict)
    report: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_regions(ds: Dataset, *, secret: bytes, known: Collection[str] = frozenset()) -> CleanRegions:
    """Read the regions of a parsed object.

    Parameters
    ----------
    ds : pydicom.Dataset
        As `reader.read_dicom` returns it for one of `CLASSES`; not changed.
    secret : bytes
        Key of the pseudonyms.
    known : collection of str
        UIDs that are pseudonyms of this server already, in objects that were written here.

    Returns
    -------
    CleanRegions

    Raises
    ------
    Refused
        ``no-regions``, ``too-many-regions``, ``tiled-segmentation``, or what reading pixels refuses.
    """
    with handled(), damage_refused():
        reading = _Reading(ds, secret, known)
        structures = str(ds.SOPClassUID) == RT_STRUCTURES
        found = reading.structures() if structures else reading.segments()
        regions = tuple(Region(name, tuple(outlines), code) for name, outlines, code in found if outlines)
        if not regions:
            raise Refused("no-regions", "There is no region with an outline inside. Export it again.")
        told = of_object("regions", reading.counts + counted(ds), profile="")
        text = json.dumps([asdict(region) for region in regions], sort_keys=True)
        return CleanRegions(
            kind="structures" if structures else "segmentation",
            digest=hashlib.sha256(text.encode()).hexdigest(),
            patient_key=patient_of(ds, secret),
            regions=regions,
            removed=summed(told),
            report=told,
            notes=tuple(sorted(reading.notes)),
        )


_Found = tuple[str, list[Outline], tuple[str, str]]


class _Reading:
    """One pass over an object, counting what it takes."""

    def __init__(self, ds: Dataset, secret: bytes, known: Collection[str]) -> None:
        self.ds = ds
        self.secret = secret
        self.known = known
        self.identity = Identity.of(ds)
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.notes: set[str] = set()
        self.points = 0
        self.outlines = 0
        self.steps = 0

    def name(self, ds: Dataset | None, keyword: str, number: int) -> str:
        raw = "" if ds is None else str(_get(ds, keyword) or "")
        text = raw.strip(" \x00")
        cleaned = "".join(char for char in self.identity.scrub(text) if char.isprintable()).strip()
        changed = cleaned != text
        self.counts[
            keyword, "text" if changed else "keep", "clean-descriptors" if changed else "descriptor"
        ] += 1
        return cleaned[:LONGEST_NAME].strip() or str(number)

    def uid(self, value: Any) -> str:
        text = str(value or "").strip(" \x00")
        return pseudonyms.uid(self.secret, text) if text and text not in self.known else text

    def counted(self, points: int) -> None:
        self.points += points
        self.outlines += 1
        if self.points > MOST_POINTS or self.outlines > MOST_OUTLINES:
            raise _too_many()

    # Structure sets, PS3.3 C.8.8.5 and C.8.8.6.

    def structures(self) -> Iterator[_Found]:
        sets = _items(self.ds, "StructureSetROISequence")
        named = {whole_number(item, "ROINumber", 0): item for item in sets}
        series = self.series_of_frames()
        for roi in _items(self.ds, "ROIContourSequence"):
            number = whole_number(roi, "ReferencedROINumber", 0)
            own = named.get(number)
            space = "" if own is None else self.uid(_get(own, "ReferencedFrameOfReferenceUID"))
            yield (
                self.name(own, "ROIName", number),
                self.contours(roi, series.get(space, ""), space),
                ("", ""),
            )

    def series_of_frames(self) -> dict[str, str]:
        """Series by frame of reference, where there is exactly one: for contours that name no image."""
        found: dict[str, str] = {}
        for frame in _items(self.ds, "ReferencedFrameOfReferenceSequence"):
            series = [
                str(_get(item, "SeriesInstanceUID") or "")
                for study in _items(frame, "RTReferencedStudySequence")
                for item in _items(study, "RTReferencedSeriesSequence")
            ]
            if len(series) == 1:
                found[self.uid(_get(frame, "FrameOfReferenceUID"))] = self.uid(series[0])
        return found

    def contours(self, roi: Dataset, series_uid: str, space: str) -> list[Outline]:
        found: list[Outline] = []
        crossed: dict[tuple[str, int | None], list[NDArray[np.float64]]] = {}
        for contour in _items(roi, "ContourSequence"):
            kind = str(_get(contour, "ContourGeometricType") or "").strip().upper()
            places = _places(contour)
            image = _items(contour, "ContourImageSequence")
            sop_uid = self.uid(_get(image[0], "ReferencedSOPInstanceUID")) if len(image) == 1 else ""
            frame = whole_number(image[0], "ReferencedFrameNumber", 0) if sop_uid else 0
            if kind == "POINT" and len(places) == 1:
                pass
            elif kind in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR") and len(places) >= 3:
                if kind == "CLOSEDPLANAR_XOR" and sop_uid:
                    crossed.setdefault((sop_uid, frame or None), []).append(places)
                    continue
            else:
                self.notes.add("open-contours")
                continue
            self.counted(len(places))
            found.append(Outline(sop_uid, series_uid, frame or None, _rounded(places, 4), space))
        for (sop_uid, number), parts in crossed.items():
            places = _bridged(parts)
            self.counted(len(places))
            found.append(Outline(sop_uid, series_uid, number, _rounded(places, 4), space))
        return found

    # Segmentations, PS3.3 C.8.20.

    def segments(self) -> Iterator[_Found]:
        ds = self.ds
        per_frame = _items(ds, "PerFrameFunctionalGroupsSequence")
        tiled = str(_get(ds, "DimensionOrganizationType") or "").startswith("TILED")
        if not per_frame or tiled or _get(ds, "TotalPixelMatrixColumns"):
            raise Refused(
                "tiled-segmentation",
                "This segmentation covers a whole slide in tiles, which cannot be drawn. Leave it out.",
            )
        read_limits_hold(ds, also=frozenset({DEFLATED_FRAMES}))
        shared = (_items(ds, "SharedFunctionalGroupsSequence") or [Dataset()])[0]
        frames = whole_number(ds, "NumberOfFrames", 1)
        # More descriptions than frames: made by cutting a longer object short.
        if len(per_frame) < frames or whole_number(ds, "SamplesPerPixel", 1) != 1:
            raise Refused("bad-header", "The segmentation does not agree with itself. Export it again.")
        values = stored_values(ds)
        values = values if frames > 1 else values[np.newaxis]
        labels = {whole_number(one, "SegmentNumber", 0): one for one in _items(ds, "SegmentSequence")}
        series = [_get(item, "SeriesInstanceUID") for item in _items(ds, "ReferencedSeriesSequence")]
        series_uid = self.uid(series[0]) if len(series) == 1 else ""
        found: dict[int, list[Outline]] = {}
        for values_of, own in zip(values, per_frame, strict=False):
            for number, mask in self.masks(values_of, own, shared, labels):
                self.steps += int(np.count_nonzero(mask[1:] != mask[:-1]))
                self.steps += int(np.count_nonzero(mask[:, 1:] != mask[:, :-1]))
                if self.steps > MOST_STEPS:
                    raise _too_many()
                found.setdefault(number, []).extend(self.outlined(mask, own, shared, series_uid))
        for number, outlines in sorted(found.items()):
            segment = labels.get(number)
            yield self.name(segment, "SegmentLabel", number), outlines, _code(segment)

    def masks(
        self, values: NDArray[Any], own: Dataset, shared: Dataset, labels: dict[int, Dataset]
    ) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """The mask of each segment that a frame shows."""
        kind = str(_get(self.ds, "SegmentationType") or "BINARY").strip().upper()
        if kind == "LABELMAP" or str(self.ds.SOPClassUID) == LABEL_MAP:
            for number in np.unique(values).tolist():
                if number in labels and number != 0:
                    yield int(number), values == number
            return
        segment = _group(own, shared, "SegmentIdentificationSequence")
        number = 0 if segment is None else whole_number(segment, "ReferencedSegmentNumber", 0)
        if kind == "FRACTIONAL":
            self.notes.add("fractional")
            yield number, values > whole_number(self.ds, "MaximumFractionalValue", 255) / 2
        else:
            yield number, values != 0

    def outlined(
        self, mask: NDArray[np.bool_], own: Dataset, shared: Dataset, series_uid: str
    ) -> Iterator[Outline]:
        sources = [
            source
            for derivation in _items(own, "DerivationImageSequence")
            for source in _items(derivation, "SourceImageSequence")
        ]
        one = sources[0] if len(sources) == 1 else None
        sop_uid = self.uid(_get(one, "ReferencedSOPInstanceUID")) if one is not None else ""
        frame = whole_number(one, "ReferencedFrameNumber", 0) if one is not None else 0
        plane = _plane(own, shared)
        space = self.uid(_get(self.ds, "FrameOfReferenceUID"))
        rows, columns = mask.shape
        for ring in rings(mask):
            self.counted(len(ring))
            points = _rounded(ring, 3)
            yield Outline(sop_uid, series_uid, frame or None, points, space, rows, columns, plane)


def _code(segment: Dataset | None) -> tuple[str, str]:
    """Scheme and value of what a segment shows; whoever uses them asks whether they are a code at all."""
    found = _items(segment, "SegmentedPropertyTypeCodeSequence") if segment is not None else []
    if not found:
        return "", ""
    scheme, value = (str(_get(found[0], key) or "") for key in ("CodingSchemeDesignator", "CodeValue"))
    return scheme[:16], value[:16]


def _too_many() -> Refused:
    return Refused(
        "too-many-regions",
        "The regions have more outlines than can be drawn. Export fewer of them, or simpler ones.",
    )


def _get(ds: Dataset, keyword: str) -> Any:
    try:
        return ds.get(keyword)
    except UNREADABLE:
        return None


def _items(ds: Dataset, keyword: str) -> list[Dataset]:
    found = _get(ds, keyword)
    return list(found) if found and isinstance(found[0], Dataset) else []


def _group(own: Dataset, shared: Dataset, keyword: str) -> Dataset | None:
    found = _items(own, keyword) or _items(shared, keyword)
    return found[0] if found else None


def _plane(own: Dataset, shared: Dataset) -> Plane | None:
    position = numbers(_group(own, shared, "PlanePositionSequence"), "ImagePositionPatient")
    orientation = numbers(_group(own, shared, "PlaneOrientationSequence"), "ImageOrientationPatient")
    spacing = numbers(_group(own, shared, "PixelMeasuresSequence"), "PixelSpacing")
    if len(position) != 3 or len(orientation) != 6 or len(spacing) != 2 or min(spacing) <= 0:
        return None
    a, b, c, d, e, f = orientation
    return Plane((position[0], position[1], position[2]), (a, b, c, d, e, f), (spacing[0], spacing[1]))


def _places(contour: Dataset) -> NDArray[np.float64]:
    """Points of a contour, ``(N, 3)``; empty when they are no points."""
    nothing = np.empty((0, 3))
    raw = contour.get_item(_CONTOUR_DATA)
    if raw is None:
        return nothing
    try:
        if isinstance(raw, RawDataElement) and isinstance(raw.value, bytes):
            # Thousands of decimal strings: making an object of each takes longer than all the rest.
            flat = np.array(raw.value.strip(b"\x00 ").split(b"\\")).astype(np.float64)
        else:
            flat = np.array(contour.ContourData, dtype=np.float64)
    except (ValueError, TypeError):
        return nothing
    if flat.size == 0 or flat.size % 3 or not np.isfinite(flat).all():
        return nothing
    return flat.reshape(-1, 3)


def _bridged(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """One ring of contours that exclude one another, in the plane of the first."""
    first = parts[0]
    centre = first.mean(axis=0)
    _u, _s, turned = np.linalg.svd(first - centre, full_matrices=False)
    across, down = turned[0], turned[1]
    flat = [np.column_stack([(part - centre) @ across, (part - centre) @ down]) for part in parts]
    ring = joined(flat)
    return centre + np.outer(ring[:, 0], across) + np.outer(ring[:, 1], down)


def _rounded(points: NDArray[np.float64], digits: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in (np.round(points, digits) + 0.0).tolist())
