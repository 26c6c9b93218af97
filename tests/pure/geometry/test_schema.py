"""The gate that drawings of strangers pass."""

import gzip
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.geometry import GeometryError, parse_shapes, read_json, to_payload
from cases.geometry.schema import (
    MAX_COUNTS,
    MAX_COUNTS_PER_MASK,
    MAX_POINTS,
    MAX_POINTS_PER_SHAPE,
    MAX_SHAPES,
)
from tests.support import shared

FRAMES = [(16, 32), (16, 32), (8, 8)]
ID = "6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11"


def sent(**changes: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "kind": "polygon",
        "frame": 0,
        "points": [[1, 1], [10, 1], [10, 10]],
        "label": "cyst",
    } | changes


def refused(payload: object) -> GeometryError:
    with pytest.raises(GeometryError) as caught:
        parse_shapes(payload, frames=FRAMES)
    assert caught.value.message
    return caught.value


def test_what_is_accepted_comes_back_the_same() -> None:
    payload = [
        sent(note="first line\nsecond"),
        sent(id=str(uuid.UUID(int=2)), kind="point", frame=2, points=[[8, 0.25]]),
        sent(id=str(uuid.UUID(int=3)), kind="length", frame=1, points=[[0, 0], [32, 16]], label=""),
    ]
    shapes = parse_shapes(payload, frames=FRAMES)
    assert to_payload(shapes) == payload
    assert parse_shapes(to_payload(shapes), frames=FRAMES) == shapes


def test_masks_and_attributes_come_back_the_same() -> None:
    attributes = {"margin": "spiculated", "calcified": "no"}
    payload = [sent(kind="mask", points=[[2, 1], [5, 3]], counts=[1, 5], attributes=attributes)]
    (shape,) = parse_shapes(payload, frames=FRAMES)
    assert to_payload([shape]) == payload
    assert (
        shape
        == parse_shapes([payload[0] | {"attributes": dict(reversed(attributes.items()))}], frames=FRAMES)[0]
    )
    assert len({shape}) == 1


def test_nothing_drawn_is_fine() -> None:
    assert parse_shapes([], frames=FRAMES) == ()


def test_up_to_a_pixel_outside_is_moved_in() -> None:
    (shape,) = parse_shapes([sent(points=[[-1, -0.5], [33, 0], [33, 17]])], frames=FRAMES)
    assert shape.points == ((0, 0), (32, 0), (32, 16))


