"""Boxes, crops and digests of regions."""

import numpy as np
import pytest

from analysis.core.regions import bounding_box, crop, digest, mask_out


@pytest.fixture
def picture() -> tuple[np.ndarray, np.ndarray]:
    image = np.arange(30, dtype=np.int16).reshape(5, 6)
    mask = np.zeros((5, 6), bool)
    mask[1:3, 2:5] = True
    return image, mask


def test_bounding_box_is_half_open(picture: tuple[np.ndarray, np.ndarray]):
    assert bounding_box(picture[1]) == (1, 2, 3, 5)


def test_crop_cuts_both_and_stops_at_the_border(picture: tuple[np.ndarray, np.ndarray]):
    image, mask = picture
    cut, inside = crop(image, mask)
    assert cut.tolist() == [[8, 9, 10], [14, 15, 16]]
    assert inside.all()
    wide, _ = crop(image, mask, margin=10)
    np.testing.assert_array_equal(wide, image)
    assert not np.shares_memory(wide, image)


@pytest.mark.parametrize(("mode", "fill"), [("zero", 0), ("mean", 12), ("min", 8)])
def test_mask_out_fills_the_outside_only(picture: tuple[np.ndarray, np.ndarray], mode: str, fill: int):
    image, mask = picture
    before = image.copy()
    out = mask_out(image, mask, mode)
    assert (out[~mask] == fill).all()
    np.testing.assert_array_equal(out[mask], image[mask])
    np.testing.assert_array_equal(image, before)


def test_wrong_masks_are_refused(picture: tuple[np.ndarray, np.ndarray]):
    image, mask = picture
    with pytest.raises(ValueError, match="empty"):
        bounding_box(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="two dimensions"):
        bounding_box(np.ones(3))
    with pytest.raises(ValueError, match="differ in size"):
        crop(image, mask[:-1])
    with pytest.raises(ValueError, match="margin"):
        crop(image, mask, margin=-1)
    with pytest.raises(ValueError, match="mode"):
        mask_out(image, mask, "black")


def test_digest_depends_on_values_type_and_shape_but_not_on_layout():
    a = np.arange(6, dtype=np.int16).reshape(2, 3)
    assert digest(a) == digest(np.asfortranarray(a)) == digest(a.astype(">i2"))
    assert len({digest(a), digest(a.astype(np.uint16)), digest(a.T), digest(a + 1), digest(a.ravel())}) == 5


def test_digest_refuses_objects():
    with pytest.raises(ValueError, match="no digest"):
        digest(np.array([object()]))
