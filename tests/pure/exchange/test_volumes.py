"""Label maps of whole volumes, read back by the reader of volumes."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from imagecodecs import gzip_decode

from cases.exchange import nifti
from cases.exchange.layers import Layer, Unreadable
from cases.geometry.rasterise import mask
from cases.imaging.nifti import read_nifti
from tests.pure.exchange.shapes import COLUMNS, PICTURES, ROWS, masked, shape

# Sagittal slices, to the left, rows to the back, columns to the feet.
TURN = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
NORMAL = np.cross(TURN[:3], TURN[3:])


def stack(*places):
    """Three pictures at these millimetres along their normal."""
    return tuple(
        replace(one, position=tuple(np.array([5.0, -20.0, 80.0]) + place * NORMAL), orientation=TURN)
        for one, place in zip(PICTURES, places, strict=True)
    )


DRAWN = (
    shape("polygon", [[3, 4], [20, 6], [11, 19]], frame=0, label="Cyst"),
    masked([[1, 0, 1], [1, 1, 1]], x=7, y=3, frame=2, label="Vessel"),
    shape("length", [[3, 4], [9, 9]], frame=1, label="width"),
)


def opened(written):
    with zipfile.ZipFile(io.BytesIO(written.data)) as archive:
        names = {int(key): name for key, name in json.loads(archive.read("labels.json")).items()}
        return read_nifti(gzip_decode(archive.read(nifti.VOLUME))), names


def test_labels_lie_where_they_were_drawn():
    pictures = stack(0.0, 2.5, 5.0)
    written = nifti.write([Layer(pictures, DRAWN)])
    grid, names = opened(written)
    assert grid.values.shape == (3, ROWS, COLUMNS)
    assert names[1] == "Cyst"
    for place, picture in enumerate(pictures):
        here = [one for one in DRAWN if one.frame == place and one.is_closed]
        expected = np.zeros((ROWS, COLUMNS), bool)
        for one in here:
            expected |= mask(one, ROWS, COLUMNS)
        assert np.array_equal(grid.values[place] > 0, expected)
        # A voxel of the file lies where its pixel lies in the patient.
        column, row = 9, 4
        rows_mm, columns_mm = picture.spacing
        pixel = (
            np.array(picture.position)
            + np.array(TURN[:3]) * columns_mm * column
            + np.array(TURN[3:]) * rows_mm * row
        )
        assert np.allclose(grid.origin + grid.axes @ [column, row, place], pixel, atol=1e-4)
    assert {names[int(n)] for n in np.unique(grid.values) if n} == {"Cyst", "Vessel"}
    assert any("areas only" in sentence for sentence in written.losses)
    assert nifti.losses([Layer(pictures, DRAWN)]) == written.losses


def test_an_uneven_stack_takes_the_nearest_slice():
    grid, _names = opened(written := nifti.write([Layer(stack(0.0, 1.0, 3.0), DRAWN[:2])]))
    assert len(grid.values) == 3
    assert np.array_equal(grid.values[0] > 0, mask(DRAWN[0], ROWS, COLUMNS))
    assert set(np.unique(grid.values)) <= {0, 1, 2}
    assert any("upright grid" in sentence for sentence in written.losses)


def test_pictures_without_a_place_are_refused():
    with pytest.raises(Unreadable, match="do not say where"):
        nifti.write([Layer(PICTURES, DRAWN)])
    with pytest.raises(Unreadable, match="same place"):
        nifti.losses([Layer(stack(0.0, 0.0, 0.0), DRAWN)])
