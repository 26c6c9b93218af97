"""Outlines from strokes, by the API."""

import json

import numpy as np
import pytest
from django.core.cache import cache
from django.urls import reverse

from cases import blobs
from cases.api.segment import SegmentThrottle
from cases.geometry.schema import parse_shapes
from cases.imaging.frames import pack
from cases.models import Annotation, Frame
from cases.services import scribbles
from tests.builders import rows

pytestmark = pytest.mark.django_db
SIDE = 96


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def frame(author):
    """A published image with a square of 1,200 on a ground of 1,000, rescaled by -1000."""
    found = Frame.objects.get(series__case=rows.published(author))
    pixels = np.full((SIDE, SIDE), 1000, np.int16)
    pixels[30:60, 20:70] = 1200
    return stored(found, pixels, intercept=-1000.0, window_center=100.0, window_width=400.0)


def stored(frame, pixels, **fields):
    samples = 3 if pixels.ndim == 3 else 1
    found = {
        "digest": blobs.put(pack(pixels)), "rows": SIDE, "columns": SIDE, "samples": samples, "slope": 1.0,
        "dtype": str(pixels.dtype), "invert": False, "voi_function": "LINEAR", **fields,
    }  # fmt: skip
    Frame.objects.filter(pk=frame.pk).update(**found)
    return Frame.objects.get(pk=frame.pk)


@pytest.fixture
def ask(client, frame):
    client.force_login(rows.person(name="sam"))

    def send(**body):
        where = reverse("api-frame-segment", args=[frame.pk])
        return client.post(where, json.dumps(body), content_type="application/json")

    return send


STROKES = {"foreground": [[[35, 40], [55, 50]]], "background": [[[5, 5], [90, 5], [90, 90]]]}


@pytest.mark.parametrize("method", ["grabcut", "watershed"])
def test_strokes_become_a_mask_that_can_be_saved(ask, frame, method):
    got = ask(method=method, **STROKES)
    assert got.status_code == 200
    found = got.json()
    shape = {"id": "6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "kind": "mask", "frame": 0, "label": "", **found}
    (mask,) = parse_shapes([shape], frames=[(SIDE, SIDE)])
    assert mask.bounds == (20, 30, 70, 60)
    # A corner is nearer to the ground than to the square.
    assert 30 * 50 - 4 <= sum(mask.counts[1::2]) <= 30 * 50
    assert not Annotation.objects.exists()


def test_a_box_is_enough(ask):
    got = ask(method="grabcut", box=[12, 22, 78, 68]).json()
    assert got["points"] == [[20.0, 30.0], [70.0, 60.0]]


def test_the_window_is_the_one_the_reader_sees(ask):
    # With everything above the window white there is no edge left, with the right one there is.
    seen = ask(method="watershed", window={"center": 100, "width": 300}, **STROKES).json()
    blind = ask(method="watershed", window={"center": -900, "width": 10}, **STROKES).json()
    assert seen["points"] == [[20.0, 30.0], [70.0, 60.0]]
    assert blind != seen


def test_colours(ask, frame):
    pixels = np.full((SIDE, SIDE, 3), (60, 160, 80), np.uint8)
    pixels[30:60, 20:70] = (160, 60, 80)
    stored(frame, pixels)
    assert ask(method="grabcut", **STROKES).json()["points"] == [[20.0, 30.0], [70.0, 60.0]]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"method": "grabcut"}, "Draw a stroke"),
        ({"method": "magic", **STROKES}, "magic"),
        ({"method": "grabcut", "foreground": [[[1, 2, 3]]]}, "2 elements"),
        ({"method": "grabcut", "foreground": [[["NaN", 2]]]}, "valid number"),
        ({"method": "grabcut", "foreground": [[[1, 2]]] * 65}, "64 elements"),
        ({"method": "grabcut", "foreground": [[[1, 200]]]}, "outside of the image"),
        ({"method": "grabcut", "box": [9, 9, 4, 4]}, "no inside"),
        ({"method": "grabcut", "window": {"center": 1, "width": 0}, **STROKES}, "width"),
    ],
)
def test_what_cannot_be_used_is_said(ask, body, sentence):
    got = ask(**body)
    assert got.status_code == 400
    assert sentence in got.json()["detail"]


def test_who_asks_too_often_or_while_others_are_served_waits(ask, frame, monkeypatch):
    monkeypatch.setattr(scribbles, "WAIT_SECONDS", 0.01)
    with scribbles._turn:
        busy = ask(method="watershed", **STROKES)
    assert (busy.status_code, busy.json()["code"]) == (503, "busy")
    monkeypatch.setattr(SegmentThrottle, "rate", "2/min")
    assert ask(method="watershed", **STROKES).status_code == 200
    late = ask(method="watershed", **STROKES)
    assert late.status_code == 429
    assert int(late["Retry-After"]) > 0


def test_pixels_that_are_gone_are_said(ask, frame):
    Frame.objects.filter(pk=frame.pk).update(digest="0" * 64)
    assert ask(method="watershed", **STROKES).status_code == 404
