"""GrabCut and watershed from strokes, against things of known outline."""

import numpy as np
import pytest

from cases.imaging.errors import Refused
from cases.imaging.segment import METHODS, MOST_POINTS, Scribbles, segment


def disc(rows, columns, *, centre, radius, noise=6.0, low=70, high=150):
    y, x = np.mgrid[:rows, :columns] + 0.5
    inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2
    rng = np.random.default_rng(3)
    grey = np.where(inside, high, low) + rng.normal(0, noise, (rows, columns))
    return np.clip(grey, 0, 255).astype(np.uint8), inside


def found_in(picture, scribbles, method):
    """The mask on the whole frame."""
    area = scribbles.neighbourhood(*picture.shape[:2])
    whole = np.zeros(picture.shape[:2], bool)
    part = picture[area.y0 : area.y1, area.x0 : area.x1]
    before = part.copy()
    whole[area.y0 : area.y1, area.x0 : area.x1] = segment(part, scribbles, area, method=method)
    assert np.array_equal(part, before)
    return whole


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


INSIDE = ((60.0, 80.0), (70.0, 85.0), (75.0, 90.0))
AROUND = ((30.0, 40.0), (110.0, 40.0), (110.0, 120.0), (30.0, 120.0), (30.0, 40.0))
WAYS = {
    "inside": Scribbles((INSIDE,)),
    "both": Scribbles((INSIDE,), (AROUND,)),
    "box": Scribbles((), (), (42.0, 52.0, 98.0, 108.0)),
    "box and stroke": Scribbles((INSIDE,), (), (42.0, 52.0, 98.0, 108.0)),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("way", WAYS)
def test_a_disc_is_found(method, way):
    picture, truth = disc(160, 150, centre=(70, 80), radius=22)
    found = found_in(picture, WAYS[way], method)
    assert dice(found, truth) > 0.95
    assert np.array_equal(found, found_in(picture, WAYS[way], method))


@pytest.mark.parametrize("method", METHODS)
def test_colours_count(method):
    grey, truth = disc(160, 150, centre=(70, 80), radius=22, noise=0)
    # As bright inside as outside, but red inside and green outside.
    colours = [np.where(truth, 160, 60), np.where(truth, 60, 160), grey * 0 + 80]
    picture = np.stack(colours, -1).astype(np.uint8)
    assert dice(found_in(picture, WAYS["both"], method), truth) > 0.97


@pytest.mark.parametrize("method", METHODS)
def test_only_what_a_stroke_touches(method):
    picture, truth = disc(160, 150, centre=(70, 80), radius=15)
    other, second = disc(160, 150, centre=(112, 80), radius=9)
    both = np.where(second, other, picture)
    found = found_in(both, WAYS["inside"], method)
    assert not (found & second).any()
    assert dice(found, truth) > 0.93


@pytest.mark.parametrize("method", METHODS)
def test_strokes_are_obeyed(method):
    picture, _truth = disc(160, 150, centre=(70, 80), radius=22)
    # A line through the disc that shall not belong to it, as if a vessel ran across.
    cut = ((60.0, 60.0), (80.0, 60.0), (92.0, 72.0))
    found = found_in(picture, Scribbles((INSIDE,), (AROUND, cut)), method)
    assert not found[60, 60:80].any()
    assert found[80, 60]
    assert found[90, 75]


@pytest.mark.parametrize("method", METHODS)
def test_a_large_thing_is_found_from_farther_away(method):
    picture, truth = disc(2400, 2200, centre=(1100, 1200), radius=700)
    strokes = Scribbles((((700.0, 1200.0), (1500.0, 1200.0)),), (((200.0, 200.0), (2000.0, 200.0)),))
    assert dice(found_in(picture, strokes, method), truth) > 0.98


@pytest.mark.parametrize("method", METHODS)
def test_at_the_corner_of_a_frame(method):
    picture, truth = disc(90, 120, centre=(0, 0), radius=30)
    assert dice(found_in(picture, Scribbles((((3.0, 3.0), (14.0, 10.0)),)), method), truth) > 0.93


@pytest.mark.parametrize(
    ("scribbles", "sentence"),
    [
        (Scribbles(()), "Draw a stroke"),
        (Scribbles((), (AROUND,)), "Draw a stroke"),
        (Scribbles((((float("nan"), 1.0),),)), "outside of the image"),
        (Scribbles((((500.0, 1.0),),)), "outside of the image"),
        (Scribbles(((),)), "no points"),
        (Scribbles(tuple(((1.0, 1.0),) for _ in range(65))), "At most"),
        (Scribbles((((1.0, 1.0),) * (MOST_POINTS + 1),)), "At most"),
        (Scribbles((), (), (5.0, 5.0, 5.0, 9.0)), "no inside"),
        (Scribbles((), (), (float("nan"), 5.0, 5.0, 9.0)), "no inside"),
    ],
)
def test_strokes_that_cannot_be_used_say_why(scribbles, sentence):
    with pytest.raises(Refused, match=sentence):
        scribbles.neighbourhood(160, 150)


def test_marks_over_everything_say_so():
    picture = np.zeros((3, 3), np.uint8)
    over = Scribbles(tuple(((0.5, row + 0.5), (2.5, row + 0.5)) for row in range(3)))
    for method in METHODS:
        with pytest.raises(Refused, match="cover everything"):
            segment(picture, over, over.neighbourhood(3, 3), method=method)


def test_wrong_calls_are_named():
    strokes = WAYS["both"]
    area = strokes.neighbourhood(160, 150)
    with pytest.raises(ValueError, match="method"):
        segment(np.zeros((160, 150), np.uint8), strokes, area, method="magic")
    with pytest.raises(ValueError, match="neighbourhood in 8 bits"):
        segment(np.zeros((4, 4), np.uint8), strokes, area, method="grabcut")
