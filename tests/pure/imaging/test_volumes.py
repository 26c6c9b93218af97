"""Volumes in files of their own: voxels and places by hand, and no text comes through."""

import bz2
import contextlib
import gzip
import math
import zlib
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.imaging.archive import members
from cases.imaging.clean import CleanInstance, clean
from cases.imaging.errors import Refused
from cases.imaging.kinds import Kind, sniff
from cases.imaging.volume import order
from cases.imaging.volumes import VOLUMES, read_volume, slices, write_volume

from .build import SECRET
from .volume_files import PLANTED, mha, nifti1, nifti2, nrrd, ramp

# Columns run to the patient's left, rows to the back, slices to the head: nothing has to be turned.
PLAIN = np.array([[-0.5, 0, 0, 10.0], [0, -0.75, 0, 20.0], [0, 0, 3.0, -30.0]])
LPS = "left-posterior-superior"


def _clean(data: bytes) -> CleanInstance:
    return clean(data, secret=SECRET)


def _voxels(data: bytes) -> dict[tuple[float, ...], float]:
    """Measured value by place in the patient: what must not depend on how a file is laid out."""
    found = {}
    for frame in _clean(data).frames:
        across, down = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
        rows, columns = frame.pixels.shape[:2]
        for row, column in product(range(rows), range(columns)):
            place = np.array(frame.position) + across * column * frame.pixel_spacing[1]
            place = place + down * row * frame.pixel_spacing[0]
            value = float(frame.pixels[row, column]) * frame.slope + frame.intercept
            found[tuple(float(x) for x in np.round(place, 3) + 0.0)] = value
    return found


def test_a_plain_volume_becomes_slices() -> None:
    values = ramp()
    cleaned = _clean(nifti1(values, srow=PLAIN))
    assert (cleaned.kind, cleaned.modality, cleaned.patient_key) == ("volume", "OT", "")
    assert [frame.frame_number for frame in cleaned.frames] == [1, 2]
    for number, frame in enumerate(cleaned.frames):
        assert np.array_equal(frame.pixels, values[number])
        assert frame.position == pytest.approx((-10.0, -20.0, -30.0 + 3 * number))
        assert frame.orientation == pytest.approx((1, 0, 0, 0, 1, 0))
        assert frame.pixel_spacing == pytest.approx((0.75, 0.5))
        assert frame.thickness == pytest.approx(3.0)
    assert order(cleaned.frames) == [0, 1]


def _ras_like(signs: tuple[int, ...], axes: tuple[int, ...]) -> np.ndarray:
    srow = np.zeros((3, 4))
    for axis, (towards, sign) in enumerate(zip(axes, signs, strict=True)):
        srow[towards, axis] = sign * (0.5, 0.75, 3.0)[axis]
    srow[:, 3] = (1.0, 2.0, 3.0)
    return srow


@pytest.mark.parametrize("axes", list(permutations(range(3))))
def test_every_way_to_lie_puts_each_voxel_at_its_place_and_the_right_way_up(axes: tuple[int, ...]) -> None:
    values = ramp()
    for signs in product((1, -1), repeat=3):
        srow = _ras_like(signs, axes)
        data = nifti1(values, srow=srow)
        truth = {}
        for k, j, i in np.ndindex(values.shape):
            x, y, z = srow[:, :3] @ (i, j, k) + srow[:, 3]
            truth[tuple(float(v) for v in np.round((-x, -y, z), 3) + 0.0)] = float(values[k, j, i])
        assert _voxels(data) == truth
        frame = _clean(data).frames[0]
        stacked = axes[2]
        right, down = frame.orientation[:3], frame.orientation[3:]
        if stacked == 2:  # axial: to the left, to the back
            assert right[0] > 0.99
            assert down[1] > 0.99
        else:  # head on top
            assert down[2] < -0.99
            assert right[0 if stacked == 1 else 1] > 0.99


