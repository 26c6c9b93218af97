"""Drawing: every tool by mouse, the main ones by keys and by fingers, and what is done with many shapes."""

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case, wait_for

PHONE = {"width": 390, "height": 844, "touch": True}


class Board(Screen):
    """A viewer in which one draws, and what the server keeps of it."""

    def __init__(self, page: Page, api: Api, series: int) -> None:
        super().__init__(page)
        self._client, self._series = api("instructor"), series
        self.live = page.locator(".viewer-live")

    def rare(self, name: str) -> None:
        """Choose a tool from the sheet."""
        self.page.get_by_role("button", name="More drawing tools", exact=True).click()
        words = self.page.get_by_text(name, exact=True)
        self.page.locator(".viewer-sheet:popover-open .viewer-item", has=words).click()

    def clicks(self, *places: tuple[float, float]) -> None:
        for place in places:
            self.click(*place)

    def select(self) -> None:
        self.tool("Select and edit")

    def stored(self) -> list[dict[str, Any]]:
        """Shapes as the server has them, once everything is saved."""
        expect(self.saved).to_have_text("Saved")
        found = self._client.get("/api/annotations/", params={"series": self._series}).json()["results"]
        return next((layer["shapes"] for layer in found if layer["layer"] == "mine"), [])

    def fingers(self, *ways: list[tuple[float, float]], steps: int = 6) -> None:
        """Put fingers on the image, move them from place to place together, and lift them."""
        client = self.page.context.new_cdp_session(self.page)

        def send(kind: str, places: list[tuple[float, float]]) -> None:
            points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        seen = [[self.at(*place) for place in way] for way in ways]
        send("touchStart", seen[0])
        for before, after in pairwise(seen):
            for n in range(1, steps + 1):
                share = n / steps
                places = [
                    (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
                    for (x0, y0), (x1, y1) in zip(before, after, strict=True)
                ]
                send("touchMove", places)
        send("touchEnd", [])
        client.detach()

    def kinds(self) -> list[str]:
        return [shape["kind"] for shape in self.stored()]

    def becomes(self, what: Any, ready: Any) -> None:
        """Wait until the stored shapes are so."""
        wait_for(lambda: bool(ready(self.stored())), str(what))


def open_board(visit: Visit, api: Api, **how: Any) -> Board:
    """A case of three slices, open on its first one."""
    case = make_case(api, "A board to draw on", images=3)
    page = visit("instructor", f"/cases/{case['id']}/", **how)
    found = Board(page, api, case["series"][0])
    found.press("Home")
    found.shows(1, 3)
    # Told when the hand rests: what is told next must not be overtaken by it.
    expect(found.live).to_contain_text("1 of 3")
    return found


@pytest.fixture
def board(visit: Visit, api: Api) -> Any:
    """``board()``: see :func:`open_board`."""
    return lambda **how: open_board(visit, api, **how)


def test_every_tool_by_mouse(board: Any) -> None:
    """Fourteen shapes, each by its gesture; reloaded, they are the same."""
    b = board()
    b.tool("Point")
    b.click(0.35, 0.15)
    for name, place in (("Box", 0.4), ("Ellipse", 0.5), ("Length", 0.6)):
        b.tool(name)
        b.drag((place, 0.1), (place + 0.06, 0.2))
    b.tool("Freehand contour")
    b.drag((0.35, 0.3), (0.4, 0.3), (0.4, 0.4), (0.35, 0.4))
    b.tool("Polygon")
    b.clicks((0.45, 0.3), (0.52, 0.3), (0.5, 0.4), (0.45, 0.3))
    b.has(6)
    b.rare("Circle")
    b.drag((0.55, 0.3), (0.6, 0.45))
    b.rare("Arrow")
    b.clicks((0.62, 0.3), (0.66, 0.4))
    b.rare("Rotated box")
    b.drag((0.35, 0.6), (0.4, 0.5))
    b.click(0.43, 0.58)
    b.rare("Polyline")
    b.clicks((0.46, 0.5), (0.5, 0.55), (0.46, 0.6))
    b.page.get_by_role("button", name="Finish").click()
    b.rare("Long and short axis")
    b.drag((0.55, 0.5), (0.62, 0.5))
    b.drag((0.58, 0.47), (0.6, 0.56))
    b.rare("Angle")
    b.drag((0.35, 0.7), (0.35, 0.85))
    b.click(0.42, 0.85)
    b.rare("Cobb angle")
    b.drag((0.46, 0.7), (0.52, 0.72))
    b.drag((0.46, 0.85), (0.52, 0.8))
    b.rare("Text")
    b.click(0.6, 0.75)
    b.page.get_by_label("Words").fill("Aortic arch")
    b.page.keyboard.press("Enter")
    b.has(14)
    shapes = b.stored()
    assert [shape["kind"] for shape in shapes] == [
        "point", "box", "ellipse", "length", "freehand", "polygon", "circle", "arrow", "rotated-box",
        "polyline", "bidirectional", "angle", "cobb", "text",
    ]  # fmt: skip
    by_kind = {shape["kind"]: shape for shape in shapes}
    assert by_kind["text"]["note"] == "Aortic arch"
    (x0, y0), (x1, y1) = by_kind["circle"]["points"]
    assert abs(x1 - x0) == pytest.approx(abs(y1 - y0), abs=0.02)
    a, c, d, e = by_kind["bidirectional"]["points"]
    across = (c[0] - a[0]) * (e[0] - d[0]) + (c[1] - a[1]) * (e[1] - d[1])
    assert abs(across) < 0.5, "the short axis stands upright on the long one"
    p, q, r, _ = by_kind["rotated-box"]["points"]
    assert abs((q[0] - p[0]) * (r[0] - q[0]) + (q[1] - p[1]) * (r[1] - q[1])) < 0.5
    b.page.reload()
    b.has(14)
    b.press("Home")
    expect(b.page.locator(".viewer-words").first).to_contain_text("Aortic arch")
    assert b.stored() == shapes


def test_tools_by_keyboard(board: Any) -> None:
    """The crosshair places what the mouse would; a word is typed; nothing needs a pointer."""
    b = board()
    b.press("o", "Enter", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter")
    b.has(1)
    expect(b.live).to_contain_text("Circle")
    b.press("d", "Enter", "Enter", "Shift+ArrowRight", "Shift+ArrowRight", "Enter")
    b.press("Shift+ArrowLeft", "Enter", "Shift+ArrowDown", "Enter")
    b.has(2)
    b.press("n", "Enter", "Enter", "Shift+ArrowUp", "Enter", "Shift+ArrowRight", "Enter")
    b.press("y", "Enter", "Enter", "Shift+ArrowUp", "Enter", "Shift+ArrowLeft", "Enter", "Enter")
    b.press("t", "Enter", "Enter")
    b.page.get_by_label("Words").fill("here")
    b.page.keyboard.press("Enter")
    b.has(5)
    assert b.kinds() == ["circle", "bidirectional", "angle", "polyline", "text"]
    angle = b.page.locator(".viewer-row", has_text="90.0°")
    expect(angle).to_have_count(1)
    # Walk to the circle, make it wider, turn the polyline, and take all of it back.
    before = b.stored()
    b.press("j", "Alt+ArrowRight")
    b.becomes("a wider circle", lambda now: now[0]["points"] != before[0]["points"])
    b.press("Control+a", ">", "ArrowRight")
    b.becomes(
        "all moved",
        lambda now: all(one["points"] != old["points"] for one, old in zip(now, before, strict=True)),
    )
    b.press("Control+z", "Control+z", "Control+z")
    b.becomes("as before", lambda now: now == before)


def test_tools_by_touch(board: Any) -> None:
    """Taps place points, the sheet and the buttons of the panel do the rest."""
    b = board(**PHONE)

    def tap(*places: tuple[float, float]) -> None:
        b.stage.scroll_into_view_if_needed()
        for place in places:
            b.page.touchscreen.tap(*b.at(*place))

    b.rare("Angle")
    tap((0.3, 0.3), (0.5, 0.6), (0.7, 0.3))
    b.has(1)
    b.rare("Circle")
    tap((0.2, 0.2), (0.5, 0.5))
    b.rare("Polyline")
    tap((0.2, 0.7), (0.5, 0.8), (0.8, 0.7))
    b.page.get_by_role("button", name="Finish").tap()
    b.has(3)
    assert b.kinds() == ["angle", "circle", "polyline"]
    b.select()
    b.page.get_by_role("button", name="Select several").tap()
    # The line is selected since it was drawn.
    tap((0.35, 0.2))
    expect(b.page.locator(".viewer-row.is-selected")).to_have_count(2)
    b.page.get_by_role("button", name="Copy to the next image").tap()
    b.has(5)
    b.shows(2, 3)
    assert [shape["frame"] for shape in b.stored()] == [0, 0, 0, 1, 1]


def test_many_shapes_at_once(board: Any) -> None:
    """Shift selects, a box with Shift what it touches; all move, get a label, are copied and deleted."""
    b = board()
    b.tool("Box")
    for x in (0.35, 0.45, 0.55):
        b.drag((x, 0.3), (x + 0.05, 0.4))
    b.has(3)
    b.select()
    b.press("Escape")
    b.page.keyboard.down("Shift")
    b.drag((0.33, 0.25), (0.47, 0.35))
    b.page.keyboard.up("Shift")
    expect(b.page.locator(".viewer-row.is-selected")).to_have_count(2)
    b.page.keyboard.down("Shift")
    b.click(0.575, 0.3)
    b.page.keyboard.up("Shift")
    expect(b.page.locator(".viewer-row.is-selected")).to_have_count(3)
    before = b.stored()
    b.drag((0.46, 0.3), (0.46, 0.5))
    b.becomes(
        "all below",
        lambda now: all(n["points"][0][1] > o["points"][0][1] + 1 for n, o in zip(now, before, strict=True)),
    )
    b.label("scar")
    b.becomes("all labelled", lambda now: {shape["label"] for shape in now} == {"scar"})
    b.press("Control+c", "PageDown", "Control+v")
    b.has(6)
    assert [shape["frame"] for shape in b.stored()] == [0, 0, 0, 1, 1, 1]
    b.press("Control+d")
    b.has(9)
    b.press("Delete")
    b.has(6)
    b.press("Shift+PageDown")
    b.has(6)
    b.press("Control+a", "Shift+PageDown")
    b.shows(3, 3)
    b.has(9)
    b.press("Control+z", "Control+z", "Control+z", "Control+z")
    b.has(3)


def test_joining_and_subtracting(board: Any) -> None:
    """Two boxes that overlap become one outline; what has a hole becomes a mask."""
    b = board()
    b.tool("Box")
    b.drag((0.35, 0.3), (0.5, 0.5))
    b.drag((0.45, 0.4), (0.6, 0.6))
    b.press("Control+a", "u")
    expect(b.live).to_have_text("2 shapes became 1.")
    b.has(1)
    (joined,) = b.stored()
    assert joined["kind"] == "polygon"
    assert len(joined["points"]) == 8
    b.tool("Ellipse")
    b.drag((0.47, 0.42), (0.49, 0.46))
    b.select()
    b.click(0.35, 0.35)
    b.page.keyboard.down("Shift")
    b.click(0.47, 0.44)
    b.page.keyboard.up("Shift")
    b.page.get_by_role("button", name="Subtract from the first shape").click()
    b.has(1)
    (holed,) = b.stored()
    assert holed["kind"] == "mask"
    assert holed["id"] == joined["id"]
    expect(b.page.locator(".viewer-mask")).to_have_count(1)
    b.page.reload()
    b.has(1)
    assert b.stored() == [holed]


def test_turning_resizing_and_simplifying(board: Any) -> None:
    """The knob turns, a corner of the frame resizes, and a contour loses points."""
    b = board()
    b.tool("Freehand contour")
    wave = ((0.4, 0.4), (0.45, 0.37), (0.5, 0.39), (0.55, 0.38), (0.58, 0.46), (0.56, 0.55), (0.5, 0.53))
    b.drag(*wave, (0.42, 0.57))
    b.select()
    b.click(0.475, 0.39)
    (drawn,) = b.stored()

    def grab(selector: str, dx: float, dy: float) -> None:
        box = b.page.locator(selector).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        b.page.mouse.move(x, y)
        b.page.mouse.down()
        b.page.mouse.move(x + dx, y + dy, steps=4)
        b.page.mouse.up()

    grab("circle.viewer-knob", 60, 40)
    b.becomes("turned", lambda now: now[0]["points"] != drawn["points"])
    (turned,) = b.stored()
    grab("rect.viewer-knob >> nth=2", 30, 30)
    b.becomes("larger", lambda now: now[0]["points"] != turned["points"])
    (larger,) = b.stored()

    def width(shape: dict[str, Any]) -> float:
        xs = [x for x, _ in shape["points"]]
        return max(xs) - min(xs)

    assert width(larger) > width(turned) + 1
    b.press("Shift+S")
    bar = b.page.get_by_role("group", name="Simplify the outline")
    slider = bar.get_by_label("Tolerance")
    expect(slider).to_be_focused()
    said = bar.locator("output")
    expect(said).to_contain_text(f"of {len(larger['points'])} points stay")
    slider.fill("20")
    few = int((said.text_content() or "").split()[0])
    assert 3 <= few < len(larger["points"])
    b.page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    assert b.stored() == [larger], "shown, not done"
    b.press("Shift+S")
    slider.fill("20")
    bar.get_by_role("button", name="Apply").click()
    expect(b.live).to_have_text(f"{len(larger['points'])} points became {few}.")
    b.becomes("simpler", lambda now: len(now[0]["points"]) == few)
    b.press("Control+z")
    b.becomes("as before", lambda now: now == [larger])


def test_layers_numbers_and_attributes(board: Any) -> None:
    """A locked layer keeps still; a region has numbers; attributes are kept."""
    b = board()
    page = b.page
    b.tool("Box")
    b.drag((0.4, 0.4), (0.55, 0.55))
    b.has(1)
    detail = page.locator(".viewer-detail")
    for words in ("Area", "Outline", "Mean", "Deviation", "Smallest", "Largest"):
        expect(detail).to_contain_text(words)
    expect(detail).to_contain_text("mm²")
    expect(detail.get_by_role("img", name="Pixel values from")).to_be_visible()
    page.get_by_text("Attributes", exact=True).click()
    page.get_by_label("Name", exact=True).fill("margin")
    page.get_by_label("Value", exact=True).fill("spiculated")
    page.get_by_role("button", name="Add an attribute").click()
    b.becomes("an attribute", lambda now: now[0].get("attributes") == {"margin": "spiculated"})
    page.get_by_label("margin", exact=True).fill("smooth")
    page.get_by_label("margin", exact=True).press("Enter")
    b.becomes("another value", lambda now: now[0].get("attributes") == {"margin": "smooth"})
    page.get_by_role("button", name="Remove margin").click()
    b.becomes("none", lambda now: not now[0].get("attributes"))
    (before,) = b.stored()
    page.get_by_role("button", name="Lock layers, opacity").click()
    page.get_by_role("button", name="Lock Mine").click()
    page.get_by_label("Opacity of Mine").fill("40")
    expect(page.locator(".viewer-overlay g[opacity='0.4']")).to_have_count(1)
    page.keyboard.press("Escape")
    b.select()
    b.drag((0.4, 0.45), (0.5, 0.5))
    b.press("Control+a", "ArrowRight", "Delete")
    expect(b.live).to_have_text("The layer is locked.")
    b.has(1)
    assert b.stored() == [before]
