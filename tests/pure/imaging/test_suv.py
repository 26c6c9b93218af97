"""Uptake by body weight against numbers made by hand."""

import math
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from cases.imaging.clean import CleanInstance, clean
from cases.imaging.suv import GE, PHILIPS, Uptake, uptake_of
from tests.pure.imaging.build import SECRET, image, item, sequence, to_file

PET = "1.2.840.10008.5.1.4.1.1.128"
# Fluorine-18, in seconds; the scan begins one half-life after the injection, so half of the dose is left.
HALF_LIFE = 6586.2
# 70 kg, 370 MBq, half of it left: 70000 g / 185e6 Bq.
HALF_LEFT = float(f"{70_000 / 185e6:.6g}")


def tracer(**attributes: Any) -> Dataset:
    """The dose of `pet`; keyword arguments replace."""
    ds = item(
        RadionuclideTotalDose="370000000",
        RadionuclideHalfLife=str(HALF_LIFE),
        RadiopharmaceuticalStartDateTime="20240301081013.800000",
    )
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def pet(dose: Dataset | None = None, **attributes: Any) -> Dataset:
    """One PET image at 10:00:00 of 1 March 2024."""
    kinds: dict[str, Any] = {
        "SOPClassUID": PET, "Modality": "PT", "Units": "BQML", "DecayCorrection": "START",
        "CorrectedImage": ["DECY", "ATTN", "SCAT"], "PatientWeight": "70",
        "SeriesDate": "20240301", "SeriesTime": "100000", "AcquisitionDate": "20240301",
        "AcquisitionTime": "100000", "RescaleSlope": "2", "RescaleIntercept": "0",
        "RadiopharmaceuticalInformationSequence": sequence(tracer() if dose is None else dose),
    }  # fmt: skip
    found = image(**kinds)
    for keyword, value in attributes.items():
        if value is None:
            delattr(found, keyword)
        else:
            setattr(found, keyword, value)
    return found


def test_half_of_the_dose_is_left_after_one_half_life() -> None:
    assert uptake_of(pet()) == Uptake(HALF_LEFT)


def test_twice_the_weight_is_twice_the_uptake_and_twice_the_dose_is_half_of_it() -> None:
    whole = uptake_of(pet()).factor
    assert whole is not None
    assert uptake_of(pet(PatientWeight="140")).factor == pytest.approx(2 * whole, rel=1e-5)
    assert uptake_of(pet(tracer(RadionuclideTotalDose="740000000"))).factor == pytest.approx(
        whole / 2, rel=1e-5
    )


def test_a_later_bed_position_has_the_factor_of_the_series() -> None:
    """Values are corrected to the beginning of the series, whenever this slice was recorded."""
    assert uptake_of(pet(AcquisitionTime="102000")) == uptake_of(pet())


def test_corrected_to_the_injection_the_whole_dose_counts() -> None:
    found = uptake_of(pet(tracer(RadionuclideHalfLife=None), DecayCorrection="ADMIN"))
    assert found.factor == pytest.approx(70_000 / 370e6, rel=1e-5)


def test_without_correction_each_image_has_its_own_time() -> None:
    """A frame as long as a half-life: its mean is the rate at T/ln2 * ln(2 ln2) after its beginning."""
    plain = pet(DecayCorrection="NONE", CorrectedImage=["ATTN"])
    assert uptake_of(plain).factor == pytest.approx(HALF_LEFT, rel=1e-5)
    long = pet(
        DecayCorrection="NONE", CorrectedImage=["ATTN"], ActualFrameDuration=str(int(HALF_LIFE * 1000))
    )
    # Mean of 2**-t over one half-life is 1/(2 ln 2): of the 185 MBq at its start.
    assert uptake_of(long).factor == pytest.approx(70_000 / (185e6 / (2 * math.log(2))), rel=1e-4)


def test_a_time_without_a_day_is_of_the_day_before_when_it_is_later() -> None:
    clock = tracer(RadiopharmaceuticalStartDateTime=None, RadiopharmaceuticalStartTime="230000")
    over = pet(clock, SeriesTime="010000", AcquisitionTime="010000")
    left = 370e6 * 2 ** (-7200 / HALF_LIFE)
    assert uptake_of(over).factor == pytest.approx(70_000 / left, rel=1e-5)


