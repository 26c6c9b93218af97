"""Whole slides in DICOM: VL Whole Slide Microscopy, one file for each level of the scanner's pyramid.

Each file is read for itself, so a missing level costs only its pixels: the stored pyramid is always made from
the finest level that came (PS3.3 A.32.8 and C.8.12).
"""

from __future__ import annotations

import struct
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_color_lut
from pydicom.uid import UID

from .decoders import stored_values
from .errors import Refused
from .reader import handled, whole_number
from .render import auto_window
from .slide_bytes import MOST_FRAMES, FrameBytes, broken, frame_bytes, read_header
from .slide_store import Picture
from .values import numbers

WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_MOST_PIXELS_OF_FRAME = 64 << 20
_CACHE_BYTES = 96 << 20
_HEADERS = (
    "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
)  # fmt: skip
_CHANNELS = ("Red", "Green", "Blue")
# Colours of fluorescence that the header does not name, in the order of the optical paths.
_COLOURS = ((0, 255, 0), (0, 90, 255), (255, 0, 0), (255, 255, 0), (255, 0, 255), (0, 255, 255))


def check_flavour(ds: Dataset) -> None:
    """Refuse what lies beside the tissue in a slide's series.

    Raises
    ------
    Refused
        ``slide-label`` for pictures of the label or of the whole glass with its label; ``slide-beside`` for
        maps and other pictures that are no level of the slide; ``slide-in-parts`` for a level cut into files.
    """
    value = ds.get("ImageType")
    kinds = list(value) if isinstance(value, pydicom.multival.MultiValue) else [value]
    kind = str(kinds[2]).upper() if len(kinds) > 2 else ""
    if kind in ("LABEL", "OVERVIEW"):
        raise Refused(
            "slide-label",
            "This is the picture of the slide's label or of the whole glass, which shows names and numbers. "
            "It was not kept; the tissue itself comes with the other files of the slide.",
        )
    if kind not in ("VOLUME", "THUMBNAIL"):
        raise Refused(
            "slide-beside",
            "This picture only helps to find places on the slide. It was not kept; the tissue itself comes "
            "with the other files of the slide.",
        )
    if whole_number(ds, "InConcatenationTotalNumber", 1) > 1 or ds.get("ConcatenationUID"):
        raise Refused(
            "slide-in-parts",
            "One level of this slide is cut into several files. Export it with one file for each level.",
        )


def _items(ds: Dataset, keyword: str) -> list[Dataset]:
    return list(ds.get(keyword) or [])


def _item(ds: Dataset, keyword: str) -> Dataset:
    """First item of a sequence; an empty one where there is none."""
    return next(iter(_items(ds, keyword)), Dataset())