def test_an_id_is_the_same_in_either_case() -> None:
    assert parse_shapes([sent(id=ID.upper())], frames=FRAMES)[0].id == ID
    assert refused([sent(), sent(id=ID.upper())]).field == "shapes[1].id"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "7"}, "id"),
        ({"id": None}, "id"),
        ({"id": "{" + ID + "}"}, "id"),
        ({"kind": "cube"}, "kind"),
        ({"kind": ["box"]}, "kind"),
        ({"frame": 3}, "frame"),
        ({"frame": -1}, "frame"),
        ({"frame": True}, "frame"),
        ({"frame": 0.0}, "frame"),
        ({"points": None}, "points"),
        ({"points": [[1, 1], [2, 2]]}, "points"),
        ({"points": [[1, 1], [5, 5], [9, 9]]}, "points"),
        ({"kind": "box"}, "points"),
        ({"kind": "box", "points": [[1, 1], [1, 9]]}, "points"),
        ({"kind": "length", "points": [[1, 1], [1, 1]]}, "points"),
        ({"points": [[1, 1], [2, True], [9, 3]]}, "points[1]"),
        ({"points": [[1, 1], [2, 2, 2], [9, 3]]}, "points[1]"),
        ({"points": [[1, 1], {"x": 1}, [9, 3]]}, "points[1]"),
        ({"points": [["1", 1], [2, 2], [9, 3]]}, "points[0]"),
        ({"points": [[float("nan"), 1], [2, 2], [9, 3]]}, "points[0]"),
        ({"points": [[1, 1], [2, 2], [9, float("-inf")]]}, "points[2]"),
        ({"points": [[1, 1], [2, 2], [9, 10**5000]]}, "points[2]"),
        ({"points": [[1, 1], [2, 2], [33.01, 3]]}, "points[2]"),
        ({"label": "x" * 65}, "label"),
        ({"label": 5}, "label"),
        ({"label": "two\nlines"}, "label"),
        ({"label": "nul\x00"}, "label"),
        ({"label": "half \ud800 pair"}, "label"),
        ({"note": "x" * 501}, "note"),
        ({"note": "bell\x07"}, "note"),
        ({"note": None}, "note"),
        ({"counts": [0, 9]}, "counts"),
        ({"kind": "text", "points": [[1, 1]]}, "note"),
        ({"kind": "text", "points": [[1, 1]], "note": " \n"}, "note"),
        ({"kind": "arrow", "points": [[1, 1], [1, 1]]}, "points"),
        ({"kind": "polyline", "points": [[1, 1]]}, "points"),
        ({"kind": "polyline", "points": [[1, 1], [1, 1], [1, 1]]}, "points"),
        ({"kind": "rotated-box"}, "points"),
        ({"kind": "angle", "points": [[1, 1], [1, 1], [5, 5]]}, "points"),
        ({"kind": "cobb", "points": [[1, 1], [2, 2], [5, 5], [5, 5]]}, "points"),
        ({"kind": "bidirectional", "points": [[1, 1], [2, 2], [5, 5]]}, "points"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]]}, "counts"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]], "counts": []}, "counts"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]], "counts": {"0": 4}}, "counts"),
        ({"kind": "mask", "points": [[1, 1], [3.5, 3]], "counts": [0, 4]}, "points"),
        ({"kind": "mask", "points": [[3, 3], [1, 1]], "counts": [0, 4]}, "points"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]], "counts": [0, 3]}, "counts"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]], "counts": [0, 5]}, "counts[1]"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]], "counts": [1, 0, 3]}, "counts[1]"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]], "counts": [0, True, 3]}, "counts[1]"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]], "counts": [0, 4.0]}, "counts[1]"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]], "counts": [-1, 5]}, "counts[0]"),
        ({"kind": "mask", "points": [[1, 1], [3, 3]], "counts": [4]}, "points"),
        ({"attributes": []}, "attributes"),
        ({"attributes": {"": "x"}}, "attributes"),
        ({"attributes": {"x" * 33: "x"}}, "attributes"),
        ({"attributes": {"margin": "x" * 65}}, "attributes.margin"),
        ({"attributes": {"margin": 5}}, "attributes.margin"),
        ({"attributes": {"margin": "nul\x00"}}, "attributes.margin"),
        ({"attributes": {str(n): "x" for n in range(17)}}, "attributes"),
    ],
)
def test_one_thing_wrong_is_named(changes: dict[str, Any], field: str) -> None:
    assert refused([sent(**changes)]).field == f"shapes[0].{field}"


def test_unknown_and_missing_keys_are_refused() -> None:
    assert refused([sent(owner=1)]).field == "shapes[0]"
    assert refused([sent() | {3: 4}]).field == "shapes[0]"
    for key in ("id", "kind", "frame", "points"):
        payload = sent()
        del payload[key]
        assert refused([payload]).field == f"shapes[0].{key}"


@pytest.mark.parametrize("payload", [None, "x", 5, {}, {"shapes": []}, [None], [[]], ["x"]], ids=str)
def test_the_wrong_thing_altogether_is_refused(payload: object) -> None:
    refused(payload)


