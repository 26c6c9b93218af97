"""JPEG objects with known truth; run as a module, damaged ones by the thousand."""

from __future__ import annotations

import resource
import sys
from collections import Counter

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1

from cases.imaging.decoders import stored_values
from cases.imaging.errors import Refused
from cases.imaging.reader import read_dicom

from .build import image, to_file

ROWS, COLUMNS = 40, 56
GREY = (np.add.outer(np.arange(ROWS) * 61, np.arange(COLUMNS) * 13) % 4096).astype(np.uint16)
# Smooth, so that a lossy kind keeps it within a few levels.
SMOOTH = np.add.outer(np.arange(ROWS) * 2, np.arange(COLUMNS)).astype(np.uint8)
COLOUR = np.stack([SMOOTH + 20, 200 - SMOOTH, np.full_like(SMOOTH, 90)], axis=-1)


def jpeg_object(stream: bytes, values: np.ndarray, syntax: str, **attributes: object) -> Dataset:
    """``stream`` in an object whose header describes ``values``, read back as a file is."""
    plane = values[..., 0] if values.ndim == 3 else values
    ds = image(np.ascontiguousarray(plane))
    if values.ndim == 3:
        ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PhotometricInterpretation = 3, 0, "RGB"
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    ds.PixelData = encapsulate([stream])
    return read_dicom(to_file(ds, syntax=syntax))


def kinds() -> dict[str, tuple[bytes, np.ndarray, str]]:
    """Stream, values and transfer syntax of each kind that is read."""
    eight, encode = (GREY >> 4).astype(np.uint8), imagecodecs.jpeg8_encode
    return {
        "baseline": (encode(SMOOTH, level=95), SMOOTH, JPEGBaseline8Bit),
        "baseline in colour": (encode(COLOUR, level=95), COLOUR, JPEGBaseline8Bit),
        "extended": (encode(GREY >> 4, level=95, bitspersample=12), GREY >> 4, JPEGExtended12Bit),
        "lossless": (encode(GREY, lossless=True, bitspersample=16), GREY, JPEGLosslessSV1),
        "lossless 12": (encode(GREY, lossless=True, bitspersample=12), GREY, JPEGLosslessSV1),
        "lossless 8": (encode(eight, lossless=True), eight, JPEGLosslessSV1),
        "lossless, predictor 7": (encode(GREY, lossless=True, predictor=7), GREY, JPEGLossless),
        "lossless in colour": (encode(COLOUR, lossless=True), COLOUR, JPEGLosslessSV1),
    }


def damage(stream: bytes, random: np.random.Generator) -> bytes:
    """Cut, with a hole, or with other bytes in the head or anywhere."""
    broken, how = bytearray(stream), random.integers(4)
    if how == 0:
        return bytes(broken[: random.integers(2, len(broken))])
    if how == 1:
        hole = int(random.integers(2, len(broken)))
        del broken[hole : hole + int(random.integers(1, 200))]
    end = min(700, len(broken)) if how == 2 else len(broken)
    for _ in range(random.integers(1, 12)):
        broken[random.integers(2, end)] = random.integers(256)
    return bytes(broken)


def main(count: int) -> int:
    """Decode ``count`` damaged streams of each kind; whatever is not decoded must be a refusal."""
    limit = 4 << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    random, seen = np.random.default_rng(20261123), Counter[str]()
    for stream, values, syntax in kinds().values():
        ds = jpeg_object(stream, values, syntax)
        for _ in range(count):
            ds.PixelData = encapsulate([damage(stream, random)])
            try:
                found = stored_values(ds)
            except Refused as refused:
                seen[refused.code] += 1
            else:
                seen["shown"] += found.shape == values.shape
    sys.stdout.write(" ".join(f"{code}={number}" for code, number in sorted(seen.items())))
    return 0 if seen.total() == count * len(kinds()) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
