"""PNG, JPEG, TIFF, BMP and WebP: checked, decoded, and written again without metadata."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import Refused, let_stops_pass
from .reader import Kind, handled, sniff


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How large a picture may be, in pixels and in pages."""

    file_bytes: int = 256 << 20
    side: int = 16384
    pixels: int = 100_000_000
    pages: int = 512


LIMITS = PictureLimits()
_FORMATS = {Kind.PNG: "PNG", Kind.JPEG: "JPEG", Kind.TIFF: "TIFF", Kind.BMP: "BMP", Kind.WEBP: "WEBP"}
# Bytes of the TIFF field types (TIFF 6.0 section 2, BigTIFF).
_TIFF_SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_GREY = {"1", "L", "LA", "La"}
_WIDE = {"I;16", "I;16B", "I;16L", "I;16N"}


def _damaged() -> Refused:
    return Refused(
        "broken-picture", "The picture is damaged or cut off. Save or export it again, then upload."
    )


def _too_large(limits: PictureLimits) -> Refused:
    return Refused(
        "too-large",
        f"The picture is larger than {limits.side} pixels a side, {limits.pixels // 1_000_000} million "
        f"pixels or {limits.pages} pages. Upload a smaller part of it.",
    )


def _tiff_pages(data: bytes, limits: PictureLimits) -> None:
    """Follow the chain of directories: a loop would never end, and is no picture."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    try:
        (place,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
        seen: set[int] = set()
        while place:
            if place in seen:
                raise _damaged()
            if len(seen) >= limits.pages:
                raise _too_large(limits)
            seen.add(place)
            (entries,) = struct.unpack_from(order + ("Q" if big else "H"), data, place)
            _tiff_entries(data, order, big=big, start=place + (8 if big else 2), entries=entries)
            after = place + (8 + entries * 20 if big else 2 + entries * 12)
            (place,) = struct.unpack_from(order + ("Q" if big else "I"), data, after)
    except (struct.error, OverflowError) as error:
        raise _damaged() from error


def _tiff_entries(data: bytes, order: str, *, big: bool, start: int, entries: int) -> None:
    """Refuse an entry that declares more data than the file holds."""
    step = 20 if big else 12
    if start + entries * step > len(data):
        raise _damaged()
    for index in range(entries):
        kind, count = struct.unpack_from(order + ("HQ" if big else "HI"), data, start + index * step + 2)
        if count * _TIFF_SIZES.get(kind, 1) > len(data):
            raise _damaged()


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF says; a damaged EXIF says nothing, and the picture is good without it."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  what cameras write there fails in every way
        let_stops_pass(error)
        return image


def _pixels(image: Image.Image) -> NDArray[Any]:
    """One page as grey uint8, uint16, float, or RGB uint8; transparency is dropped."""
    upright = _upright(image)
    if upright.mode in _WIDE:
        return np.asarray(upright).astype(np.uint16)
    if upright.mode in ("I", "F"):
        return np.asarray(upright)
    grey = upright.mode in _GREY
    return np.asarray(upright.convert("L" if grey else "RGB"))


def read_picture(data: bytes, *, limits: PictureLimits = LIMITS) -> list[NDArray[Any]]:
    """Decode a picture file completely.

    Parameters
    ----------
    data : bytes
        The whole file; its kind is decided by content.
    limits : PictureLimits
        Checked against the header before anything is decoded.

    Returns
    -------
    list of ndarray
        One per page: ``(H, W)`` uint8, uint16, int32 or float32, or ``(H, W, 3)`` uint8.
        The EXIF rotation is applied, so that annotations meet the pixels people saw.

    Raises
    ------
    Refused
        ``not-an-image``, ``too-large`` or ``broken-picture``.
    """
    kind = sniff(data[:1024])
    if kind not in _FORMATS:
        raise Refused("not-an-image", _stranger(data))
    if len(data) > limits.file_bytes:
        raise Refused(
            "too-large", f"The file is larger than {limits.file_bytes >> 20} MiB. Upload a smaller one."
        )
    if kind is Kind.TIFF:
        _tiff_pages(data, limits)
    with handled():
        try:
            with Image.open(BytesIO(data), formats=[_FORMATS[kind]]) as image:
                return _pages(image, limits, several=kind is Kind.TIFF)
        except Refused:
            raise
        except Image.DecompressionBombError as error:
            raise _too_large(limits) from error
        except MemoryError as error:
            raise _too_large(limits) from error
        except UnidentifiedImageError as error:
            raise _damaged() from error
        except Exception as error:  # Pillow's plugins raise errors of every kind on damaged bytes
            let_stops_pass(error)
            raise _damaged() from error


def _pages(image: Image.Image, limits: PictureLimits, *, several: bool) -> list[NDArray[Any]]:
    pages: list[NDArray[Any]] = []
    total = 0
    count = getattr(image, "n_frames", 1) if several else 1
    for index in range(min(count, limits.pages + 1)):
        if index:
            image.seek(index)
        width, height = image.size
        total += width * height
        if max(width, height) > limits.side or total > limits.pixels or index >= limits.pages:
            raise _too_large(limits)
        if min(width, height) < 1:
            raise _damaged()
        # A thumbnail of another page is no page (NewSubfileType, TIFF 6.0 section 8).
        small = several and bool(int(getattr(image, "tag_v2", {}).get(254, 0) or 0) & 1)
        if small and count > 1:
            continue
        image.load()
        pages.append(_pixels(image))
    if not pages:
        raise _damaged()
    return pages


def _stranger(data: bytes) -> str:
    """What to do about a file that is no picture we read, for kinds that people mean well with."""
    if data[4:8] == b"ftyp" and data[8:11] in (b"hei", b"hev", b"mif", b"avi"):
        return "This is a HEIC or AVIF picture, as telephones take them. Export it as JPEG, then upload."
    if data.startswith(b"%PDF"):
        return "This is a PDF document, not a picture. Upload the images themselves."
    if data.startswith((b"GIF87a", b"GIF89a")):
        return (
            "This is a GIF, which has too few colours for an image. Upload the original, or save it as PNG."
        )
    return (
        "Only DICOM images, PNG, JPEG, TIFF, BMP and WebP pictures, NIfTI, NRRD and MHA volumes, whole "
        "slides, and ZIP and TAR archives of them can be read."
    )


def write_lossless(pages: list[NDArray[Any]]) -> bytes:
    """Write pixels without loss and without metadata: PNG, or TIFF when there are several pages.

    Parameters
    ----------
    pages : list of ndarray
        uint8 or uint16 grey, or RGB uint8.

    Returns
    -------
    bytes
        Equal pixels give equal bytes.
    """
    images = [Image.fromarray(page) for page in pages]
    buffer = BytesIO()
    if len(images) == 1:
        images[0].save(buffer, "PNG", compress_level=2)
    else:
        images[0].save(buffer, "TIFF", compression="tiff_deflate", save_all=True, append_images=images[1:])
    return buffer.getvalue()
