"""Painting: masks by brush, by the smart tools and between slices, with mouse, finger and keys."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case
from tests.browser.test_viewer_draw import PHONE, Board

TOOLS = "More drawing tools"


class Easel(Board):
    """A board with brushes."""

    def takes(self, name: str) -> None:
        """Choose a painting tool, and wait until it lies at hand."""
        self.rare(name)
        expect(self.page.locator(".viewer-ring")).to_have_count(1)

    def pixels(self) -> list[int]:
        """Pixels of each mask, as the server has them."""
        return [sum(shape["counts"][1::2]) for shape in self.stored()]


@pytest.fixture
def easel(visit: Visit, api: Api) -> Any:
    """``easel()``: a case of five slices, open on its first one."""

    def open_one(**how: Any) -> Easel:
        case = make_case(api, "Something to paint", images=5)
        found = Easel(visit("instructor", f"/cases/{case['id']}/", **how), api, case["series"][0])
        found.press("Home")
        found.shows(1, 5)
        return found

    return open_one


def test_brush_and_eraser_by_mouse(easel: Any) -> None:
    """Strokes make one mask grow; the eraser takes from it until nothing is left; undo brings all back."""
    b = easel()
    b.takes("Brush")
    b.page.get_by_label("Brush size").fill("3")
    b.drag((0.4, 0.4), (0.55, 0.4))
    b.has(1)
    (first,) = b.stored()
    assert first["kind"] == "mask"
    expect(b.page.locator(".viewer-mask")).to_have_count(1)
    expect(b.page.locator(".viewer-paint:visible")).to_have_count(0)
    b.drag((0.5, 0.35), (0.5, 0.55))
    b.becomes("more", lambda now: sum(now[0]["counts"][1::2]) > sum(first["counts"][1::2]))
    (more,) = b.stored()
    assert more["id"] == first["id"]
    b.page.get_by_role("button", name="New mask").click()
    b.page.get_by_label("Brush size").fill("6")
    b.page.get_by_role("button", name="Square brush").click()
    b.click(0.3, 0.75)
    b.has(2)
    assert 36 <= b.pixels()[1] <= 49
    b.takes("Eraser")
    b.drag((0.2, 0.75), (0.4, 0.75))
    b.has(1)
    b.drag((0.38, 0.4), (0.4, 0.4))
    b.becomes("less", lambda now: sum(now[0]["counts"][1::2]) < sum(more["counts"][1::2]))
    b.press("Control+z", "Control+z")
    b.has(2)
    assert b.stored()[0] == more
    b.page.reload()
    b.has(2)
    assert b.stored()[0] == more


def test_painting_by_keyboard(easel: Any) -> None:
    """The crosshair stamps, keys change the size, the eraser rubs, and Escape begins another mask."""
    b = easel()
    b.press("Shift+B", "{", "{", "{", "{", "{", "Enter", "Enter")
    expect(b.live).to_contain_text("Mask")
    b.has(1)
    assert b.pixels() == [12], "a brush of four, between four pixels"
    b.press(*["ArrowRight"] * 6, "Enter")
    b.becomes("two dabs, one mask", lambda now: sum(now[0]["counts"][1::2]) == 24)
    b.press("Escape", "Enter", "Shift+ArrowLeft", "Enter")
    b.has(2)
    assert b.pixels() == [24, 12]
    b.press("Shift+E", "Escape", "Enter", "Enter")
    b.becomes("one dab of two rubbed out", lambda now: sum(now[0]["counts"][1::2]) == 12)


def test_painting_by_touch(easel: Any) -> None:
    """A finger paints; two fingers move the image and leave nothing behind."""
    b = easel(**PHONE)
    b.takes("Brush")
    b.page.touchscreen.tap(*b.at(0.4, 0.4))
    b.has(1)
    (dab,) = b.pixels()
    b.takes("Eraser")
    bar = b.page.get_by_role("group", name="Painting").bounding_box()
    assert bar is not None
    assert bar["x"] >= 0
    assert bar["x"] + bar["width"] <= 390
    b.page.get_by_label("Brush size").fill("6")
    b.page.touchscreen.tap(*b.at(0.4, 0.4))
    b.becomes("a hole", lambda now: 0 < sum(now[0]["counts"][1::2]) < dab)


def test_threshold_brush(easel: Any) -> None:
    """Only pixels within the range are painted."""
    b = easel()
    b.takes("Threshold brush")
    b.page.get_by_label("Brush size").fill("60")
    b.drag((0.45, 0.5), (0.55, 0.5))
    b.has(1)
    (window,) = b.pixels()
    b.page.get_by_role("button", name="New mask").click()
    b.page.get_by_label("From value").fill("-5000")
    b.page.get_by_label("To value").fill("5000")
    b.page.get_by_label("To value").press("Enter")
    b.drag((0.45, 0.5), (0.55, 0.5))
    b.has(2)
    assert b.pixels()[1] >= window
    b.page.get_by_role("button", name="New mask").click()
    b.page.get_by_label("From value").fill("4000")
    b.page.get_by_label("To value").fill("5000")
    b.page.get_by_label("To value").press("Enter")
    b.drag((0.45, 0.5), (0.55, 0.5))
    b.has(2)


def test_fill_and_wand(easel: Any) -> None:
    """A ring is filled, an open place is not; the wand takes what is alike, more with more tolerance."""
    b = easel()
    b.takes("Brush")
    b.page.get_by_label("Brush size").fill("2")
    ring = ((0.35, 0.3), (0.65, 0.3), (0.65, 0.7), (0.35, 0.7), (0.35, 0.3))
    b.drag(*ring)
    b.has(1)
    (ring_size,) = b.pixels()
    b.takes("Fill a hole")
    b.click(0.8, 0.9)
    expect(b.live).to_have_text("No mask of yours closes round that place.")
    b.click(0.5, 0.47)
    b.becomes("filled", lambda now: sum(now[0]["counts"][1::2]) > ring_size)
    b.takes("Magic wand")
    b.press("Escape")
    b.page.get_by_label("Reach").fill("20")
    b.page.get_by_label("Tolerance").fill("100")
    b.click(0.5, 0.5)
    b.has(2)
    (_, wide) = b.pixels()
    assert 0 < wide <= 24 * 32
    b.press("Control+z")
    b.page.get_by_label("Tolerance").fill("1")
    b.click(0.5, 0.5)
    b.has(2)
    assert b.pixels()[1] <= wide
    b.press("Shift+G", "Escape", "Enter", "Enter")
    b.has(3)


def test_scissors(easel: Any) -> None:
    """Clicks along an edge make a polygon; the last one on the first point closes. Also by keys."""
    b = easel()
    b.takes("Scissors along edges")
    b.clicks((0.35, 0.3), (0.65, 0.3), (0.65, 0.7))
    b.page.mouse.move(*b.at(0.5, 0.7))
    b.clicks((0.35, 0.7), (0.35, 0.3))
    b.has(1)
    (shape,) = b.stored()
    assert shape["kind"] == "polygon"
    assert len(shape["points"]) >= 4
    b.press("Shift+X", "Enter", "Enter", "Shift+ArrowRight", "Enter")
    b.press("Shift+ArrowDown", "Enter", "Shift+ArrowLeft", "Enter", "Enter")
    b.has(2)
    assert b.kinds() == ["polygon", "polygon"]


def test_masks_between(easel: Any) -> None:
    """Two painted images fill those between them, in one step."""
    b = easel()
    b.press("Shift+D")
    expect(b.live).to_have_text("Paint masks of one label on two images with others between them.")
    b.press("Shift+B", "Enter", "Enter")
    b.has(1)
    b.press("End", "}", "}", "}", "Enter", "Enter")
    b.has(2)
    b.page.get_by_role("button", name="More drawing tools", exact=True).click()
    b.page.locator(".viewer-item", has=b.page.get_by_text("Masks on the images between", exact=True)).click()
    expect(b.live).to_have_text("3 masks added")
    b.has(5)
    shapes = sorted(b.stored(), key=lambda shape: shape["frame"])
    assert [shape["frame"] for shape in shapes] == [0, 1, 2, 3, 4]
    sizes = [sum(shape["counts"][1::2]) for shape in shapes]
    assert sizes == sorted(sizes)
    b.press("Control+z")
    b.has(2)


def test_outline_from_strokes(easel: Any) -> None:
    """A stroke inside and one outside give a mask, another stroke changes it; a new mask begins anew."""
    b = easel()
    b.takes("Outline from strokes")
    outside = b.page.get_by_role("button", name="Mark outside")
    outside.click()
    b.drag((0.3, 0.15), (0.7, 0.15))
    expect(b.live).to_have_text("Now mark something that belongs to it.")
    outside.click()
    b.drag((0.45, 0.5), (0.55, 0.5))
    b.has(1)
    (first,) = b.stored()
    assert first["kind"] == "mask"
    expect(b.page.locator(".viewer-paint:visible")).to_have_count(1)
    b.page.get_by_role("button", name="Watershed").click()
    b.drag((0.45, 0.8), (0.55, 0.8))
    b.becomes("another mask", lambda now: now[0]["counts"] != first["counts"] and now[0]["id"] == first["id"])
    b.page.get_by_role("button", name="New mask").click()
    expect(b.page.locator(".viewer-paint:visible")).to_have_count(0)
    outside.press("Enter")
    b.press("Enter", "Shift+ArrowUp", "Enter", "ArrowRight", "ArrowRight", "ArrowRight", "Enter")
    expect(b.live).to_have_text("Now mark something that belongs to it.")
    outside.press("Enter")
    b.press("Shift+ArrowDown", "Enter", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Enter")
    b.has(2)
    b.press("Control+z")
    b.has(1)