def test_formats_versions_and_byte_orders_agree() -> None:
    values = ramp()
    truth = _voxels(nifti1(values, srow=PLAIN))
    directions = "(0.5,0,0) (0,0.75,0) (0,0,3)"
    ras = "(-0.5,0,0) (0,-0.75,0) (0,0,3)"
    geometry = {"ElementSpacing": "0.5 0.75 3", "Offset": "-10 -20 -30"}
    # Half a turn about the third axis: quaternion (0; 0, 0, 1).
    turned = {"quatern": (0, 0, 1, 10, 20, -30), "pixdim": [1, 0.5, 0.75, 3, 0, 0, 0, 0]}
    same = [
        nifti1(values, ">", srow=PLAIN),
        nifti1(values, srow=PLAIN / 1000, units=1),
        nifti1(values, **turned),
        nifti2(values, PLAIN),
        nrrd(values, space=LPS, space_directions=directions, space_origin="(-10,-20,-30)"),
        nrrd(values, space="RAS", space_directions=ras, space_origin="(10,20,-30)"),
        nrrd(values, gzip.compress(values.tobytes()), encoding="gzip", space=LPS, space_directions=directions,
             space_origin="(-10,-20,-30)"),
        nrrd(values, bz2.compress(values.tobytes()), encoding="bz2", space=LPS, space_directions=directions,
             space_origin="(-10,-20,-30)"),
        mha(values, TransformMatrix="1 0 0 0 1 0 0 0 1", **geometry),
        mha(values, zlib.compress(values.tobytes()), CompressedData="True", **geometry),
        mha(values, values.astype(">i2").tobytes(), BinaryDataByteOrderMSB="True", **geometry),
    ]  # fmt: skip
    for data in same:
        assert _voxels(data) == truth


def test_a_left_handed_quaternion_mirrors_the_third_axis() -> None:
    values = ramp()
    pixdim = [-1, 0.5, 0.75, 3, 0, 0, 0, 0]
    below = _clean(nifti1(values, quatern=(0, 0, 1, 10, 20, -30), pixdim=pixdim)).frames
    assert [frame.position[2] for frame in below] == pytest.approx([-30, -33])


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "i8", "u8", "f4", "f8"])
def test_every_number_type_shows_what_was_measured(kind: str) -> None:
    values = ramp(kind=kind)
    if kind == "f4":
        values[0, 0, 0] = np.nan
    cleaned = _clean(nifti1(values, srow=PLAIN, scl=(2.0, -5.0)))
    shown = np.stack([frame.pixels * frame.slope + frame.intercept for frame in cleaned.frames])
    wanted = np.nan_to_num(values.astype(float), nan=1.0) * 2 - 5
    assert np.allclose(shown, wanted, atol=(np.nanmax(wanted) - np.nanmin(wanted)) / 65535)
    assert cleaned.frames[0].pixels.dtype in (np.uint8, np.int16, np.uint16)


def test_large_whole_numbers_and_wide_ones_keep_their_order() -> None:
    values = np.array([[[0, 70000], [-70000, 2**31 - 1]]], dtype="i4")
    frame = _clean(nifti1(values, srow=PLAIN)).frames[0]
    shown = frame.pixels.astype(float) * frame.slope + frame.intercept
    assert np.allclose(shown, values[0], atol=frame.slope)


def test_the_stored_form_is_the_same_volume_without_a_word() -> None:
    for data in (
        nifti1(ramp(), srow=PLAIN, scl=(2, 1), cal=(20, 3)),
        nifti1(ramp(), srow=_ras_like((1, 1, 1), (1, 2, 0))),
        nifti1(ramp(kind="f8")),
        nrrd(ramp(), spacings="0.5 0.75 3"),
        mha(ramp()),
    ):
        assert PLANTED in data
        cleaned = _clean(data)
        inside = gzip.decompress(cleaned.clean_bytes)
        assert PLANTED not in inside
        assert PLANTED.decode() not in repr(cleaned)
        assert sum(cleaned.removed.values()) > 0
        again = _clean(inside)
        assert again.clean_bytes == cleaned.clean_bytes
        assert again.sop_uid == cleaned.sop_uid
        assert again.removed == {}
        for one, other in zip(cleaned.frames, again.frames, strict=True):
            assert np.array_equal(one.pixels, other.pixels)
            assert one.pixel_spacing == pytest.approx(other.pixel_spacing)
            assert one.position is other.position is None or one.position == pytest.approx(other.position)
            assert one.window_center == pytest.approx(other.window_center)