def test_every_limit_is_one_that_can_be_reached() -> None:
    many = [sent(id=str(uuid.UUID(int=n)), kind="point", points=[[1, 1]]) for n in range(MAX_SHAPES + 1)]
    assert len(parse_shapes(many[:-1], frames=FRAMES)) == MAX_SHAPES
    assert refused(many).field == "shapes"
    ring = [[n % 30, 1 + (n % 7)] for n in range(MAX_POINTS_PER_SHAPE)]
    assert parse_shapes([sent(points=ring)], frames=FRAMES)
    assert refused([sent(points=[*ring, [5, 5]])]).field == "shapes[0].points"
    full = MAX_POINTS // MAX_POINTS_PER_SHAPE
    heavy = [sent(id=str(uuid.UUID(int=n)), points=ring) for n in range(full + 1)]
    assert len(parse_shapes(heavy[:-1], frames=FRAMES)) == full
    assert refused(heavy).field == f"shapes[{full}].points"


def test_masks_have_limits_of_their_own() -> None:
    side = 250
    checks = [1] * side * side

    def board(number: int, rows: int) -> dict[str, Any]:
        return sent(
            id=str(uuid.UUID(int=number)),
            kind="mask",
            points=[[0, 0], [side, rows]],
            counts=checks[: side * rows],
        )

    frames = [(side, side)]
    fine = MAX_COUNTS_PER_MASK // side
    assert parse_shapes([board(1, fine)], frames=frames)
    with pytest.raises(GeometryError, match="smooth the mask"):
        parse_shapes([board(1, fine + 1)], frames=frames)
    many = [board(number, fine) for number in range(MAX_COUNTS // MAX_COUNTS_PER_MASK + 1)]
    assert parse_shapes(many[:-1], frames=frames)
    with pytest.raises(GeometryError, match="bring the total above"):
        parse_shapes(many, frames=frames)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from(["id", "kind", "frame", "points", "label", "note", "counts", "attributes"]), json_values
)
def test_anything_at_all_is_accepted_or_refused_and_never_breaks(key: str, value: object) -> None:
    problem = None
    try:
        shapes = parse_shapes([sent(**{key: value})], frames=FRAMES)
    except GeometryError as error:
        problem = error
    if problem is None:
        assert json.dumps(to_payload(shapes), allow_nan=False, ensure_ascii=False).encode()
    else:
        assert problem.field.startswith("shapes[0]")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[Infinity]",
        b"[NaN]",
        b"[" * 100_000,
        b"[" + b"9" * 5000 + b"]",
        b'{"a":1}x',
    ],
    ids=lambda body: str(body[:8]),
)
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(GeometryError) as caught:
        read_json(body)
    assert caught.value.field == "body"


def test_a_body_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(GeometryError, match="larger than 10 bytes"):
        read_json(b"[" * 11, max_bytes=10)


@pytest.mark.shared
def test_the_hostile_corpus_gets_an_answer() -> None:
    files = sorted(shared("security/hostile/annotation").iterdir())
    assert len(files) > 15
    for file in files:
        body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        try:
            payload = read_json(body, max_bytes=64_000_000)
        except GeometryError:
            continue
        for part in (payload, payload.get("shapes") if isinstance(payload, dict) else payload):
            if part != []:
                refused(part)


def test_an_ellipse_is_two_corners_or_the_ends_of_two_axes() -> None:
    identity = "6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11"
    sent = {"id": identity, "kind": "ellipse", "frame": 0, "points": [[2, 2], [12, 12], [9, 5], [5, 9]]}
    (shape,) = parse_shapes([sent], frames=[(16, 16)])
    assert shape.is_turned
    assert to_payload([shape])[0]["points"] == [[2.0, 2.0], [12.0, 12.0], [9.0, 5.0], [5.0, 9.0]]
    for points, why in (
        ([[2, 2], [12, 12], [9, 5]], "must be 2 or 4 for a ellipse, not 3"),
        ([[2, 2], [12, 12], [9, 1], [12, 5]], "two axes that halve each other"),
        ([[2, 2], [12, 12], [7, 7], [7, 7]], "enclose no area"),
    ):
        with pytest.raises(GeometryError, match=why):
            parse_shapes([{**sent, "points": points}], frames=[(16, 16)])
