"""By fingers alone: what else is painted and drawn, and how what is drawn is changed, on a phone."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case
from tests.browser.test_viewer_draw import PHONE
from tests.browser.test_viewer_masks import Easel


class Glass(Easel):
    """A board that is touched and never clicked."""

    def tap(self, *places: tuple[float, float]) -> None:
        self.shown()
        for place in places:
            self.page.touchscreen.tap(*self.at(*place))

    def drag(self, *places: tuple[float, float], steps: int = 6) -> None:
        """One finger from place to place."""
        self.shown()
        self.fingers(*([place] for place in places), steps=steps)

    def shown(self) -> None:
        # At the upper edge of the window, clear of the bar with the pages.
        self.stage.evaluate("(stage) => stage.scrollIntoView({block: 'start'})")

    def press_button(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).tap()

    def pull(self, knob: Locator, dx: float, dy: float) -> None:
        """Take hold of something that is seen on the image, and move it by pixels of the screen."""
        self.shown()
        box, stage = knob.bounding_box(), self.stage.bounding_box()
        assert box is not None
        assert stage is not None
        x = (box["x"] + box["width"] / 2 - stage["x"]) / stage["width"]
        y = (box["y"] + box["height"] / 2 - stage["y"]) / stage["height"]
        self.drag((x, y), (x + dx / stage["width"], y + dy / stage["height"]))


@pytest.fixture
def glass(visit: Visit, api: Api) -> Any:
    """``glass()``: a case of three slices on a phone, open on its first one."""

    def open_one() -> Glass:
        case = make_case(api, "Something to touch", images=3)
        found = Glass(visit("instructor", f"/cases/{case['id']}/", **PHONE), api, case["series"][0])
        found.press("Home")
        found.shows(1, 3)
        return found

    return open_one


def width(shape: dict[str, Any]) -> float:
    xs = [x for x, _ in shape["points"]]
    return float(max(xs) - min(xs))


def size(shape: dict[str, Any]) -> int:
    return int(sum(shape["counts"][1::2]))


def test_painting_filling_and_rubbing_out(glass: Any) -> None:
    """A finger paints a ring, a tap fills it, a finger rubs some of it out; the buttons take it back."""
    b = glass()
    b.takes("Brush")
    b.page.get_by_label("Brush size").fill("4")
    b.drag((0.35, 0.3), (0.65, 0.3), (0.65, 0.6), (0.35, 0.6), (0.35, 0.3))
    b.has(1)
    (ring,) = b.stored()
    b.takes("Fill a hole")
    b.tap((0.5, 0.45))
    b.becomes("filled", lambda now: size(now[0]) > size(ring))
    (filled,) = b.stored()
    b.takes("Eraser")
    b.page.get_by_label("Brush size").fill("6")
    b.drag((0.4, 0.45), (0.6, 0.45))
    b.becomes("less", lambda now: 0 < size(now[0]) < size(filled))
    (less,) = b.stored()
    b.press_button("Undo")
    b.becomes("filled again", lambda now: now == [filled])
    b.press_button("Redo")
    b.becomes("less again", lambda now: now == [less])


def test_wand_and_scissors(glass: Any) -> None:
    b = glass()
    b.takes("Magic wand")
    b.page.get_by_label("Tolerance").fill("100")
    b.page.get_by_label("Reach").fill("20")
    b.tap((0.5, 0.45))
    b.has(1)
    assert b.kinds() == ["mask"]
    b.takes("Scissors along edges")
    b.tap((0.35, 0.3), (0.65, 0.3), (0.65, 0.6), (0.35, 0.6), (0.35, 0.3))
    b.has(2)
    assert b.kinds() == ["mask", "polygon"]


def test_moving_reshaping_resizing_and_turning(glass: Any) -> None:
    """A finger moves a shape, pulls a corner of a box, resizes and turns a polygon."""
    b = glass()
    b.tool("Box")
    b.tap((0.3, 0.25), (0.5, 0.45))
    b.has(1)
    (drawn,) = b.stored()
    b.select()
    b.tap((0.4, 0.25))
    expect(b.page.locator(".viewer-row.is-selected")).to_have_count(1)
    b.drag((0.4, 0.25), (0.5, 0.35))
    b.becomes("moved", lambda now: now[0]["points"][0][0] > drawn["points"][0][0] + 1)
    (moved,) = b.stored()
    assert width(moved) == pytest.approx(width(drawn), abs=0.05)
    b.drag((0.6, 0.55), (0.7, 0.65))
    b.becomes("wider", lambda now: width(now[0]) > width(moved) + 1)
    b.press_button("Undo")
    b.becomes("as wide as before", lambda now: now == [moved])
    b.press_button("Delete")
    b.has(0)
    b.tool("Polygon")
    b.tap((0.4, 0.35), (0.6, 0.35), (0.5, 0.55))
    b.page.get_by_role("button", name="Finish").tap()
    b.has(1)
    (polygon,) = b.stored()
    b.select()
    b.tap((0.5, 0.35))
    b.pull(b.page.locator("rect.viewer-knob >> nth=2"), 30, 30)
    b.becomes("larger", lambda now: width(now[0]) > width(polygon) + 1)
    (larger,) = b.stored()
    b.pull(b.page.locator("circle.viewer-knob"), 40, 40)
    b.becomes("turned", lambda now: now[0]["points"] != larger["points"])


def test_corners_and_many_shapes(glass: Any) -> None:
    """A corner is moved, one is added by two taps on an edge; several shapes are chosen and moved at once."""
    b = glass()
    b.tool("Polygon")
    b.tap((0.2, 0.2), (0.6, 0.2), (0.4, 0.5))
    b.page.get_by_role("button", name="Finish").tap()
    b.has(1)
    (drawn,) = b.stored()
    b.select()
    b.tap((0.4, 0.2))
    b.drag((0.4, 0.5), (0.45, 0.6))
    b.becomes("a corner moved", lambda now: now[0]["points"][2] != drawn["points"][2])
    (bent,) = b.stored()
    assert bent["points"][:2] == drawn["points"][:2]
    b.tap((0.4, 0.2), (0.4, 0.2))
    b.becomes("one corner more", lambda now: len(now[0]["points"]) == 4)
    b.tool("Point")
    b.tap((0.8, 0.75))
    b.has(2)
    b.select()
    b.press_button("Select several")
    b.tap((0.3, 0.2))
    expect(b.page.locator(".viewer-row.is-selected")).to_have_count(2)
    b.press_button("Select several")
    before = b.stored()
    b.drag((0.8, 0.75), (0.75, 0.7))
    b.becomes(
        "both moved",
        lambda now: all(n["points"] != o["points"] for n, o in zip(now, before, strict=True)),
    )
    b.press_button("Undo")
    b.becomes("both back", lambda now: now == before)
