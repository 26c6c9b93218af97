"""Burn boxes into stored images: what was below is gone, from the object and from every frame of it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import compress
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGLSLossless, RLELossless

from . import slide_store, slides
from .clean import CleanInstance, picture_frame, written_values
from .decoders import stored_values
from .deidentify import say_pixels_are_clean, to_bytes
from .errors import let_stops_pass
from .frames import DecodedFrame, decode
from .kinds import Kind
from .pictures import read_picture, write_lossless
from .reader import handled, pixel_keyword, read_dicom, whole_number
from .volumes import read_volume, slices, write_volume

Rectangle = tuple[int, int, int, int]
Pixels = NDArray[Any]
# Bits that JPEG-LS takes; RLE takes whole bytes of any number.
_JPEG_LS_BITS = range(2, 17)
# Attributes that describe pixels of another kind than those written here.
_OF_PALETTES = ("RedPaletteColorLookup", "GreenPaletteColorLookup", "BluePaletteColorLookup")


def black_out(data: bytes, *, kind: str, boxes: Mapping[int, Sequence[Rectangle]]) -> CleanInstance:
    """Write black over places of a stored instance, and say in it that its pixels are clean.

    Parameters
    ----------
    data : bytes
        What `clean` made: a de-identified DICOM file, a PNG or TIFF, a gzipped NIfTI volume, or the tiles of
        a slide, whose boxes are in pixels of its overview.
    kind : str
        ``"dicom"``, ``"picture"``, ``"volume"`` or ``"slide"``.
    boxes : mapping of int to sequence of (left, top, width, height)
        By number of the frame from 1; 0 for every frame. Cut to the frame. Without any, a person has found
        nothing to hide: pixels stay as they are, and a DICOM header says that they were looked at.

    Returns
    -------
    CleanInstance
        New bytes, digest and frames. DICOM is written without loss: uncompressed, or as JPEG-LS or RLE when
        the object was compressed and that is shorter. That it was once compressed with loss stays told. Names
        and identifiers are those of the header; a picture and a volume have none.

    Raises
    ------
    ValueError
        For another kind, or a box without an area.
    Refused
        When the stored bytes cannot be decoded any more.
    """
    for rectangles in boxes.values():
        if any(width < 1 or height < 1 for _left, _top, width, height in rectangles):
            raise ValueError("a box needs a width and a height of at least one pixel")
    if kind == "dicom":
        return _dicom(data, boxes)
    if kind == "picture":
        pages = [page.copy() for page in read_picture(data)]
        for number, page in enumerate(pages, start=1):
            _fill(page, _of_frame(boxes, number), 0 if page.dtype == np.uint8 else page.min())
        frames = tuple(picture_frame(page, number) for number, page in enumerate(pages, start=1))
        return _instance(kind, write_lossless([written_values(frame.pixels) for frame in frames]), frames)
    if kind == "volume":
        grid = read_volume(gzip.decompress(data), Kind.NIFTI)
        lowest = 0 if grid.values.ndim == 4 else np.nanmin(grid.values)
        for number, one in enumerate(grid.values, start=1):
            _fill(one, _of_frame(boxes, number), lowest)
        return _instance(kind, write_volume(grid), tuple(slices(grid)))
    if kind == "slide":
        target = BytesIO()
        written = slide_store.black_out(BytesIO(data), _of_frame(boxes, 1), target)
        return _instance(kind, target.getvalue(), (slides.overview(written),))
    raise ValueError(f"instances of the kind {kind} cannot be blacked out")


def _of_frame(boxes: Mapping[int, Sequence[Rectangle]], number: int) -> list[Rectangle]:
    return [*boxes.get(0, ()), *boxes.get(number, ())]


def _fill(frame: Pixels, rectangles: Sequence[Rectangle], value: Any) -> None:
    """Write ``value`` into ``frame``, ``(H, W)`` or ``(H, W, 3)``, which is the caller's own."""
    for left, top, width, height in rectangles:
        frame[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = value


def _instance(
    kind: str, stored: bytes, frames: tuple[DecodedFrame, ...], ds: Dataset | None = None
) -> CleanInstance:
    def text(keyword: str) -> str:
        return "" if ds is None else str(ds.get(keyword, "") or "")

    return CleanInstance(
        kind=kind,
        modality=text("Modality") or "OT",
        sop_uid=text("SOPInstanceUID"),
        series_uid=text("SeriesInstanceUID"),
        study_uid=text("StudyInstanceUID"),
        patient_key=text("PatientID"),
        series_description=text("SeriesDescription"),
        body_part=text("BodyPartExamined"),
        instance_number=frames[0].instance_number,
        manufacturer_model=text("ManufacturerModelName"),
        patient_sex=text("PatientSex"),
        patient_age=text("PatientAge"),
        clean_bytes=stored,
        digest=hashlib.sha256(stored).hexdigest(),
        frames=frames,
        removed={},
    )


def _dicom(data: bytes, boxes: Mapping[int, Sequence[Rectangle]]) -> CleanInstance:
    ds = read_dicom(data)
    with handled():
        if any(boxes.values()):
            _rewrite(ds, boxes)
        say_pixels_are_clean(ds, by_person=True)
        frames = tuple(decode(ds))
        return _instance("dicom", to_bytes(ds), frames, ds)


def _rewrite(ds: Dataset, boxes: Mapping[int, Sequence[Rectangle]]) -> None:
    """Blank, and put the pixels back without loss."""
    syntax = UID(ds.file_meta.TransferSyntaxUID)
    shown = decode(ds)
    if shown[0].pixels.ndim == 3:
        values = np.stack([frame.pixels for frame in shown])
        black: Any = 0
    else:
        values = stored_values(ds)
        values = values[None] if whole_number(ds, "NumberOfFrames", 1) == 1 else values
        black = _black(values, shown)
    values = values.copy()
    for number, frame in enumerate(values, start=1):
        _fill(frame, _of_frame(boxes, number), black)
    _put(ds, values)
    if syntax.is_compressed and pixel_keyword(ds) == "PixelData":
        _shorten(ds)


def _black(values: Pixels, shown: Sequence[DecodedFrame]) -> Any:
    """The stored value, among those that occur, that is shown darkest."""
    finite = values[np.isfinite(values)] if np.issubdtype(values.dtype, np.floating) else values
    if finite.size == 0:
        return 0
    falling = shown[0].slope < 0
    return finite.max() if shown[0].invert != falling else finite.min()


def _put(ds: Dataset, values: Pixels) -> None:
    """Write ``(N, H, W)`` or ``(N, H, W, 3)`` pixels uncompressed, with the attributes that describe them."""
    colour = values.ndim == 4
    keyword = pixel_keyword(ds) or "PixelData"
    if values.dtype == np.bool_:
        values = values.astype(np.uint8)
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()
    if colour:
        ds.PhotometricInterpretation = "RGB"
        ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PixelRepresentation = 3, 0, 0
        ds.BitsAllocated = ds.BitsStored = 8
        ds.HighBit = 7
        for element in list(ds):
            if element.keyword.startswith(_OF_PALETTES) or element.keyword == "PaletteColorLookupTableUID":
                del ds[element.tag]
    elif keyword == "PixelData":
        _say_depth(ds, values.dtype)
        if ds.PhotometricInterpretation not in ("MONOCHROME1", "MONOCHROME2"):
            ds.PhotometricInterpretation = "MONOCHROME2"
    if keyword == "PixelData":
        ds.PixelData = little + b"\0" * (len(little) % 2)
        ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 else "OW"
        ds["PixelData"].is_undefined_length = False
    else:
        ds[keyword].value = little
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in ds:
            del ds[keyword]
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian


def _say_depth(ds: Dataset, dtype: np.dtype[Any]) -> None:
    """Bits as the array has them; how many of these are used stays as it was."""
    bits = dtype.itemsize * 8
    stored = min(whole_number(ds, "BitsStored", bits), bits)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, stored, stored - 1
    ds.PixelRepresentation = int(np.issubdtype(dtype, np.signedinteger))


def _shorten(ds: Dataset) -> None:
    """Compress again what came compressed, when that is shorter and comes back bit for bit."""
    unsigned = whole_number(ds, "PixelRepresentation", 0) == 0
    syntax = JPEGLSLossless if unsigned and ds.BitsStored in _JPEG_LS_BITS else RLELossless
    before = stored_values(ds)
    length = len(ds.PixelData)
    attempt = Dataset()
    attempt.update({element.tag: element for element in ds})
    attempt.file_meta = ds.file_meta.__class__(ds.file_meta)
    try:
        compress(attempt, syntax, generate_instance_uid=False)
        shorter = len(attempt.PixelData) < length and np.array_equal(stored_values(attempt), before)
    except Exception as error:  # noqa: BLE001  encoders refuse kinds of pixels with errors of every kind
        let_stops_pass(error)
        return
    if shorter:
        ds.add(attempt["PixelData"])
        ds.file_meta.TransferSyntaxUID = syntax
