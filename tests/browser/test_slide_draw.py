"""Drawing on a whole slide: the tools of the viewer by mouse, keys and fingers, kept and shown again."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case, wait_for
from tests.browser.test_viewer_draw import PHONE, Board
from tests.pure.imaging import slide_files

WIDE, HIGH, STEP = 2304, 1536, 2
"""Pixels of the slide, and how many of them make one of its overview."""


@pytest.fixture(scope="module")
def slide(api: Api) -> dict[str, Any]:
    """A published case with a slide that is larger than its overview."""
    case = make_case(api, "A section to draw on", images=0, publish=False)
    client = api("instructor")
    tissue = slide_files.tissue(WIDE, HIGH)
    data = slide_files.dicom([tissue], tile=(512, 512), series=f"1.2.8.{case['id']}")
    sent = client.post(f"/api/cases/{case['id']}/uploads/", files={"file": ("file", data)})
    assert sent.is_success, sent.text
    wait_for(
        lambda: client.get(f"/api/uploads/{sent.json()['id']}/").json()["state"] == "accepted", "cleaned"
    )
    assert client.post(f"/api/cases/{case['id']}/publish/").is_success
    series = client.get(f"/api/cases/{case['id']}/series/").json()["results"][0]["id"]
    found = client.get(f"/api/series/{series}/").json()["slides"][0]
    assert client.get(f"/api/slides/{found}/").json()["overview"] == {"frame": 0, "scale": STEP}
    return {"case": case["id"], "series": series, "path": f"/cases/{case['id']}/slides/{found}/"}


@pytest.fixture
def board(visit: Visit, api: Api, slide: dict[str, Any]) -> Any:
    """``board()``: the slide, open, with nothing drawn on it."""

    def open_one(**how: Any) -> Board:
        client = api("instructor")
        for layer in client.get("/api/annotations/", params={"series": slide["series"]}).json()["results"]:
            if layer["layer"] == "mine":
                body = {"revision": layer["revision"], "shapes": []}
                assert client.put(f"/api/annotations/{layer['id']}/", json=body).is_success
        page = visit("instructor", slide["path"], **how)
        expect(page.locator(".slide[data-state=open]")).to_be_visible()
        return Board(page, api, slide["series"])

    return open_one


def extent(shape: dict[str, Any]) -> tuple[float, float, float, float]:
    """Edges of a stored shape in pixels of the slide."""
    xs, ys = [x * STEP for x, _ in shape["points"]], [y * STEP for _, y in shape["points"]]
    return min(xs), min(ys), max(xs), max(ys)


def test_shapes_by_mouse_are_kept_and_shown_on_the_overview(board: Any, slide: dict[str, Any]) -> None:
    b = board()
    b.tool("Box")
    b.drag((0.4, 0.3), (0.5, 0.4))
    b.tool("Freehand contour")
    b.drag((0.55, 0.3), (0.65, 0.3), (0.65, 0.4), (0.55, 0.4))
    b.tool("Polygon")
    b.clicks((0.4, 0.5), (0.5, 0.5), (0.45, 0.6), (0.4, 0.5))
    b.tool("Length")
    b.drag((0.55, 0.5), (0.65, 0.6))
    b.has(4)
    assert b.kinds() == ["box", "freehand", "polygon", "length"]
    x0, y0, x1, y1 = extent(b.stored()[0])
    assert 0 < x0 < x1 < WIDE
    assert 0 < y0 < y1 < HIGH
    assert x1 - x0 > 100, "in pixels of the slide, not of the screen"
    expect(b.page.locator(".viewer-words text", has_text="µm")).to_have_count(1)
    before = b.stored()
    b.page.reload()
    expect(b.page.locator(".slide[data-state=open]")).to_be_visible()
    b.has(4)
    b.select()
    b.click(0.45, 0.3)
    expect(b.page.locator(".viewer-row.is-selected")).to_have_count(1)
    for words in ("Area", "Outline"):
        expect(b.page.locator(".viewer-detail")).to_contain_text(words)
    b.press("ArrowRight")
    b.becomes("the box moved", lambda now: now[0]["points"][0][0] > before[0]["points"][0][0])
    b.press("Control+z")
    b.becomes("the box is back", lambda now: now == before)
    b.page.goto(f"/cases/{slide['case']}/")
    b.has(4)
    assert b.stored() == before


def test_small_things_are_told_in_micrometres(board: Any) -> None:
    b = board()
    b.page.get_by_role("button", name="One to one").click()
    b.tool("Length")
    b.drag((0.5, 0.5), (0.55, 0.5))
    b.has(1)
    expect(b.page.locator(".viewer-row")).to_contain_text("µm")


def test_by_keyboard(board: Any) -> None:
    b = board()
    b.press("b", "Enter", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter")
    b.has(1)
    x0, y0, x1, y1 = extent(b.stored()[0])
    assert (x0, y0) == (WIDE / 2, HIGH / 2)
    assert x1 - x0 >= 10
    assert y1 - y0 >= 10
    before = b.stored()
    b.press("j", "ArrowLeft")
    b.becomes("moved", lambda now: now[0]["points"] != before[0]["points"])
    b.press("Delete")
    b.has(0)
    b.press("w")
    expect(b.live).to_have_text("Whole slides do not have this.")


def test_painting_is_kept_in_pixels_of_the_overview(board: Any) -> None:
    b = board()
    b.page.get_by_role("button", name="One to one").click()
    b.rare("Brush")
    # The tools that paint are fetched when the first of them is chosen.
    b.page.get_by_label("Brush size").fill("12")
    b.drag((0.45, 0.45), (0.55, 0.5))
    b.has(1)
    (mask,) = b.stored()
    assert mask["kind"] == "mask"
    expect(b.page.locator(".viewer-mask")).to_have_count(1)
    painted = b.page.locator(".viewer-mask").get_attribute("d")
    b.page.reload()
    expect(b.page.locator(".slide[data-state=open]")).to_be_visible()
    b.has(1)
    expect(b.page.locator(".viewer-mask")).to_have_attribute("d", str(painted))
    b.page.get_by_role("button", name="One to one").click()
    b.rare("Eraser")
    b.page.get_by_label("Brush size").fill("12")
    b.drag((0.4, 0.42), (0.5, 0.5))
    b.becomes("less of it", lambda now: not now or now[0]["counts"] != mask["counts"])


def test_by_touch(board: Any) -> None:
    """A finger draws with a tool; two move and zoom whatever the tool is."""
    b = board(**PHONE)
    b.stage.scroll_into_view_if_needed()
    b.tool("Box")
    for place in ((0.35, 0.35), (0.6, 0.6)):
        b.page.touchscreen.tap(*b.at(*place))
    b.has(1)
    before = b.stored()
    scale = b.page.locator(".slide-scale").get_attribute("aria-label")
    b.stage.scroll_into_view_if_needed()
    b.fingers([(0.4, 0.5), (0.6, 0.5)], [(0.2, 0.5), (0.8, 0.5)])
    expect(b.page.locator(".slide-scale")).not_to_have_attribute("aria-label", str(scale))
    b.has(1)
    assert b.stored() == before
    b.tool("Freehand contour")
    b.stage.scroll_into_view_if_needed()
    b.fingers([(0.3, 0.3)], [(0.6, 0.3)], [(0.6, 0.6)], [(0.3, 0.6)])
    b.has(2)
    assert b.kinds() == ["box", "freehand"]


def test_a_student_without_a_layer_sees_the_submitted_reference(
    visit: Visit, board: Any, api: Api, slide: dict[str, Any]
) -> None:
    b = board()
    b.tool("Ellipse")
    b.drag((0.45, 0.4), (0.55, 0.5))
    b.has(1)
    page = visit("student", slide["path"])
    expect(page.locator(".slide[data-state=open]")).to_be_visible()
    expect(page.locator(".viewer-row")).to_have_count(0)
    b.page.get_by_role("button", name="Submit", exact=True).click()
    b.page.locator(".viewer-dialog").get_by_role("button", name="Submit", exact=True).click()
    expect(page.locator(".viewer-row.is-reference")).to_have_count(1)
    expect(page.locator(".viewer-shape.is-reference").first).to_be_attached()
