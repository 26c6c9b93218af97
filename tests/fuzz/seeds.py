"""Good files of every kind the door takes, small and generated, for fuzzers to start from."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Iterator

import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from tests.pure.imaging import slide_files
from tests.pure.imaging.build import CT, image, item, sequence, to_file

SMALL = np.arange(16 * 12, dtype=np.uint16).reshape(16, 12) * 20
GREY = np.linspace(0, 255, 16 * 12).astype(np.uint8).reshape(16, 12)
COLOUR = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])


def dicom_files() -> Iterator[tuple[str, bytes]]:
    """DICOM objects in the encodings and shapes the reader knows."""
    yield (
        "ct",
        to_file(image(SMALL.astype(np.int16), ImagePositionPatient=[0, 0, 1.5], PixelSpacing=[0.5, 0.5])),
    )
    yield "implicit", to_file(image(SMALL), syntax=ImplicitVRLittleEndian)
    yield "deflated", to_file(image(SMALL), syntax=DeflatedExplicitVRLittleEndian)
    big = image(SMALL)
    big.PixelData = SMALL.astype(">u2").tobytes()
    yield "big", to_file(big, syntax=ExplicitVRBigEndian)
    yield "bare", to_file(image(SMALL))[132:]
    frames = image(np.stack([SMALL, SMALL[::-1], SMALL]), NumberOfFrames=3)
    frames.PerFrameFunctionalGroupsSequence = sequence(*(_group(z) for z in range(3)))
    frames.SharedFunctionalGroupsSequence = sequence(
        item(PixelMeasuresSequence=sequence(item(PixelSpacing=[1, 1], SliceThickness=2)))
    )
    yield "frames", to_file(frames)
    tables = image(SMALL)
    tables.ModalityLUTSequence = sequence(_table(ModalityLUTType="HU"))
    tables.VOILUTSequence = sequence(_table())
    yield "tables", to_file(tables)
    yield "palette", to_file(_palette())
    yield "colour", to_file(_colour())
    bits = image(np.zeros((16, 12), np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0)
    bits.PixelData = np.packbits(GREY > 99, bitorder="little").tobytes()
    yield "bits", to_file(bits)
    floating = image(SMALL, BitsAllocated=32, BitsStored=32, HighBit=31)
    floating.FloatPixelData = SMALL.astype(np.float32).tobytes()
    del floating.PixelData
    yield "float", to_file(floating)
    rle = pydicom.dcmread(io.BytesIO(to_file(image(SMALL))))
    rle.compress(RLELossless, generate_instance_uid=False)
    yield "rle", to_file(rle, syntax=RLELossless)
    yield "jpeg", to_file(_encapsulated(imagecodecs.jpeg_encode(GREY)), syntax=JPEGBaseline8Bit)
    yield "jpegls", to_file(_encapsulated(imagecodecs.jpegls_encode(GREY)), syntax=JPEGLSLossless)
    yield (
        "j2k",
        to_file(
            _encapsulated(imagecodecs.jpeg2k_encode(GREY, level=0, codecformat="j2k")),
            syntax=JPEG2000Lossless,
        ),
    )
    several = _encapsulated(*[imagecodecs.jpeg_encode(GREY)] * 3)
    several.NumberOfFrames = 3
    yield "jpegs", to_file(several, syntax=JPEGBaseline8Bit)


def _group(z: int) -> Dataset:
    return item(
        PlanePositionSequence=sequence(item(ImagePositionPatient=[0, 0, z])),
        PlaneOrientationSequence=sequence(item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])),
        FrameVOILUTSequence=sequence(item(WindowCenter=40, WindowWidth=400)),
        PixelValueTransformationSequence=sequence(item(RescaleSlope=1, RescaleIntercept=0, RescaleType="HU")),
    )


def _table(**more: str) -> Dataset:
    table = item(LUTDescriptor=[4, 0, 16], **more)
    table.LUTData = struct.pack("<4H", 0, 10, 20, 30)
    table["LUTData"].VR = "OW"
    return table


def _palette() -> Dataset:
    ds = image(GREY, PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", np.arange(256, dtype="<u2").tobytes())
    return ds


def _colour() -> Dataset:
    ds = image(GREY, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    ds.PixelData = COLOUR.tobytes()
    return ds


def _encapsulated(*streams: bytes) -> Dataset:
    ds = image(GREY)
    ds.PixelData = encapsulate(list(streams))
    ds["PixelData"].is_undefined_length = True
    return ds


def region_files() -> Iterator[tuple[str, bytes]]:
    """A structure set and a segmentation, drawn on the slice of :func:`dicom_files`."""
    drawn = image(SMALL, SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3", Modality="RTSTRUCT", PixelData=None)
    drawn.StructureSetROISequence = sequence(
        item(ROINumber=1, ROIName="Lung", ReferencedFrameOfReferenceUID="1.2.3.9")
    )
    places = [0, 0, 1.5, 4, 0, 1.5, 4, 4, 1.5]
    on_image = item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID="1.2.3.4.5")
    contour = item(
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=3,
        ContourData=places,
        ContourImageSequence=sequence(on_image),
    )
    drawn.ROIContourSequence = sequence(item(ReferencedROINumber=1, ContourSequence=sequence(contour)))
    yield "structures", to_file(drawn)
    marked = image(np.zeros((16, 12), np.uint8), SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", Modality="SEG")
    marked.NumberOfFrames, marked.SegmentationType = 2, "BINARY"
    marked.BitsAllocated = marked.BitsStored = 1
    marked.HighBit = 0
    marked.PixelData = np.packbits(np.tile(GREY > 99, (2, 1)), bitorder="little").tobytes()
    marked.SegmentSequence = sequence(item(SegmentNumber=1, SegmentLabel="Nodule"))
    marked.SharedFunctionalGroupsSequence = sequence(
        item(PixelMeasuresSequence=sequence(item(PixelSpacing=[1, 1], SliceThickness=2)))
    )
    source = item(SourceImageSequence=sequence(on_image))
    marked.PerFrameFunctionalGroupsSequence = sequence(
        *(
            item(
                SegmentIdentificationSequence=sequence(item(ReferencedSegmentNumber=1)),
                PlanePositionSequence=sequence(item(ImagePositionPatient=[0, 0, z])),
                PlaneOrientationSequence=sequence(item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])),
                DerivationImageSequence=sequence(source),
            )
            for z in range(2)
        )
    )
    yield "segments", to_file(marked)


def pictures() -> Iterator[tuple[str, bytes]]:
    """Pictures in the formats and modes that are taken."""
    modes = {
        "grey": Image.fromarray(GREY), "rgb": Image.fromarray(COLOUR), "wide": Image.fromarray(SMALL),
        "palette": Image.fromarray(GREY).convert("P"), "bit": Image.fromarray(GREY).convert("1"),
        "rgba": Image.fromarray(COLOUR).convert("RGBA"),
    }  # fmt: skip
    for name, picture in modes.items():
        yield f"{name}.png", _saved(picture, "PNG")
    turned = Image.Exif()
    turned[0x0112] = 6
    yield "turned.jpg", _saved(modes["rgb"], "JPEG", exif=turned)
    yield "cmyk.jpg", _saved(modes["rgb"].convert("CMYK"), "JPEG")
    yield "grey.bmp", _saved(modes["grey"], "BMP")
    yield "rgb.webp", _saved(modes["rgb"], "WEBP", lossless=True)
    for method in ("raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg", "tiff_ccitt"):
        picture = modes["bit"] if method == "tiff_ccitt" else modes["rgb"]
        yield f"{method}.tif", _saved(picture, "TIFF", compression=None if method == "raw" else method)
    yield "wide.tif", _saved(modes["wide"], "TIFF")
    yield "pages.tif", _saved(modes["grey"], "TIFF", save_all=True, append_images=[modes["grey"]] * 2)
    yield "float.tif", _saved(Image.fromarray(GREY.astype(np.float32)), "TIFF")


def _saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def archives() -> Iterator[tuple[str, bytes]]:
    """ZIP, TAR and GZIP with pictures and slices inside."""
    inside = {"a.png": dict(pictures())["grey.png"], "b/c.dcm": dict(dicom_files())["ct"], "n.txt": b"note"}
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", method) as written:
            for title, data in inside.items():
                written.writestr(zipfile.ZipInfo(title), data, method)
        yield f"{name}.zip", packed.getvalue()
    rolled = io.BytesIO()
    with tarfile.open(fileobj=rolled, mode="w") as tar:
        for title, data in inside.items():
            entry = tarfile.TarInfo(title)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    yield "all.tar", rolled.getvalue()
    yield "all.tar.gz", gzip.compress(rolled.getvalue(), 1, mtime=0)
    yield "one.png.gz", gzip.compress(inside["a.png"], 1, mtime=0)


def volumes() -> Iterator[tuple[str, bytes]]:
    """NIfTI, NRRD and MetaImage with a small cube."""
    cube = np.arange(6 * 5 * 4, dtype="<i2").reshape(4, 5, 6)
    head = bytearray(348)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, 6, 5, 4, 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, 4, 16)
    struct.pack_into("<8f", head, 76, 1, 1, 1, 2, 0, 0, 0, 0)
    struct.pack_into("<fff", head, 108, 352, 1, 0)
    struct.pack_into("<hh", head, 252, 1, 1)
    struct.pack_into("<12f", head, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0)
    head[344:348] = b"n+1\x00"
    nifti = bytes(head) + b"\0" * 4 + cube.tobytes()
    yield "cube.nii", nifti
    yield "cube.nii.gz", gzip.compress(nifti, 1, mtime=0)
    fields = (
        "NRRD0004\ntype: int16\ndimension: 3\nspace: left-posterior-superior\nsizes: 6 5 4\n"
        "space directions: (1,0,0) (0,1,0) (0,0,2)\nkinds: domain domain domain\nendian: little\n"
    )
    origin = "space origin: (0,0,0)\n\n"
    yield "cube.nrrd", (fields + "encoding: raw\n" + origin).encode() + cube.tobytes()
    yield (
        "gzip.nrrd",
        (fields + "encoding: gzip\n" + origin).encode() + gzip.compress(cube.tobytes(), 1, mtime=0),
    )
    meta = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        "CompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n"
        "ElementSpacing = 1 1 2\nDimSize = 6 5 4\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
    )
    yield "cube.mha", meta.encode() + cube.tobytes()


def slides() -> Iterator[tuple[str, bytes]]:
    """Whole slides of a few tiles: as DICOM, and as a scanner's TIFF."""
    patch = slide_files.tissue(24, 20)
    yield "slide.dcm", slide_files.dicom([patch], tile=(8, 8))
    yield "sparse.dcm", slide_files.dicom([patch], tile=(8, 8), sparse=True, jpeg=True)
    if importlib.util.find_spec("openslide"):
        yield "slide.svs", slide_files.aperio(slide_files.tissue(64, 64))


