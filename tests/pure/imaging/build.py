"""Hand-made DICOM objects with known truth."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

SECRET = b"a secret for tests only, 32 byte"
CT = "1.2.840.10008.5.1.4.1.1.2"
# No part of these words may survive anywhere in a clean file.
PLANTED = "ZYXWVPLANTED"


def image(pixels: np.ndarray | None = None, **attributes: Any) -> Dataset:
    """A small valid CT slice; keyword arguments replace or add attributes."""
    pixels = np.arange(64 * 48, dtype=np.int16).reshape(64, 48) if pixels is None else pixels
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = CT, "1.2.3.4.5"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3", "1.2.3.4", "1.2.3.9"
    ds.Modality, ds.PatientName, ds.PatientID = "CT", f"{PLANTED}^Ann", "ID-4711-77"
    ds.PatientSex, ds.PatientAge, ds.PatientBirthDate = "F", "045Y", "19610102"
    ds.StudyDate, ds.SeriesDate, ds.StudyTime = "20240229", "20240301", "101112"
    ds.InstanceNumber = 7
    ds.Rows, ds.Columns, ds.SamplesPerPixel = pixels.shape[-2], pixels.shape[-1], 1
    ds.PhotometricInterpretation, ds.BitsAllocated = "MONOCHROME2", pixels.dtype.itemsize * 8
    ds.BitsStored, ds.HighBit = ds.BitsAllocated, ds.BitsAllocated - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.RescaleSlope, ds.RescaleIntercept = 2, -1000
    ds.PixelData = pixels.tobytes()
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def to_file(ds: Dataset, *, preamble: bytes = b"\0" * 128, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Write an object as a file without correcting it."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.SourceApplicationEntityTitle = PLANTED[:16]
    ds.file_meta, ds.preamble = meta, preamble
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def item(**attributes: Any) -> Dataset:
    """A data set for use inside a sequence."""
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def sequence(*items: Dataset) -> Sequence:
    """A sequence of items."""
    return Sequence(items)


def raw_element(tag: int, vr: str, value: bytes) -> bytes:
    """An element in explicit little endian, whatever the dictionary thinks of it."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    if vr in ("OB", "OW", "UN", "SQ", "UT", "UC", "UR"):
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value
