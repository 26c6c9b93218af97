"""Side, view, directions, speed and day, from headers made by hand and of the reference data."""

from typing import Any

import pytest
from pydicom.dataset import Dataset

from cases.imaging.clean import clean
from cases.imaging.projections import day_of, frame_rate_of, laterality_of, sides_of, view_of
from tests.pure.imaging.build import SECRET, image, item, sequence
from tests.support import shared


def header(**attributes: Any) -> Dataset:
    return item(**attributes)


def test_the_side_of_the_image_wins_over_that_of_the_series() -> None:
    assert laterality_of(header(ImageLaterality="L", Laterality="R")) == "L"
    assert laterality_of(header(Laterality="R")) == "R"
    assert laterality_of(header(ImageLaterality="U")) == laterality_of(header()) == ""


def test_only_known_views_are_kept() -> None:
    assert view_of(header(ViewPosition="MLO")) == "MLO"
    assert view_of(header(ViewPosition="DR SMITH")) == ""
    assert view_of(header(ViewCodeSequence=sequence(item(CodeValue="399162004")))) == "CC"
    assert view_of(header(ViewCodeSequence=sequence(item(CodeValue="R-10226")))) == "MLO"
    assert view_of(header()) == ""


def test_directions_are_letters_of_the_patient() -> None:
    assert sides_of(header(PatientOrientation=["P", "FL"])) == "P\\FL"
    assert sides_of(header(PatientOrientation=["P", "X9"])) == ""
    assert sides_of(header(PatientOrientation=["P"])) == sides_of(header()) == ""


@pytest.mark.parametrize(
    ("attributes", "rate"),
    [
        ({"RecommendedDisplayFrameRate": 15, "CineRate": 30}, 15.0),
        ({"CineRate": 30, "FrameTime": "100"}, 30.0),
        ({"CineRate": 0, "FrameTime": "40"}, 25.0),
        ({"FrameTimeVector": ["0", "50", "50"]}, 20.0),
        ({"FrameTimeVector": ["0"]}, None),
        ({"FrameTime": "0"}, None),
        ({"FrameTime": "0.001"}, None),
        ({}, None),
    ],
)
def test_the_speed_that_the_header_recommends(attributes: dict[str, Any], rate: float | None) -> None:
    assert frame_rate_of(header(**attributes)) == rate


def test_the_day_is_a_valid_one() -> None:
    assert day_of(header(StudyDate="20240229")) == "2024-02-29"
    assert day_of(header(StudyDate="20240231", SeriesDate="20240301")) == "2024-03-01"
    assert day_of(image(StudyDate="", SeriesDate="")) == ""


def test_thirty_images_of_ultrasound_tell_their_speed() -> None:
    data = shared("data/06_dicom_single_images/us_multiframe_30f_jpeg_ybr.dcm").read_bytes()
    found = clean(data, secret=SECRET)
    assert (len(found.frames), found.frame_rate) == (30, 30.0)


def test_a_mammogram_tells_side_view_and_directions() -> None:
    data = shared("data/06_dicom_single_images/mg_mammogram_j2k.dcm").read_bytes()
    found = clean(data, secret=SECRET)
    frame = found.frames[0]
    assert (frame.laterality, frame.view, frame.sides) == ("L", "MLO", "A\\F")
    # Shifted by at least a year.
    assert found.study_date != ""
    assert found.study_date < "2003-08-28"
    assert found.frame_rate is None