def drawings() -> Iterator[tuple[str, bytes]]:
    """Payloads of annotations, one per kind of shape and one with all."""
    points = {
        "point": [[4, 5]], "box": [[2, 3], [10, 12]], "ellipse": [[2, 3], [10, 12]],
        "length": [[1, 1], [9, 9]],        "polygon": [[2, 2], [12, 2], [12, 12]], "freehand": [[2, 2],
        [12, 2.5], [12, 12], [3, 9.75]], "circle": [[2, 3], [10, 11]], "arrow": [[1, 1], [9, 9]],
        "rotated-box": [[4, 0], [8, 4], [4, 8], [0, 4]], "polyline": [[1, 1], [9, 9], [9, 2]],
        "text": [[4, 5]], "bidirectional": [[1, 4], [7, 4], [4, 2], [4, 6]], "mask": [[2, 1], [5, 3]],
        "angle": [[0, 4], [0, 0], [4, 4]], "cobb": [[0, 0], [4, 0], [0, 6], [4, 2]],
    }  # fmt: skip
    shapes = [
        {
            "id": f"00000000-0000-4000-8000-{number:012d}", "kind": kind, "frame": number % 2,
            "points": places,             "label": "nodule", "note": "sharp\nedge",
            "attributes": {"margin": "sharp"}, **({"counts": [1, 5]} if kind == "mask" else {}),
        }
        for number, (kind, places) in enumerate(points.items())
    ]  # fmt: skip
    for shape in shapes:
        yield f"{shape['kind']}.json", json.dumps([shape]).encode()
    yield "all.json", json.dumps(shapes).encode()


def files() -> dict[str, bytes]:
    """Everything the reader's door takes, by a name of its own."""
    return dict([*slides(), *dicom_files(), *region_files(), *pictures(), *archives(), *volumes()])
