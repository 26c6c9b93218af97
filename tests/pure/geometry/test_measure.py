"""Measures: hand-made truth shared with the browser's tests, and what must hold for any shape."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.geometry import (
    GeometryError,
    Shape,
    area,
    axes,
    degrees,
    length,
    mask,
    parse_shapes,
    perimeter,
)
from cases.geometry.shapes import KINDS

TABLE: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "js" / "fixtures" / "geometry.json").read_text(encoding="utf-8")
)
ID = "6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11"


def make(kind: Any, *points: tuple[float, float]) -> Shape:
    return Shape(ID, kind, 0, tuple(points))


def from_table(entry: dict[str, Any]) -> Shape:
    sent = entry["shape"]
    points = tuple((x, y) for x, y in sent["points"])
    counts = tuple(sent.get("counts", ()))
    return Shape(sent["id"], sent["kind"], sent["frame"], points, note=sent.get("note", ""), counts=counts)


coordinates = st.integers(0, 4000).map(lambda n: n / 100)
rings = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=12)
spacings = st.tuples(st.floats(0.05, 5), st.floats(0.05, 5))


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry["name"])
def test_table_shared_with_the_browser(entry: dict[str, Any]) -> None:
    shape = from_table(entry)
    spacing = (entry["spacing"][0], entry["spacing"][1])
    assert area(shape) == pytest.approx(entry["area_px"], rel=1e-12)
    assert perimeter(shape) == pytest.approx(entry["perimeter_px"], rel=1e-12)
    assert area(shape, spacing) == pytest.approx(entry["area_mm2"], rel=1e-12)
    assert perimeter(shape, spacing) == pytest.approx(entry["perimeter_mm"], rel=1e-12)
    assert np.count_nonzero(mask(shape, entry["rows"], entry["columns"])) == entry["pixels"]
    for unit, size in (("px", None), ("mm", spacing)):
        if shape.kind == "bidirectional":
            assert axes(shape, size) == pytest.approx(entry[f"axes_{unit}"], rel=1e-12)
        if shape.kind in ("angle", "cobb"):
            assert degrees(shape, size) == pytest.approx(entry[f"degrees_{unit}"], rel=1e-12)


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry["name"])
def test_what_the_table_holds_is_accepted(entry: dict[str, Any]) -> None:
    (shape,) = parse_shapes([entry["shape"]], frames=[(entry["rows"], entry["columns"])])
    assert shape == from_table(entry)


def test_the_table_has_every_kind() -> None:
    assert {entry["shape"]["kind"] for entry in TABLE} == set(KINDS)


@given(rings, spacings)
def test_doubling_the_spacing_quadruples_the_area(
    points: list[tuple[float, float]], spacing: tuple[float, float]
) -> None:
    for kind, corners in (("polygon", points), ("box", points[:2]), ("ellipse", points[:2])):
        shape = make(kind, *corners)
        double = (spacing[0] * 2, spacing[1] * 2)
        assert area(shape, double) == pytest.approx(4 * area(shape, spacing), rel=1e-9)
        assert perimeter(shape, double) == pytest.approx(2 * perimeter(shape, spacing), rel=1e-9)


@given(rings, st.integers(0, 11))
def test_where_a_ring_starts_and_which_way_it_runs_is_no_matter(
    points: list[tuple[float, float]], start: int
) -> None:
    shape = make("polygon", *points)
    turned = make("polygon", *reversed(points[start % len(points) :] + points[: start % len(points)]))
    assert area(turned) == pytest.approx(area(shape), abs=1e-9)
    assert perimeter(turned) == pytest.approx(perimeter(shape), abs=1e-9)


@given(st.floats(0.01, 50), st.floats(0.01, 50))
def test_circumference_of_an_ellipse_by_quadrature(a: float, b: float) -> None:
    angle = np.linspace(0, 2 * math.pi, 20001)
    xs, ys = a * np.cos(angle), b * np.sin(angle)
    walked = float(np.hypot(np.diff(xs), np.diff(ys)).sum())
    assert perimeter(make("ellipse", (0, 0), (2 * a, 2 * b))) == pytest.approx(walked, rel=1e-5)


def test_a_flat_ellipse_is_its_axis_there_and_back() -> None:
    assert perimeter(make("ellipse", (0, 3), (10, 3))) == 20


lines = st.tuples(coordinates, coordinates)


@given(lines, lines, lines, st.floats(0.2, 5), st.floats(0, 360))
def test_an_angle_is_no_matter_of_scale_or_turn(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], scale: float, turn: float
) -> None:
    shape = make("angle", a, b, c)
    if math.dist(a, b) < 0.5 or math.dist(b, c) < 0.5:
        return
    turned = [
        (x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn))
        for x, y in (a, b, c)
    ]
    assert degrees(make("angle", *turned), (scale, scale)) == pytest.approx(degrees(shape), abs=1e-6)
    assert degrees(make("angle", c, b, a)) == pytest.approx(degrees(shape), abs=1e-9)


def test_measures_refuse_other_kinds() -> None:
    box = make("box", (1, 1), (4, 5))
    with pytest.raises(ValueError, match="only a bidirectional"):
        axes(box)
    with pytest.raises(ValueError, match="only an angle"):
        degrees(box)


def test_length_refuses_what_is_none() -> None:
    assert length(make("length", (1, 1), (4, 5)), (1.0, 1.0)) == 5
    with pytest.raises(ValueError, match="only a length"):
        length(make("box", (1, 1), (4, 5)))


@pytest.mark.parametrize("spacing", [(0.0, 1.0), (1.0, -1.0), (math.nan, 1.0), (1.0, math.inf)])
def test_impossible_spacing_is_refused(spacing: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="spacing"):
        area(make("box", (1, 1), (4, 5)), spacing)


def test_an_error_survives_copying_between_processes() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(GeometryError("shapes[0].id", "is missing")))
    assert (error.field, error.message) == ("shapes[0].id", "is missing")
