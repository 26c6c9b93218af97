"""Planes through stacks of slices, against a volume whose every voxel is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.imaging.errors import Refused
from cases.imaging.reslice import PLANES, Grid, Slice, common_scale, grid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def stack(orientation=AXIAL, *, count=4, shape=(5, 6), step=2.5, spacing=(0.8, 0.7), shear=(0.0, 0.0)):
    across = np.cross(orientation[:3], orientation[3:])
    down, right = np.asarray(orientation[3:]), np.asarray(orientation[:3])
    places = [
        np.array([10.0, -20.0, 30.0]) + n * (step * across + shear[0] * down + shear[1] * right)
        for n in range(count)
    ]
    return [Slice(tuple(p), tuple(orientation), spacing, shape) for p in places]


def place_of(slices, k, j, i):
    """Patient coordinates of a voxel of the recorded stack."""
    one = slices[k]
    right, down = np.asarray(one.orientation[:3]), np.asarray(one.orientation[3:])
    return np.asarray(one.position) + i * one.pixel_spacing[1] * right + j * one.pixel_spacing[0] * down


def seen_at(found: Grid, voxels, name, place):
    """The value that a plane shows at a place in the patient, found by the plane's own description."""
    plane = found.plane(name)
    right, down = np.asarray(plane.orientation[:3]), np.asarray(plane.orientation[3:])
    offset = place - np.asarray(plane.origin)
    across = np.asarray(plane.position(1)) - np.asarray(plane.position(0))
    index = round(float(offset @ across) / plane.step_mm**2)
    row = round(float(offset @ down) / plane.pixel_spacing[0])
    column = round(float(offset @ right) / plane.pixel_spacing[1])
    return found.cut(voxels, name, index)[row, column]


@settings(max_examples=60, deadline=None)
@given(
    orientation=st.sampled_from(
        [AXIAL, SAGITTAL, CORONAL, (-1.0, 0, 0, 0, 1.0, 0), (0.8, 0.6, 0, 0, 0, -1.0)]
    ),
    name=st.sampled_from(PLANES),
    k=st.integers(0, 3),
    j=st.integers(0, 4),
    i=st.integers(0, 5),
)
def test_every_plane_shows_the_voxel_that_lies_there(orientation, name, k, j, i):
    slices = stack(orientation)
    found = grid(slices)
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    assert found.straightened(voxels) is voxels
    assert seen_at(found, voxels, name, place_of(slices, k, j, i)) == voxels[k, j, i]


def test_readers_see_the_head_up_and_the_right_side_left():
    found = grid(stack(AXIAL))
    assert found.plane("axial").orientation == AXIAL
    assert found.plane("coronal").orientation == CORONAL
    assert found.plane("sagittal").orientation == SAGITTAL
    assert found.plane("coronal").shape == (4, 6)
    assert found.plane("coronal").pixel_spacing == (2.5, 0.7)
    assert found.plane("sagittal").count == 6
    # Axial slices of a sagittal recording: the same patient, the same looks.
    turned = grid(stack(SAGITTAL))
    assert np.allclose(turned.plane("axial").orientation, AXIAL)
    assert np.allclose(turned.plane("coronal").orientation, CORONAL)


@pytest.mark.parametrize(("by", "expected"), [("max", 4), ("min", 2), ("mean", 3)])
def test_a_slab_joins_the_layers_around_the_image(by, expected):
    found = grid(stack(count=7, step=2.0))
    voxels = np.broadcast_to(np.arange(7, dtype=np.int16)[:, None, None], (7, 5, 6)).copy()
    assert (found.cut(voxels, "axial", 3, slab_mm=6.0, by=by) == expected).all()
    # At the end of the stack the slab is as thick and stays inside.
    assert (found.cut(voxels, "axial", 6, slab_mm=6.0, by="min") == 4).all()
    assert (found.cut(voxels, "axial", 3, slab_mm=1.0, by=by) == 3).all()
    assert (found.cut(voxels, "axial", 3, slab_mm=900.0, by="max") == 6).all()


def test_uneven_slices_lie_where_they_were_recorded():
    slices = stack(count=6, step=1.0)
    heights = [0.0, 1.0, 2.0, 4.0, 5.0, 6.0]
    uneven = [
        Slice((*one.position[:2], 30.0 + z), one.orientation, one.pixel_spacing, one.shape)
        for one, z in zip(slices, heights, strict=True)
    ]
    found = grid(uneven)
    assert found.shape == (7, 5, 6)
    values = np.broadcast_to((np.array(heights) * 100).astype(np.int16)[:, None, None], (6, 5, 6)).copy()
    straight = found.straightened(values)
    assert straight[:, 2, 2].tolist() == [0, 100, 200, 300, 400, 500, 600]


def test_a_tilted_gantry_is_set_straight():
    slices = stack(count=5, shape=(20, 6), step=2.0, spacing=(1.0, 1.0), shear=(1.0, 0.0))
    rod = np.zeros((5, 20, 6), np.int16)
    for k in range(5):
        rod[k, 10 - k, 3] = 1000  # a rod along the patient's axis, whose slices move one row each
    found = grid(slices)
    straight = found.straightened(rod)
    rows = {int(np.argmax(straight[k, :, 3])) for k in range(5)}
    assert rows == {8}
    # And it is where the patient's coordinates say.
    assert seen_at(found, straight, "sagittal", place_of(slices, 2, 8, 3)) == 1000


@pytest.mark.parametrize(
    ("slices", "sentence"),
    [
        (stack(count=2), "fewer than three"),
        ([*stack(), Slice((0, 0, 60), AXIAL, (0.8, 0.7), (9, 9))], "differ in size"),
        ([*stack(), Slice((0, 0, 60), CORONAL, (0.8, 0.7), (5, 6))], "not parallel"),
        ([*stack(), Slice((0, 0, 60), (0.0, 1.0, 0.0, -1.0, 0.0, 0.0), (0.8, 0.7), (5, 6))], "not parallel"),
        ([*stack(), stack()[3]], "same place"),
        ([*stack(), Slice((10.0, -20.0, 90.0), AXIAL, (0.8, 0.7), (5, 6))], "missing"),
    ],
)
def test_what_is_no_volume_is_told_so(slices, sentence):
    with pytest.raises(Refused, match=sentence) as caught:
        grid(slices)
    assert caught.value.code == "not-a-volume"


def test_an_image_outside_of_the_plane_is_an_error():
    with pytest.raises(IndexError, match="0 to 3"):
        grid(stack()).cut(np.zeros((4, 5, 6), np.int16), "axial", 4)


def test_slices_of_different_scale_get_a_common_one():
    images = [np.full((2, 2), 1000, np.uint16), np.full((2, 2), 1000, np.uint16), np.zeros((2, 2), np.uint16)]
    slices = [Slice((0, 0, n), AXIAL, (1, 1), (2, 2), slope=s) for n, s in enumerate((2.0, 3.0, 1.0))]
    voxels, slope, intercept = common_scale(slices, images)
    assert np.allclose(voxels[:, 0, 0] * slope + intercept, [2000, 3000, 0], atol=slope)
    same = [Slice((0, 0, n), AXIAL, (1, 1), (2, 2), 2.0, -7.0) for n in range(3)]
    voxels, slope, intercept = common_scale(same, images)
    assert voxels.dtype == np.uint16
    assert (slope, intercept) == (2.0, -7.0)