def test_colour_volumes() -> None:
    values = np.arange(2 * 3 * 4 * 3, dtype="u1").reshape(2, 3, 4, 3)
    truth = [values[0], values[1]]
    for data in (
        nifti1(values, srow=PLAIN, colour=True),
        nrrd(values, kinds="RGB-color domain domain domain"),
        mha(values, NDims="3", DimSize="4 3 2", ElementNumberOfChannels="3", ElementType="MET_UCHAR_ARRAY"),
    ):
        cleaned = _clean(data)
        assert all(np.array_equal(f.pixels, t) for f, t in zip(cleaned.frames, truth, strict=True))
        assert np.array_equal(_clean(gzip.decompress(cleaned.clean_bytes)).frames[1].pixels, values[1])


def test_of_several_volumes_the_first_is_shown_and_said() -> None:
    values = ramp((5, 2, 3, 4))
    for data in (nifti1(values, srow=PLAIN), nrrd(values), mha(values)):
        cleaned = _clean(data)
        assert "first-volume" in cleaned.notes
        assert len(cleaned.frames) == 2
        first = read_volume(data, sniff(data)).values
        assert np.array_equal(np.sort(first, axis=None), np.sort(values[0], axis=None))


def test_without_a_place_the_rows_follow_the_convention() -> None:
    values = ramp()
    cleaned = _clean(nifti1(values, pixdim=[1, 0.5, 0.75, 3, 0, 0, 0, 0]))
    assert "orientation-unknown" in cleaned.notes
    assert np.array_equal(cleaned.frames[0].pixels, values[0, ::-1])
    assert cleaned.frames[0].position is None
    assert cleaned.frames[0].pixel_spacing == pytest.approx((0.75, 0.5))
    sheared = PLAIN.copy()
    sheared[0, 1] = 0.4
    assert _clean(nifti1(values, srow=sheared)).frames[0].position is None


def test_flat_pictures_and_the_asked_window() -> None:
    assert len(_clean(nifti1(ramp((3, 4)))).frames) == 1
    frame = _clean(nifti1(ramp(), srow=PLAIN, cal=(40.0, 20.0))).frames[0]
    assert (frame.window_center, frame.window_width) == (30.0, 20.0)


def test_what_lies_outside_of_the_scan_does_not_widen_the_window() -> None:
    inside = np.random.default_rng(2).integers(0, 100, (4, 32, 32)).astype("i2")
    padded = inside.copy()
    padded[:, :16] = -3000
    frame, alone = _clean(nifti1(padded, srow=PLAIN)).frames[0], _clean(nifti1(inside, srow=PLAIN)).frames[0]
    assert frame.window_width == pytest.approx(alone.window_width, abs=5)
    assert frame.window_center == pytest.approx(alone.window_center, abs=5)


def test_gzip_around_a_volume_and_doubling_of_spacing() -> None:
    data = nifti1(ramp(), srow=PLAIN)
    inside = list(members(gzip.compress(data)))
    assert inside == [data]
    double = PLAIN * 2
    frame, twice = _clean(data).frames[1], _clean(nifti1(ramp(), srow=double)).frames[1]
    assert twice.position == pytest.approx([2 * x for x in frame.position])
    assert twice.pixel_spacing == pytest.approx([2 * x for x in frame.pixel_spacing])


