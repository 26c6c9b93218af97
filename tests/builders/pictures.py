"""Small files of every kind an upload may be, with an identity planted wherever one can hide."""

import io
import zipfile
from collections.abc import Mapping

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom.dataset import Dataset

from tests.pure.imaging import build

PLANTED = build.PLANTED
PLANTED_ID = "ID-4711-77"
PLANTED_WORDS = (PLANTED, PLANTED_ID)
AXIAL = [1, 0, 0, 0, 1, 0]


def pixels(seed: int, *, rows: int = 32, columns: int = 24) -> np.ndarray:
    """Seeded noise around 100, uint8 of shape (rows, columns)."""
    return np.random.default_rng(seed).integers(60, 140, (rows, columns), dtype=np.uint8)


def png(seed: int = 1, *, rows: int = 32, columns: int = 24) -> bytes:
    """A grey PNG whose text chunks name the patient."""
    notes = PngInfo()
    notes.add_text("Author", PLANTED)
    notes.add_itxt("Comment", f"Patient {PLANTED} {PLANTED_ID}")
    out = io.BytesIO()
    Image.fromarray(pixels(seed, rows=rows, columns=columns)).save(out, "PNG", pnginfo=notes)
    return out.getvalue()


def ct(
    number: int = 1,
    *,
    z: float | None = None,
    series: str = "1.2.3.4",
    study: str = "1.2.3",
    **attributes: object,
) -> bytes:
    """One CT slice of 24 x 32 pixels, identity in header, sequence, private block, file meta and preamble.

    Parameters
    ----------
    number : int
        Instance number; also the seed of the pixels and the end of the SOP instance UID.
    z : float, optional
        Place along the slice normal in mm; ``number`` when left out.
    **attributes
        Replace attributes, by keyword.
    """
    place = float(number if z is None else z)
    ds = build.image(
        pixels(number).astype(np.int16),
        SOPInstanceUID=f"{series}.{number}",
        SeriesInstanceUID=series,
        StudyInstanceUID=study,
        InstanceNumber=number,
        PatientID=PLANTED_ID,
        InstitutionName=f"{PLANTED} Hospital",
        ReferringPhysicianName=f"{PLANTED}^Referrer",
        StudyDescription=f"For {PLANTED}",
        PatientComments=f"{PLANTED} likes cats",
        ImagePositionPatient=[0.0, 0.0, place],
        ImageOrientationPatient=AXIAL,
        PixelSpacing=[0.5, 0.5],
        SliceThickness=1.0,
        WindowCenter=-800,
        WindowWidth=200,
        RescaleType="HU",
        RequestAttributesSequence=build.sequence(_nested()),
    )
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    block = ds.private_block(0x0011, "PLANT", create=True)
    block.add_new(0x01, "LO", f"{PLANTED} private")
    preamble = f"{PLANTED} {PLANTED_ID}".encode().ljust(128, b"\0")
    return build.to_file(ds, preamble=preamble)


def _nested() -> Dataset:
    inner = build.item(PatientName=f"{PLANTED}^Deep", PersonName=f"{PLANTED}^Deeper")
    return build.item(
        ScheduledProcedureStepDescription=f"{PLANTED} step", ReferencedPatientSequence=build.sequence(inner)
    )


def archive(members: Mapping[str, bytes]) -> bytes:
    """A ZIP of ``members``: name -> bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def pet(number: int = 1, *, weight: str = "70", **attributes: object) -> bytes:
    """One PET slice, scanned one half-life after 370 MBq of fluorine-18: half of the dose is left."""
    dose = build.item(
        RadionuclideTotalDose="370000000",
        RadionuclideHalfLife="6586.2",
        RadiopharmaceuticalStartDateTime="20240301081013.800000",
    )
    return ct(
        number,
        **{
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.128", "Modality": "PT", "Units": "BQML",
            "DecayCorrection": "START", "CorrectedImage": ["DECY", "ATTN"], "PatientWeight": weight,
            "SeriesDate": "20240301", "SeriesTime": "100000", "RescaleSlope": 50, "RescaleIntercept": 0,
            "RescaleType": "US", "WindowCenter": 5000, "WindowWidth": 6000,
            "RadiopharmaceuticalInformationSequence": build.sequence(dose), **attributes,
        },
    )  # fmt: skip


def cine(count: int = 6, *, rate: float = 2, **attributes: object) -> bytes:
    """``count`` images of one object, to be shown ``rate`` in a second."""
    run = np.stack([pixels(one) for one in range(count)]).astype(np.int16)
    return ct(1, **{"NumberOfFrames": count, "PixelData": run.tobytes(), "CineRate": rate, **attributes})