def _colour_table(path: Dataset, number: int, several: bool) -> NDArray[np.uint16]:
    """RGB for each of the 256 grey levels of one optical path."""
    palette = _item(path, "PaletteColorLookupTableSequence")
    ramp = np.arange(256, dtype=np.uint8)
    if palette:
        return _palette(palette)
    colour = (255, 255, 255)
    if several:
        waves = numbers(path, "IlluminationWaveLength")
        colour = _seen(waves[0]) if waves and waves[0] > 0 else _COLOURS[number % len(_COLOURS)]
    return np.asarray(np.outer(ramp, colour) // 255, np.uint16)


def _palette(item: Dataset) -> NDArray[np.uint16]:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    try:
        segments = [item.get(f"Segmented{colour}PaletteColorLookupTableData") for colour in _CHANNELS]
        if all(segments):
            # pydicom expands segments of bytes; scanners write words also for entries of 8 bits.
            return np.stack([_expanded(np.frombuffer(data, "<u2")) for data in segments], axis=1)
        table = apply_color_lut(ramp, item).reshape(256, 3)
    except (ValueError, AttributeError, KeyError, TypeError, IndexError, struct.error) as error:
        raise Refused("bad-palette", "A colour table of the slide is damaged. Export it again.") from error
    return np.asarray(table >> 8 if table.dtype == np.uint16 else table, np.uint16)


def _expanded(words: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """256 entries from discrete and linear segments (PS3.3 C.7.9.2)."""
    found: list[int] = []
    place = 0
    while place < len(words) - 1 and len(found) < 256:
        kind, count = int(words[place]), int(words[place + 1])
        if kind == 0 and count:
            found.extend(int(word) for word in words[place + 2 : place + 2 + count])
            place += 2 + count
        elif kind == 1 and found and count:
            line = np.linspace(found[-1], int(words[place + 2]), count + 1)[1:]
            found.extend(round(entry) for entry in line)
            place += 3
        else:
            break
    if len(found) < 256:
        raise ValueError("the segments do not fill the table")
    entries = np.asarray(found[:256], np.uint16)
    return np.asarray(entries >> 8 if entries.max() > 255 else entries, np.uint16)


def _seen(nanometres: float) -> tuple[int, int, int]:
    """A colour for light of this wave length, coarsely."""
    for limit, colour in (
        (450, (120, 0, 255)),
        (490, (0, 90, 255)),
        (570, (0, 255, 0)),
        (600, (255, 200, 0)),
    ):
        if nanometres < limit:
            return colour
    return (255, 0, 0)


@dataclass(eq=False)
class DicomSlide:
    """One level of a slide as a source: optical paths are added up as light, the middle plane is shown."""

    ds: Dataset
    frames: FrameBytes
    width: int
    height: int
    microns: tuple[float, float] | None
    magnification: float | None
    paths: int
    grey: bool
    tables: list[NDArray[np.uint16]]
    # By cell of the grid of frames: optical path, left, top and number of each frame that lies in it.
    cells: dict[tuple[int, int], list[tuple[int, int, int, int]]]
    spans: dict[int, tuple[float, float]] = field(default_factory=dict)
    cache: OrderedDict[int, NDArray[Any]] = field(default_factory=OrderedDict)
    cached: int = 0

    @property
    def side(self) -> tuple[int, int]:
        return whole_number(self.ds, "Columns", 1), whole_number(self.ds, "Rows", 1)

    def region(self, x: int, y: int, width: int, height: int) -> Picture:
        """RGB pixels; where no frame lies it is black for fluorescence, and white as glass otherwise."""
        wide, high = self.side
        light = (
            np.zeros((height, width, 3), np.uint16)
            if self.grey
            else np.full((height, width, 3), 255, np.uint16)
        )
        done: set[int] = set()
        # A frame may begin in the cell before.
        for row in range((y // high) - 1, (y + height - 1) // high + 1):
            for column in range((x // wide) - 1, (x + width - 1) // wide + 1):
                for path, left, top, number in self.cells.get((column, row), ()):
                    if number not in done:
                        done.add(number)
                        self._lay(light, path, left - x, top - y, number)
        return np.minimum(light, 255).astype(np.uint8)

    def _lay(self, light: NDArray[np.uint16], path: int, left: int, top: int, number: int) -> None:
        height, width = light.shape[:2]
        wide, high = self.side
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + wide, width), min(top + high, height)
        if x0 >= x1 or y0 >= y1:
            return
        part = self.frame(number)[y0 - top : y1 - top, x0 - left : x1 - left]
        if self.grey:
            light[y0:y1, x0:x1] += self.tables[path][self._eight_bits(part, path)]
        else:
            light[y0:y1, x0:x1] = part

    def _eight_bits(self, values: NDArray[Any], path: int) -> NDArray[np.uint8]:
        if values.dtype == np.uint8:
            return values
        low, width = self.spans[path]
        return np.clip((values.astype(np.float32) - low) * (255.0 / width), 0, 255).astype(np.uint8)

    def frame(self, number: int) -> NDArray[Any]:
        """Decoded pixels of a frame, kept while there is room."""
        if number in self.cache:
            self.cache.move_to_end(number)
            return self.cache[number]
        one = Dataset()
        for keyword in _HEADERS:
            if keyword in self.ds:
                one[keyword] = self.ds[keyword]
        if whole_number(one, "SamplesPerPixel", 1) == 3 and "PlanarConfiguration" not in one:
            # Left out by some scanners; JPEG says it itself.
            one.PlanarConfiguration = 0
        one.file_meta = FileMetaDataset()
        syntax = one.file_meta.TransferSyntaxUID = UID(self.ds.file_meta.TransferSyntaxUID)
        data = self.frames.read(number)
        one.PixelData = encapsulate([data]) if syntax.is_encapsulated else data + b"\0" * (len(data) % 2)
        one["PixelData"].VR = "OB" if syntax.is_encapsulated or one.BitsAllocated <= 8 else "OW"
        values = stored_values(one)
        if values.dtype.itemsize > 1 and values.ndim == 3:
            values = (values >> max(0, whole_number(one, "BitsStored", 16) - 8)).astype(np.uint8)
        self.cache[number] = values
        self.cached += values.nbytes
        while self.cached > _CACHE_BYTES and len(self.cache) > 1:
            self.cached -= self.cache.popitem(last=False)[1].nbytes
        return values


def opened(file: BinaryIO) -> tuple[Dataset, DicomSlide]:
    """Open one level of a whole slide.

    Parameters
    ----------
    file : binary file
        Must stay open while the slide is read.

    Returns
    -------
    tuple
        The header without its pixels, and the slide.

    Raises
    ------
    Refused
        With a sentence for the person who uploaded it.
    """
    ds, raw = read_header(file)
    check_flavour(ds)
    if raw is None or not getattr(ds, "file_meta", None) or not ds.file_meta.get("TransferSyntaxUID"):
        raise broken()
    count = whole_number(ds, "NumberOfFrames", 1)
    width, height = (
        whole_number(ds, "TotalPixelMatrixColumns", 0),
        whole_number(ds, "TotalPixelMatrixRows", 0),
    )
    wide, high = whole_number(ds, "Columns", 0), whole_number(ds, "Rows", 0)
    bits, samples = whole_number(ds, "BitsAllocated", 0), whole_number(ds, "SamplesPerPixel", 1)
    if min(width, height, wide, high, count) < 1 or bits not in (8, 16) or samples not in (1, 3):
        raise Refused("bad-header", "The header does not describe the slide correctly. Export it again.")
    if wide * high > _MOST_PIXELS_OF_FRAME or count > MOST_FRAMES:
        raise Refused(
            "too-large", "The tiles of this slide are too large or too many. Export it with others."
        )
    with handled():
        paths = _items(ds, "OpticalPathSequence") or [Dataset()]
        grey = samples == 1
        slide = DicomSlide(
            ds=ds,
            frames=frame_bytes(ds, raw, file, count),
            width=width,
            height=height,
            microns=_microns(ds, width, height),
            magnification=(numbers(paths[0], "ObjectiveLensPower") or (None,))[0],
            paths=len(paths),
            grey=grey,
            tables=[_colour_table(path, n, len(paths) > 1) for n, path in enumerate(paths)] if grey else [],
            cells=_cells(ds, paths, count, grey=grey),
        )
        if grey and bits == 16:
            _find_spans(slide)
    return ds, slide


def _find_spans(slide: DicomSlide) -> None:
    """Darkest and brightest value of each optical path, from frames spread over the slide."""
    by_path: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for found in slide.cells.values():
        for path, left, top, number in found:
            by_path[path].append((number, left, top))
    for path, places in by_path.items():
        some = sorted(places)[:: max(1, len(places) // 12)]
        # What lies over the edge of the slide is filled up with anything.
        inside = [
            slide.frame(number)[: slide.height - top, : slide.width - left].reshape(-1)[::7]
            for number, left, top in some
        ]
        middle, width = auto_window(np.concatenate(inside))
        slide.spans[path] = (middle - width / 2, width)


def _microns(ds: Dataset, width: int, height: int) -> tuple[float, float] | None:
    """Micrometres per pixel across and down."""
    measures = _item(_item(ds, "SharedFunctionalGroupsSequence"), "PixelMeasuresSequence")
    found = numbers(measures, "PixelSpacing")
    if len(found) == 2:
        down, across = found[0] * 1000, found[1] * 1000
    else:
        wide, high = numbers(ds, "ImagedVolumeWidth"), numbers(ds, "ImagedVolumeHeight")
        if not wide or not high:
            return None
        across, down = wide[0] * 1000 / width, high[0] * 1000 / height
    return (across, down) if 0.001 <= across <= 1000 and 0.001 <= down <= 1000 else None


def _cells(
    ds: Dataset, paths: list[Dataset], count: int, *, grey: bool
) -> dict[tuple[int, int], list[tuple[int, int, int, int]]]:
    """Every frame that is shown, by the cell of the grid it begins in."""
    wide, high = whole_number(ds, "Columns", 1), whole_number(ds, "Rows", 1)
    cells: dict[tuple[int, int], list[tuple[int, int, int, int]]] = defaultdict(list)
    for path, left, top, number in _placed(ds, paths, count):
        # Colour pictures are light that was added up already: the first path is shown.
        if grey or path == 0:
            cells[left // wide, top // high].append((path, left, top, number))
    return dict(cells)


def _placed(ds: Dataset, paths: list[Dataset], count: int) -> Iterator[tuple[int, int, int, int]]:
    width, height = (
        whole_number(ds, "TotalPixelMatrixColumns", 1),
        whole_number(ds, "TotalPixelMatrixRows", 1),
    )
    wide, high = whole_number(ds, "Columns", 1), whole_number(ds, "Rows", 1)
    across, down = -(-width // wide), -(-height // high)
    planes = max(whole_number(ds, "TotalPixelMatrixFocalPlanes", 1), 1)
    per_frame = _items(ds, "PerFrameFunctionalGroupsSequence")
    full = str(ds.get("DimensionOrganizationType", "")) != "TILED_SPARSE"
    if full and count == across * down * planes * len(paths):
        # Columns, then rows, then focal planes, then optical paths (PS3.3 C.7.6.17.3).
        for path in range(len(paths)):
            first = (path * planes + planes // 2) * across * down
            for tile in range(across * down):
                yield path, tile % across * wide, tile // across * high, first + tile
    elif len(per_frame) == count:
        yield from _sparse(per_frame, paths, width, height)
    else:
        raise Refused("bad-header", "The header does not say where the tiles lie. Export the slide again.")


def _sparse(
    per_frame: list[Dataset], paths: list[Dataset], width: int, height: int
) -> Iterator[tuple[int, int, int, int]]:
    names = {str(path.get("OpticalPathIdentifier", "")): n for n, path in enumerate(paths)}
    found = []
    for number, groups in enumerate(per_frame):
        position = _item(groups, "PlanePositionSlideSequence")
        named = _item(groups, "OpticalPathIdentificationSequence")
        left = whole_number(position, "ColumnPositionInTotalImagePixelMatrix", 0) - 1
        top = whole_number(position, "RowPositionInTotalImagePixelMatrix", 0) - 1
        depth = (numbers(position, "ZOffsetInSlideCoordinateSystem") or (0.0,))[0]
        if not (0 <= left < width and 0 <= top < height):
            raise Refused("bad-header", "A tile lies outside of the slide. Export the slide again.")
        found.append((names.get(str(named.get("OpticalPathIdentifier", "")), 0), left, top, number, depth))
    depths = sorted({one[4] for one in found})
    middle = depths[len(depths) // 2]
    yield from (one[:4] for one in found if one[4] == middle)
