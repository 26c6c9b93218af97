"""The sample library: teaching cases and labelled sets that need no outside data.

>>> [s.count for s in teaching_sets(radiographs=8, ultrasounds=6)]
[8, 6]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom.data import get_testdata_file

from .breast_ultrasound import breast_ultrasound, plan_ultrasound
from .chest_radiograph import chest_radiograph, plan_radiographs
from .dicom_files import MARK, to_dicom
from .records import SampleCase, SampleSet, SimulatedPicture, SimulatedSeries
from .texts import member_text, written_cases, written_text
from .thorax_ct import thorax_ct

_SERIES: dict[str, Callable[[], SimulatedSeries]] = {
    "sim-thorax-ct-spiculated-nodule": partial(
        thorax_ct, 1, nodules=(("spiculated", 22.0, (-78.0, -20.0, 72.0)),)
    ),
    "sim-thorax-ct-two-nodules": partial(
        thorax_ct,
        3,
        nodules=(("calcified", 10.0, (92.0, 40.0, 180.0)), ("solid", 7.0, (-84.0, -40.0, 150.5))),
    ),
}
_PICTURES: dict[str, Callable[[], SimulatedPicture]] = {
    "sim-radiograph-lobar-pneumonia": partial(chest_radiograph, 202, opacity="lobar", size=512),
    "sim-radiograph-normal": partial(chest_radiograph, 41, opacity=None, size=512),
    "sim-radiograph-pleural-effusion": partial(chest_radiograph, 23, opacity="effusion-like", size=512),
    "sim-breast-ultrasound-benign": partial(breast_ultrasound, 108, kind="benign"),
    "sim-breast-ultrasound-malignant": partial(breast_ultrasound, 111, kind="malignant"),
}


def to_png(picture: SimulatedPicture) -> bytes:
    """Write a simulated picture as PNG with its pixel size and a note that it is simulated."""
    note = PngInfo()
    note.add_text("Comment", MARK)
    out = BytesIO()
    row, column = picture.spacing_mm
    image = Image.fromarray(picture.pixels)
    image.save(out, format="PNG", pnginfo=note, dpi=(25.4 / column, 25.4 / row), compress_level=6)
    return out.getvalue()


def _png_files(picture: SimulatedPicture) -> tuple[bytes, ...]:
    return (to_png(picture),)


def _dicom_files(series: SimulatedSeries) -> tuple[bytes, ...]:
    return tuple(to_dicom(series))


def _wheel_file(name: str) -> tuple[bytes, ...]:
    path = get_testdata_file(name, download=False)
    if not isinstance(path, str):
        raise FileNotFoundError(
            f"pydicom no longer brings {name}; drop its case from sample_texts/wheel.toml."
        )
    return (Path(path).read_bytes(),)


def flagship_cases() -> Iterator[SampleCase]:
    """The hand-written cases: simulated ones first, then real examples from the pydicom wheel.

    Yields
    ------
    SampleCase
        Each is drawn when it is reached; a CT takes some seconds.
    """
    for slug, entry in written_cases("flagship").items():
        load: Callable[[], tuple[bytes, ...]]
        if slug in _SERIES:
            series = _SERIES[slug]()
            load, regions, person = partial(_dicom_files, series), series.regions, series.patient_id
        else:
            picture = _PICTURES[slug]()
            load, regions, person = partial(_png_files, picture), picture.regions, picture.patient
        yield SampleCase(
            slug=slug,
            text=written_text(entry),
            load=load,
            source="simulated",
            patient_group=person,
            regions=regions,
        )
    for slug, entry in written_cases("wheel").items():
        yield SampleCase(
            slug=slug, text=written_text(entry), load=partial(_wheel_file, entry["file"]), source="pydicom"
        )


def teaching_sets(*, radiographs: int = 320, ultrasounds: int = 60) -> Iterator[SampleSet]:
    """The labelled sets. Nothing is drawn before the cases of a set are walked over.

    Parameters
    ----------
    radiographs, ultrasounds : int
        Number of pictures in each set; at least 8 and 6.
    """
    yield SampleSet(
        slug="sim-chest-radiographs",
        title="Simulated chest radiographs: opacity or not",
        description=(
            "Simulated frontal chest radiographs, a quarter with an opacity (lobar, patchy or "
            "effusion-like), the rest normal. Some persons have two pictures; training and test part share "
            "no person. Not patients."
        ),
        label_field="opacity",
        count=radiographs,
        cases=_radiograph_members(radiographs),
    )
    yield SampleSet(
        slug="sim-breast-ultrasound",
        title="Simulated breast ultrasound: benign, malignant or normal",
        description=(
            "Simulated breast ultrasound pictures: half with a benign and a third with a malignant mass, "
            "the rest normal, each mass with its exact outline. One picture per person. Not patients."
        ),
        label_field="mass",
        count=ultrasounds,
        cases=_ultrasound_members(ultrasounds),
    )


def _member(set_slug: str, set_name: str, number: int, picture: SimulatedPicture) -> SampleCase:
    return SampleCase(
        slug=f"{set_slug}-{number:03d}",
        text=member_text(set_name, number, picture),
        load=partial(_png_files, picture),
        source="simulated",
        label=picture.label,
        split=picture.split,
        patient_group=picture.patient,
        regions=picture.regions,
    )


def _radiograph_members(count: int) -> Iterator[SampleCase]:
    for planned in plan_radiographs(count):
        yield _member("sim-chest-radiographs", "radiograph", planned.number, planned.draw())


def _ultrasound_members(count: int) -> Iterator[SampleCase]:
    for planned in plan_ultrasound(count):
        yield _member("sim-breast-ultrasound", "ultrasound", planned.number, planned.draw())
