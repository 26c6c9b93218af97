"""Small whole slides as scanners write them: tiled TIFF with label and macro picture, and tiled DICOM."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

from cases.imaging.slide_dicom import WHOLE_SLIDE

Picture = NDArray[np.uint8]
APERIO = "Aperio Image Library v11.2.1 \r\n{width}x{height} ({tile}x{tile}) RAW|AppMag = 20|MPP = 0.5000"
NAME = "DOE^JANE"
TILE = 64


def tissue(width: int, height: int, *, seed: int = 3) -> Picture:
    """Smooth coloured patches, ``(height, width, 3)``: what JPEG keeps nearly as it is."""
    random = np.random.default_rng(seed)
    coarse = random.integers(60, 250, (height // 40 + 2, width // 40 + 2, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


# --- TIFF -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """One directory of a TIFF file."""

    pixels: Picture
    description: str = ""
    tile: int = 0
    reduced: int = 0
    """NewSubfileType: 1 for a smaller copy; scanners mark the macro picture by 9."""


def tiff(pages: Sequence[Page]) -> bytes:
    """An uncompressed RGB TIFF file; pages with a tile size are tiled, the others one strip."""
    out = BytesIO()
    out.write(b"II*\x00\x00\x00\x00\x00")
    link = 4
    for page in pages:
        parts = _tiles(page) if page.tile else [page.pixels.tobytes()]
        offsets = [_put(out, part) for part in parts]
        height, width = page.pixels.shape[:2]
        entries = [
            (254, 4, [page.reduced]), (256, 4, [width]), (257, 4, [height]), (258, 3, [8, 8, 8]),
            (259, 3, [1]), (262, 3, [2]), (277, 3, [3]), (284, 3, [1]),
        ]  # fmt: skip
        if page.description:
            entries.append((270, 2, list(page.description.encode() + b"\0")))
        sizes = [len(part) for part in parts]
        if page.tile:
            entries += [(322, 3, [page.tile]), (323, 3, [page.tile]), (324, 4, offsets), (325, 4, sizes)]
        else:
            entries += [(273, 4, offsets), (278, 4, [height]), (279, 4, sizes)]
        link = _directory(out, sorted(entries), link)
    return out.getvalue()


def _tiles(page: Page) -> list[bytes]:
    height, width = page.pixels.shape[:2]
    across, down = -(-width // page.tile), -(-height // page.tile)
    room = np.full((down * page.tile, across * page.tile, 3), 255, np.uint8)
    room[:height, :width] = page.pixels
    return [
        room[y * page.tile : (y + 1) * page.tile, x * page.tile : (x + 1) * page.tile].tobytes()
        for y in range(down)
        for x in range(across)
    ]


def _put(out: BytesIO, data: bytes) -> int:
    place = out.seek(0, 2)
    out.write(data + b"\0" * (len(data) % 2))
    return place


def _directory(out: BytesIO, entries: list[tuple[int, int, list[int]]], link: int) -> int:
    letters = {2: "B", 3: "H", 4: "I"}
    body = b""
    for tag, kind, values in entries:
        data = struct.pack(f"<{len(values)}{letters[kind]}", *values)
        where = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", _put(out, data))
        body += struct.pack("<HHI", tag, kind, len(values)) + where
    place = _put(out, struct.pack("<H", len(entries)) + body + b"\0\0\0\0")
    out.seek(link)
    out.write(struct.pack("<I", place))
    return place + 2 + len(body)


def aperio(pixels: Picture, *, tile: int = TILE) -> bytes:
    """As an Aperio scanner writes it: the slide, a thumbnail, and pictures of label and glass with a name."""
    height, width = pixels.shape[:2]
    told = f"{APERIO.format(width=width, height=height, tile=tile)}|Filename = {NAME}|User = {NAME}"
    small = np.full((40, 50, 3), 200, np.uint8)
    label = np.full((48, 40, 3), (250, 10, 240), np.uint8)
    return tiff(
        [
            Page(pixels, told, tile),
            Page(small, f"{told} -> 50x40"),
            Page(label, "Aperio Image Library v11.2.1 \r\nlabel 40x48", reduced=1),
            Page(label, "Aperio Image Library v11.2.1 \r\nmacro 40x48", reduced=9),
        ]
    )


# --- DICOM ------------------------------------------------------------------------------------------------


def dicom(
    layers: Sequence[NDArray[Any]],
    *,
    tile: tuple[int, int] = (TILE, TILE),
    flavour: str = "VOLUME",
    planes: int = 1,
    sparse: bool = False,
    leave_out: Sequence[tuple[int, int]] = (),
    jpeg: bool = False,
    offsets: bool = True,
    series: str = "1.2.3.77",
    number: int = 1,
    millimetres: float = 0.002,
    **header: Any,
) -> bytes:
    """One level of a whole slide.

    Parameters
    ----------
    layers : sequence of ndarray
        One picture for each optical path and, inside of a path, for each focal plane.
    tile : tuple of int
        Columns and rows of a frame.
    planes : int
        Focal planes.
    sparse : bool
        Each frame says where it lies.
    leave_out : sequence of tuple of int
        Column and row of tiles that are not there; for sparse ones.
    """
    height, width = layers[0].shape[:2]
    grey = layers[0].ndim == 2
    wide, high = tile
    frames, groups = [], []
    for place, layer in enumerate(layers):
        room = np.zeros((-(-height // high) * high, -(-width // wide) * wide, *layer.shape[2:]), layer.dtype)
        room[:height, :width] = layer
        for y in range(0, height, high):
            for x in range(0, width, wide):
                if (x // wide, y // high) in leave_out:
                    continue
                frames.append(room[y : y + high, x : x + wide])
                groups.append(_group(x, y, place // planes, place % planes))
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = WHOLE_SLIDE, f"{series}.{number}"
    ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.FrameOfReferenceUID = series, "1.2.3.7", "1.2.3.70"
    ds.PatientName, ds.PatientID, ds.Modality = NAME, "4711", "SM"
    ds.ContainerIdentifier = "S24-4711"
    ds.ImageType = ["ORIGINAL", "PRIMARY", flavour, "NONE"]
    ds.Rows, ds.Columns = high, wide
    ds.TotalPixelMatrixRows, ds.TotalPixelMatrixColumns = height, width
    ds.TotalPixelMatrixFocalPlanes = planes
    ds.NumberOfFrames = len(frames)
    ds.DimensionOrganizationType = "TILED_SPARSE" if sparse else "TILED_FULL"
    ds.SamplesPerPixel, ds.PixelRepresentation = (1, 0) if grey else (3, 0)
    ds.PhotometricInterpretation = "MONOCHROME2" if grey else "YBR_FULL_422" if jpeg else "RGB"
    if not grey and not jpeg:
        ds.PlanarConfiguration = 0
    bits = layers[0].dtype.itemsize * 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.OpticalPathSequence = [_path(n) for n in range(len(layers) // planes)]
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [millimetres, millimetres]
    shared.PixelMeasuresSequence = [measures]
    ds.SharedFunctionalGroupsSequence = [shared]
    if sparse:
        ds.PerFrameFunctionalGroupsSequence = groups
    for keyword, value in header.items():
        setattr(ds, keyword, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = WHOLE_SLIDE
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit if jpeg else ExplicitVRLittleEndian
    if jpeg:
        ds.PixelData = encapsulate([_jpeg(frame) for frame in frames], has_bot=offsets)
    else:
        data = b"".join(frame.tobytes() for frame in frames)
        ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB" if jpeg or bits == 8 else "OW"
    out = BytesIO()
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def _path(number: int) -> Dataset:
    path = Dataset()
    path.OpticalPathIdentifier = str(number + 1)
    path.ObjectiveLensPower = 20
    return path


def _group(x: int, y: int, path: int, plane: int) -> Dataset:
    position, identified, group = Dataset(), Dataset(), Dataset()
    position.ColumnPositionInTotalImagePixelMatrix = x + 1
    position.RowPositionInTotalImagePixelMatrix = y + 1
    position.ZOffsetInSlideCoordinateSystem = float(plane)
    identified.OpticalPathIdentifier = str(path + 1)
    group.PlanePositionSlideSequence = [position]
    group.OpticalPathIdentificationSequence = [identified]
    return group


def _jpeg(frame: NDArray[Any]) -> bytes:
    out = BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=95)
    return out.getvalue()