def test_a_series_made_later_is_traced_back_to_its_recording() -> None:
    """The series time is that of a later computation: the frame's reference time leads back."""
    later = {"SeriesTime": "150000", "AcquisitionTime": "101000"}
    assert uptake_of(pet(FrameReferenceTime="600000", **later)).factor == pytest.approx(HALF_LEFT, rel=1e-5)
    assert uptake_of(pet(**later)).problem == "scan"
    by_ge = pet(**later)
    by_ge.private_block(0x0009, GE, create=True).add_new(0x0D, "DT", "20240301100000.00")
    assert uptake_of(by_ge).factor == pytest.approx(HALF_LEFT, rel=1e-5)


def test_counts_need_the_factors_of_their_maker() -> None:
    counts = pet(Units="CNTS")
    assert uptake_of(counts).problem == "counts"
    block = counts.private_block(0x7053, PHILIPS, create=True)
    block.add_new(0x09, "DS", "3.0")
    assert uptake_of(counts).factor == pytest.approx(3 * HALF_LEFT, rel=1e-5)
    block.add_new(0x00, "DS", "0.000551")
    assert uptake_of(counts) == Uptake(0.000551)


def test_grams_a_millilitre_are_uptake_already() -> None:
    assert uptake_of(pet(Units="GML", PatientWeight=None)) == Uptake(1.0)
    assert uptake_of(pet(Units="GML", SUVType="LBM")).problem == "kind"


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("units", {"Units": "PROPCPS"}),
        ("corrections", {"CorrectedImage": ["DECY"]}),
        ("decay", {"CorrectedImage": ["ATTN"]}),
        ("decay", {"DecayCorrection": ""}),
        ("weight", {"PatientWeight": None}),
        ("weight", {"PatientWeight": "0"}),
        ("weight", {"PatientWeight": "70000"}),
        ("dose", {"RadiopharmaceuticalInformationSequence": None}),
        ("dose", {"RadiopharmaceuticalInformationSequence": sequence(tracer(), tracer())}),
        ("dose", {"RadiopharmaceuticalInformationSequence": sequence(tracer(RadionuclideTotalDose="370"))}),
        (
            "half-life",
            {"RadiopharmaceuticalInformationSequence": sequence(tracer(RadionuclideHalfLife=None))},
        ),
        (
            "injection",
            {
                "RadiopharmaceuticalInformationSequence": sequence(
                    tracer(RadiopharmaceuticalStartDateTime=None)
                )
            },
        ),
        ("times", {"SeriesDate": "20240229", "AcquisitionDate": "20240301"}),
        ("times", {"SeriesDate": "20240401", "AcquisitionDate": "20240401"}),
    ],
)
def test_what_is_missing_is_named(code: str, change: dict[str, Any]) -> None:
    assert uptake_of(pet(**change)) == Uptake(problem=code)


def test_other_images_have_neither_factor_nor_problem() -> None:
    assert uptake_of(image()) == Uptake()


def cleaned(*, keep: bool = True) -> CleanInstance:
    return clean(to_file(pet()), secret=SECRET, keep_characteristics=keep)


def test_the_factor_is_read_before_the_header_loses_it() -> None:
    found = cleaned()
    assert found.uptake_problem == ""
    assert [frame.uptake_factor for frame in found.frames] == [HALF_LEFT]


def test_where_the_weight_may_not_stay_the_dose_goes_with_it() -> None:
    """With factor and dose anybody could compute the weight again."""
    without = pydicom.dcmread(BytesIO(cleaned(keep=False).clean_bytes))
    assert "PatientWeight" not in without
    (told,) = without.RadiopharmaceuticalInformationSequence
    assert "RadionuclideTotalDose" not in told
    assert (
        "RadionuclideTotalDose"
        in pydicom.dcmread(BytesIO(cleaned().clean_bytes)).RadiopharmaceuticalInformationSequence[0]
    )