BIG = 1 << 14


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (nifti1(ramp(), dim=[3, 4, -3, 2, 1, 1, 1, 1]), "bad-volume"),
        (nifti1(ramp(), dim=[9, 4, 3, 2, 1, 1, 1, 1]), "bad-volume"),
        (nifti1(ramp(), dim=[3, BIG, BIG, BIG, 1, 1, 1, 1]), "too-large"),
        (nifti1(ramp(), dim=[3, 4, 3, 3, 1, 1, 1, 1]), "truncated"),
        (nifti1(ramp(), dim=[3, 1, 1, 5000, 1, 1, 1, 1]), "too-large"),
        (nifti1(ramp(), offset=math.nan), "bad-volume"),
        (nifti1(ramp(), offset=1e30), "bad-volume"),
        (nifti1(ramp(), offset=0), "bad-volume"),
        (nifti1(ramp(), code=32), "bad-depth"),
        (nifti1(ramp(), magic=b"ni1\x00"), "volume-elsewhere"),
        (nifti1(ramp())[:300], "not-an-image"),
        (nrrd(ramp(), data_file="/etc/passwd"), "volume-elsewhere"),
        (nrrd(ramp(), datafile="LIST\n/etc/passwd"), "volume-elsewhere"),
        (nrrd(ramp(), encoding="hex"), "bad-depth"),
        (nrrd(ramp(), sizes="99999 99999 99999"), "too-large"),
        (nrrd(ramp(), sizes="4 3"), "bad-volume"),
        (nrrd(ramp(), sizes="4 3 x"), "bad-volume"),
        (nrrd(ramp(), sizes="4 3 3"), "truncated"),
        (nrrd(ramp(), line_skip="2"), "bad-volume"),
        (nrrd(ramp(), type="block"), "bad-depth"),
        (nrrd(ramp(), encoding="gzip"), "bad-volume"),
        (nrrd(ramp(), zlib.compress(b"\0" * 10), encoding="gzip"), "truncated"),
        (nrrd(ramp(), bz2.compress(b"\0" * 10), encoding="bzip2"), "truncated"),
        (b"NRRD0004\ntype: short\n", "bad-volume"),
        (b"NRRD0004\nno field\n\n", "bad-volume"),
        (mha(ramp(), ElementDataFile="../secret.raw"), "volume-elsewhere"),
        (mha(ramp(), ElementDataFile="LIST"), "volume-elsewhere"),
        (mha(ramp(), BinaryData="False"), "bad-depth"),
        (mha(ramp(), ElementType="MET_STRING"), "bad-depth"),
        (mha(ramp(), DimSize="4 3 99999"), "too-large"),
        (mha(ramp(), DimSize="4 3"), "bad-volume"),
        (mha(ramp(), DimSize="4 3 3"), "truncated"),
        (mha(ramp(), ElementSpacing="1 x 1"), "bad-volume"),
        (mha(ramp(), ElementSpacing="1 1"), "bad-volume"),
        (mha(ramp(), HeaderSize="7"), "bad-volume"),
        (b"NDims = 3\nComment = x", "bad-volume"),
    ],
)  # fmt: skip
def test_what_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        _clean(data)
    assert refused.value.code == code
    assert PLANTED.decode() not in str(refused.value)


def test_no_more_is_unpacked_than_was_declared() -> None:
    bomb = zlib.compress(b"\0" * (64 << 20), 9)
    assert len(_clean(mha(ramp(), bomb, CompressedData="True")).frames) == 2
    assert len(_clean(nrrd(ramp(), bomb, encoding="gzip")).frames) == 2


def test_impossible_places_are_dropped_and_the_voxels_stay() -> None:
    for broken in (np.full((3, 4), np.nan), np.zeros((3, 4)), PLAIN * 1e30):
        cleaned = _clean(nifti1(ramp(), srow=broken))
        assert cleaned.frames[0].position is None
        assert len(cleaned.frames) == 2


def test_frames_are_told_by_the_kind_of_the_file() -> None:
    truth: list[tuple[Any, Kind]] = [
        (nifti1(ramp()), Kind.NIFTI),
        (nifti1(ramp(), ">"), Kind.NIFTI),
        (nifti2(ramp(), PLAIN), Kind.NIFTI),
        (nrrd(ramp()), Kind.NRRD),
        (mha(ramp()), Kind.METAIMAGE),
    ]
    for data, kind in truth:
        assert sniff(data[:1024]) is kind
    assert len(slices(read_volume(truth[0][0], Kind.NIFTI))) == 2


def test_values_beyond_all_measure_are_refused() -> None:
    huge = np.array([[[1e300, -1e300], [0, 1]]])
    with pytest.raises(Refused) as refused:
        _clean(nifti1(huge, srow=PLAIN, scl=(1e30, 0)))
    assert refused.value.code == "bad-volume"
    assert len(_clean(nifti1(huge, srow=PLAIN)).frames) == 1


@given(st.sampled_from([nifti1(ramp(), srow=PLAIN), nrrd(ramp()), mha(ramp())]), st.data())
def test_damaged_headers_are_refused_and_nothing_else(good: bytes, data: st.DataObject) -> None:
    broken = bytearray(good)
    for _n in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    kind = sniff(bytes(broken[:1024]))
    if kind in VOLUMES:
        with contextlib.suppress(Refused):
            grid = read_volume(bytes(broken), kind)
            assert slices(grid)
            assert write_volume(grid)
