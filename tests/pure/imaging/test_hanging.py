"""Which picture hangs where: cases made by hand."""

from datetime import date
from typing import Any

import pytest

from cases.imaging.hanging import Hanging, Picture, Place, days_earlier, hang

NOW, BEFORE, LONG_AGO = date(2020, 9, 1), date(2020, 1, 1), date(2015, 1, 1)


def breast(series: int, side: str, view: str, **fields: Any) -> Picture:
    known: dict[str, Any] = {"modality": "MG", "frame": 0, "patient": "a", "region": "BREAST", "day": NOW}
    return Picture(series, laterality=side, view=view, **{**known, **fields})


def stack(series: int, **fields: Any) -> Picture:
    known: dict[str, Any] = {"modality": "CT", "frame": 0, "patient": "a", "day": NOW, "frames": 40}
    return Picture(series, number=series, **{**known, **fields})


def keys(found: Hanging | None) -> list[int]:
    assert found is not None
    return [place.series for place in found.places]


FOUR = [breast(1, "L", "MLO"), breast(2, "R", "MLO"), breast(3, "L", "CC"), breast(4, "R", "CC")]


def test_four_mammograms_hang_the_right_one_on_the_left() -> None:
    found = hang(FOUR)
    assert found is not None
    assert (found.rule, found.layout, keys(found)) == ("mammography", "2x2", [4, 3, 2, 1])
    # In whatever order they came.
    assert hang(FOUR[::-1]) == found


def test_views_of_one_series_are_told_apart_by_their_frames() -> None:
    one = [breast(7, side, view, frame=at) for at, (side, view) in enumerate(
        [("L", "CC"), ("R", "CC"), ("L", "MLO"), ("R", "MLO")]
    )]  # fmt: skip
    found = hang(one)
    assert found is not None
    assert [(place.series, place.frame) for place in found.places] == [(7, 1), (7, 0), (7, 3), (7, 2)]


def test_a_missing_mammogram_leaves_whole_pairs() -> None:
    three = hang(FOUR[1:])
    assert three is not None
    assert (three.layout, keys(three)) == ("1x2", [4, 3])
    # Of one breast both views.
    right = hang([FOUR[1], FOUR[3]])
    assert right is not None
    assert (right.layout, keys(right)) == ("1x2", [4, 2])
    assert hang(FOUR[:1]) == Hanging("single", "1x1", (Place(1, 0),))


@pytest.mark.parametrize(
    ("side", "view", "sides", "pose"),
    [
        ("R", "CC", "P\\L", (0, False)),
        ("L", "CC", "A\\R", (0, False)),
        ("R", "CC", "A\\R", (2, False)),
        ("R", "MLO", "P\\FL", (0, False)),
        ("R", "MLO", "A\\F", (0, True)),
        ("L", "MLO", "A\\FR", (0, False)),
        # Rows lead to the feet and columns backwards: a quarter to the left, mirrored before.
        ("R", "MLO", "F\\P", (3, True)),
        ("R", "MLO", "H\\P", (3, False)),
        ("R", "MLO", "", (0, False)),
    ],
)
def test_both_chest_walls_lie_in_the_middle(side: str, view: str, sides: str, pose: tuple[int, bool]) -> None:
    other = breast(2, "L" if side == "R" else "R", view)
    found = hang([breast(1, side, view, sides=sides), other])
    assert found is not None
    place = next(one for one in found.places if one.series == 1)
    assert (place.turn, place.mirror) == pose


def test_frontal_beside_lateral() -> None:
    chest = [
        Picture(1, 0, "DX", view="LL", region="CHEST"), Picture(2, 0, "DX", view="PA", region="CHEST"),
    ]  # fmt: skip
    found = hang(chest)
    assert found is not None
    assert (found.rule, found.layout, keys(found)) == ("projections", "1x2", [2, 1])


def test_the_longest_stack_comes_first_and_scouts_never() -> None:
    found = hang([stack(1, frames=3), stack(2), stack(3, frames=200, localiser=True)])
    assert found == Hanging("single", "1x1", (Place(2, 0),))
    assert keys(hang([stack(3, localiser=True)])) == [3]
    assert hang([]) is None


def test_the_prior_hangs_beside_the_current_examination() -> None:
    rows = [stack(1, day=BEFORE, frames=300), stack(2), stack(3, day=LONG_AGO), stack(4, frames=5)]
    found = hang(rows)
    assert found is not None
    assert (found.rule, found.layout, keys(found)) == ("prior", "1x2", [2, 1])
    assert days_earlier(rows) == {1: 244, 3: 2070}


@pytest.mark.parametrize("other", [{"patient": "b"}, {"modality": "MR"}, {"region": "HEAD"}, {"day": None}])
def test_what_cannot_be_compared_is_no_prior(other: dict[str, Any]) -> None:
    rows = [stack(1), stack(2, **{"day": BEFORE, **other})]
    assert keys(hang(rows)) in ([1], [2])


def test_two_patients_are_not_earlier_than_one_another() -> None:
    """Their days were shifted by different numbers."""
    assert days_earlier([stack(1), stack(2, patient="b", day=BEFORE)]) == {}
    assert days_earlier([stack(1, patient=""), stack(2, patient="", day=BEFORE)]) == {}


def test_a_chest_with_a_prior_hangs_the_same_view() -> None:
    rows = [
        Picture(1, 0, "DX", view="PA", patient="a", day=NOW, number=1),
        Picture(2, 0, "DX", view="LL", patient="a", day=NOW, number=2),
        Picture(3, 0, "DX", view="LL", patient="a", day=BEFORE, number=3),
        Picture(4, 0, "DX", view="PA", patient="a", day=BEFORE, number=4),
    ]
    assert keys(hang(rows)) == [1, 4]
