"""The simulated CT: its truth, its repeatability and its DICOM files."""

from io import BytesIO

import cv2
import numpy as np
import pydicom
import pytest

from cases.imaging.simulated.dicom_files import to_dicom, uid_from
from cases.imaging.simulated.thorax_ct import thorax_ct

NODULES = (("solid", 20.0, (-84.0, 14.0, 117.0)), ("calcified", 18.0, (92.0, 40.0, 180.0)))


@pytest.fixture(scope="module")
def series():
    return thorax_ct(5, slices=32, size=192, nodules=NODULES)


def test_same_seed_same_voxels_and_other_seed_other_voxels():
    first, again, other = (
        thorax_ct(seed, slices=16, size=128, nodules=(("solid", 20.0, (-84.0, 14.0, 117.0)),))
        for seed in (5, 5, 6)
    )
    assert np.array_equal(first.voxels, again.voxels)
    assert first.regions == again.regions
    assert not np.array_equal(first.voxels, other.voxels)


def test_tissues_have_their_hounsfield_values(series):
    gap, pixel, _ = series.spacing_mm

    def at(x, y, h, reach=1):
        frame = series.voxels.shape[0] - 1 - int(h / gap)
        row, column = int(y / pixel + 96), int(x / pixel + 96)
        return float(
            np.median(
                series.voxels[frame, row - reach : row + reach + 1, column - reach : column + reach + 1]
            )
        )

    assert at(0, -160, 100) < -950
    assert -950 < at(-85, -30, 150, reach=5) < -700
    assert 150 < at(24, 33, 165) < 300
    assert 60 < at(-70, -30, 250) < 180
    assert at(1, 6, 60) < -900


@pytest.mark.parametrize(("number", "low", "high"), [(1, 20, 70), (2, 300, 700)])
def test_nodule_has_its_size_density_and_place(series, number, low, high):
    inside = series.nodule_masks == number
    core = np.stack([cv2.erode(m.astype(np.uint8), np.ones((3, 3), np.uint8)) for m in inside]).astype(bool)
    assert low < float(series.voxels[core].mean()) < high
    volume = inside.sum() * float(np.prod(series.spacing_mm))
    nodule = series.nodules[number - 1]
    assert volume == pytest.approx(np.pi / 6 * nodule.diameter_mm**3, rel=0.45)
    frame, row, column = (float(v.mean()) for v in inside.nonzero())
    gap, pixel, _ = series.spacing_mm
    assert (column + 0.5 - 96) * pixel == pytest.approx(nodule.centre_mm[0], abs=2.5)
    assert (row + 0.5 - 96) * pixel == pytest.approx(nodule.centre_mm[1], abs=2.5)
    assert (31 - frame + 0.5) * gap == pytest.approx(nodule.centre_mm[2], abs=gap)


def test_polygon_area_is_the_area_of_the_mask(series):
    assert {r.label for r in series.regions} == {"solid nodule", "calcified nodule"}
    for region in series.regions:
        number = 1 if region.label == "solid nodule" else 2
        pixels = int((series.nodule_masks[region.frame] == number).sum())
        area = cv2.contourArea(np.array(region.points, dtype=np.float32))
        assert area == pytest.approx(pixels, rel=0.1, abs=4.0)
        centre = np.array([v.mean() + 0.5 for v in (series.nodule_masks[region.frame] == number).nonzero()])
        assert np.mean(region.points, axis=0) == pytest.approx(centre[::-1], abs=1.5)


def test_a_larger_nodule_has_a_larger_mask():
    small, large = (
        thorax_ct(5, slices=32, size=160, nodules=(("solid", d, (-84.0, 14.0, 117.0)),)).nodule_masks.sum()
        for d in (14.0, 28.0)
    )
    assert large == pytest.approx(8 * small, rel=0.35)


def test_a_nodule_outside_the_lung_is_refused():
    with pytest.raises(ValueError, match="does not lie in lung"):
        thorax_ct(5, slices=16, size=128, nodules=(("solid", 20.0, (0.0, 50.0, 153.0)),))
    with pytest.raises(ValueError, match=r"3\.\.60 mm"):
        thorax_ct(5, slices=16, size=128, nodules=(("solid", 90.0, (0.0, 50.0, 153.0)),))
    with pytest.raises(ValueError, match="meet no slice"):
        thorax_ct(5, slices=8, size=128, nodules=(("solid", 3.0, (-84.0, 14.0, 126.0)),))
    with pytest.raises(ValueError, match=r"8\.\.400 slices"):
        thorax_ct(5, slices=2)


def test_voxels_cannot_be_changed(series):
    with pytest.raises(ValueError, match="read-only"):
        series.voxels[0, 0, 0] = 1


def test_dicom_files_are_valid_repeatable_and_marked(series):
    files = to_dicom(series)
    assert files == to_dicom(series)
    sets = [pydicom.dcmread(BytesIO(f)) for f in files]
    assert len({d.SOPInstanceUID for d in sets}) == len(files) == 32
    assert {d.SeriesInstanceUID for d in sets} == {sets[0].SeriesInstanceUID}
    for index, data in enumerate(sets):
        assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
        assert str(data.SOPInstanceUID).startswith("2.25.")
        assert data.SOPInstanceUID.is_valid
        assert "SIMULATED" in data.SeriesDescription
        assert "SIMULATED" in data.ImageComments
        assert data.PatientName == "PHANTOM^TEACHING"
        hounsfield = data.pixel_array * float(data.RescaleSlope) + float(data.RescaleIntercept)
        assert np.array_equal(hounsfield, series.voxels[index])


def test_instance_number_and_position_grow_together(series):
    sets = [pydicom.dcmread(BytesIO(f), stop_before_pixels=True) for f in to_dicom(series)]
    assert [int(d.InstanceNumber) for d in sets] == list(range(1, 33))
    heights = [float(d.ImagePositionPatient[2]) for d in sets]
    assert np.diff(heights) == pytest.approx(series.spacing_mm[0])
    assert sets[0].PixelSpacing[0] == pytest.approx(series.spacing_mm[1], abs=1e-5)


def test_a_uid_depends_on_its_text_only():
    assert uid_from("a") == uid_from("a") != uid_from("b")
    assert len(uid_from("a")) <= 64
