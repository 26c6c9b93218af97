"""What is fuzzed, and what must hold whatever the bytes are."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset

from cases.geometry import measure, rasterise
from cases.geometry.errors import GeometryError
from cases.geometry.schema import parse_shapes, read_json, to_payload
from cases.geometry.shapes import Shape
from cases.imaging import archive
from cases.imaging.clean import CleanInstance, clean_any
from cases.imaging.deidentify import deidentify, to_bytes
from cases.imaging.errors import Refused
from cases.imaging.kinds import HEAD, Kind, sniff
from cases.imaging.reader import read_dicom
from cases.imaging.regions import CleanRegions
from tests.fuzz import objects, seeds
from tests.fuzz.mutations import mutate
from tests.fuzz.sources import Source, one_of
from tests.pure.imaging.build import PLANTED, SECRET

FRAMES = ((64, 64), (8, 5))
_ARCHIVES = {Kind.ZIP, Kind.TAR, Kind.GZIP}
# Enough for every seed; a fuzzer that packs zeros would otherwise spend its time unpacking them.
_UNPACKED = archive.ArchiveLimits(
    total_bytes=64 << 20, member_bytes=32 << 20, members=200, ratio=1000, ratio_from=8 << 20
)


# Whole words: letters that run on make another word of a name, which nobody could tell from any other.
_IDENTITY = re.compile(rf"(?<![^\W_])({PLANTED}|ID-4711-77)(?![^\W_])", re.IGNORECASE)


class Finding(AssertionError):
    """A promise of the code under test that some bytes broke."""


def _bounded(refusal: Refused) -> None:
    """A refusal is right, unless it took all memory to find out."""
    if isinstance(refusal.__cause__, MemoryError):
        raise Finding("memory ran out before the file was refused") from refusal
    if not refusal.sentence:
        raise Finding("a refusal without a sentence")


def judge_file(data: bytes) -> None:
    """The whole door: archives opened, every member cleaned, and what comes out readable again."""
    try:
        members = archive.members(data, limits=_UNPACKED) if sniff(data[:HEAD]) in _ARCHIVES else iter([data])
        for member in members:
            _judge_member(member)
    except Refused as refusal:
        _bounded(refusal)


def _judge_member(data: bytes) -> None:
    try:
        found = clean_any(data, secret=SECRET)
    except Refused as refusal:
        _bounded(refusal)
        return
    if isinstance(found, CleanRegions):
        _check_regions(found)
        return
    _check_instance(found)
    # The tiles of a slide are read by their own reader.
    if len(found.clean_bytes) < 1 << 20 and found.kind != "slide":
        again = clean_any(found.clean_bytes, secret=SECRET)
        if not isinstance(again, CleanInstance):
            raise Finding("what was stored is read back as something else")
        shapes = [[frame.pixels.shape for frame in one.frames] for one in (found, again)]
        # A slide whose class was damaged is known as one only when that has been mended.
        if shapes[0] != shapes[1] and again.kind != "slide":
            raise Finding("what was stored is read back with another size")


def _check_instance(found: CleanInstance) -> None:
    if not found.frames or not found.sop_uid or not found.series_uid:
        raise Finding("an instance without frames or identifiers")
    for frame in found.frames:
        numbers = [frame.slope, frame.intercept, frame.window_center, frame.window_width]
        for several in (frame.pixel_spacing, frame.position, frame.orientation):
            numbers += several or ()
        numbers += [one for one in (frame.slice_location, frame.thickness) if one is not None]
        if not all(math.isfinite(number) for number in numbers) or frame.window_width <= 0:
            raise Finding("a number of a frame is not finite, or its window has no width")
        if str(frame.pixels.dtype) not in ("uint8", "int16", "uint16") or not frame.pixels.size:
            raise Finding("pixels that no browser takes")


def _check_regions(found: CleanRegions) -> None:
    for region in found.regions:
        if not region.name or _IDENTITY.search(region.name):
            raise Finding("a region without a name, or with a patient's")
        for outline in region.outlines:
            if not all(math.isfinite(number) for point in outline.points for number in point):
                raise Finding("a place that is not finite")


def judge_object(data: bytes) -> None:
    """The walker: equal each time, readable, without private elements, and without the planted name."""
    try:
        first = to_bytes(deidentify(read_dicom(data), secret=SECRET).dataset)
    except Refused as refusal:
        _bounded(refusal)
        return
    if to_bytes(deidentify(read_dicom(data), secret=SECRET).dataset) != first:
        raise Finding("the same object was cleaned to other bytes")
    written = pydicom.dcmread(BytesIO(first))
    read_dicom(first)
    for element in _elements(written):
        if element.tag.is_private:
            raise Finding("a private element was kept")
        if not isinstance(element.value, (int, float)) and _IDENTITY.search(str(element.value)):
            raise Finding(f"an identity was kept under {element.VR}")


def _elements(ds: Dataset) -> Iterator[pydicom.DataElement]:
    level = [ds, ds.file_meta]
    while level:
        inner = level.pop()
        for element in inner:
            if element.VR == "SQ":
                level += element.value
            else:
                yield element


def judge_drawing(data: bytes) -> None:
    """Shapes are refused with the one error, or measured, drawn and written back unchanged."""
    try:
        shapes = parse_shapes(read_json(data), frames=FRAMES)
    except GeometryError as error:
        if not error.message:
            raise Finding("a refusal without a sentence") from error
        return
    if parse_shapes(to_payload(shapes), frames=FRAMES) != shapes:
        raise Finding("shapes that were written are read back differently")
    for shape in shapes:
        _check_shape(shape)


def _check_shape(shape: Shape) -> None:
    rows, columns = FRAMES[shape.frame]
    if rasterise.mask(shape, rows, columns).shape != (rows, columns):
        raise Finding("a mask of another size than its frame")
    sizes = [measure.area(shape), measure.perimeter(shape)] if shape.is_closed else []
    if shape.kind == "length":
        sizes.append(measure.length(shape, (0.5, 2.0)))
    if shape.kind == "bidirectional":
        sizes.extend(measure.axes(shape, (0.5, 2.0)))
    if shape.kind in ("angle", "cobb"):
        sizes.append(measure.degrees(shape, (0.5, 2.0)))
    if not all(math.isfinite(size) and 0 <= size <= 1e12 for size in sizes):
        raise Finding("a measurement that is no number")
    str(to_payload([shape])).encode()


@dataclass(frozen=True)
class Target:
    """One thing to fuzz.

    Attributes
    ----------
    judge : callable
        Takes a file; returns when all is well, raises otherwise.
    make : callable
        Builds a file from choices.
    seeds : callable
        Good files to start from, by name.
    changes_files : bool
        Whether a fuzzer changes files themselves; otherwise it changes the choices of ``make``.
    """

    judge: Callable[[bytes], None]
    make: Callable[[Source], bytes]
    seeds: Callable[[], dict[str, bytes]]
    changes_files: bool = True


def _changed(files: Callable[[], dict[str, bytes]]) -> Callable[[Source], bytes]:
    kept: list[bytes] = []

    def make(source: Source) -> bytes:
        if not kept:
            kept.extend(files().values())
        return mutate(one_of(source, kept), source)

    return make


def _drawings() -> dict[str, bytes]:
    return dict(seeds.drawings())


TARGETS = {
    "reader": Target(judge_file, _changed(seeds.files), seeds.files),
    "walker": Target(judge_object, objects.make, lambda: {}, changes_files=False),
    "geometry": Target(judge_drawing, _changed(_drawings), _drawings),
}
