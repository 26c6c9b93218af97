"""Reading with fingers alone: window, zoom, scroll, cine, layouts and planes."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case, send, wait_for
from tests.builders import pictures

PHONE = {"width": 390, "height": 844, "touch": True}
TABLET = {"width": 1024, "height": 768, "touch": True}


@pytest.fixture(scope="module")
def stack(api: Api) -> str:
    """Address of a case of one stack of eight slices, 24 columns by 32 rows."""
    case = make_case(api, "A stack under the finger", images=0, publish=False)
    send(
        api,
        case["id"],
        {f"{n}.dcm": pictures.ct(n, series=f"1.2.3.{case['id']}.7") for n in range(1, 9)},
    )
    return f"/cases/{case['id']}/"


class Fingers:
    """Fingers on a page, in fractions of the image area."""

    def __init__(self, page: Page) -> None:
        self.screen = Screen(page)
        self.screen.stage.scroll_into_view_if_needed()
        self._device = page.context.new_cdp_session(page)

    def _send(self, kind: str, *places: tuple[float, float]) -> None:
        points: list[dict[str, Any]] = [
            {"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)
        ]
        self._device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def drag(self, *ways: tuple[tuple[float, float], tuple[float, float]], steps: int = 6) -> None:
        """Each way is that of one finger; all go at once."""
        ends = [(self.screen.at(*start), self.screen.at(*end)) for start, end in ways]
        for count in range(1, len(ends) + 1):
            self._send("touchStart", *(start for start, _end in ends[:count]))
        for step in range(1, steps + 1):
            part = step / steps
            self._send(
                "touchMove",
                *((a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part) for a, b in ends),
            )
        self._send("touchEnd")


def test_window_zoom_and_scroll_by_fingers(visit: Visit, stack: str) -> None:
    page = visit("instructor", stack, **PHONE)
    fingers = Fingers(page)
    screen = fingers.screen
    screen.shows(5, 8)
    before = screen.window_text()
    screen.tool("Window and level")
    fingers.drag(((0.4, 0.4), (0.7, 0.6)))
    wait_for(lambda: screen.window_text() != before, "a drag changes the window")
    percent = re.compile(r"(\d+)%")

    def zoom() -> int:
        found = percent.search(screen.counter.inner_text())
        return int(found[1]) if found else 0

    small = zoom()
    fingers.drag(((0.45, 0.5), (0.2, 0.5)), ((0.55, 0.5), (0.8, 0.5)))
    wait_for(lambda: zoom() > 1.5 * small, "two fingers zoom")
    screen.tool("Scroll through the images")
    fingers.drag(((0.5, 0.2), (0.5, 0.9)))
    screen.shows(8, 8)


def test_a_run_is_played_by_a_tap(visit: Visit, stack: str) -> None:
    page = visit("instructor", stack, **PHONE)
    screen = Screen(page)
    expect(screen.counter).not_to_contain_text("Loading")
    play = page.get_by_role("button", name="Play", exact=True)
    box = play.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    play.tap()
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    screen.shows(8, 8)
    stop.tap()
    expect(play).to_be_visible()


def test_layouts_by_taps_on_a_tablet(visit: Visit, stack: str) -> None:
    page = visit("instructor", stack, **TABLET)
    page.get_by_role("button", name="Divide the window").tap()
    page.locator(".viewer-sheet").get_by_role("button", name="Two images", exact=True).tap()
    areas = page.locator(".viewer-main")
    expect(areas.locator(".viewer-stage")).to_have_count(2)
    areas.nth(1).locator(".viewer-stage").tap()
    expect(areas.nth(1)).to_have_class(re.compile("is-active"))
    page.get_by_role("button", name="Divide the window").tap()
    page.locator(".viewer-sheet").get_by_role("button", name="One image", exact=True).tap()
    expect(areas).to_have_count(1)


def test_planes_come_one_by_one_on_a_telephone(visit: Visit, stack: str) -> None:
    page = visit("instructor", stack, **PHONE)
    Screen(page)
    page.get_by_role("button", name="More about the view").tap()
    page.locator(".viewer-sheet").get_by_role("button", name="Three planes").tap()
    switch = page.get_by_role("group", name="Three planes")
    counter = page.locator(".viewer-corner.is-top-right")
    expect(switch.get_by_role("button", name="Axial")).to_have_attribute("aria-pressed", "true")
    expect(counter).to_have_text(re.compile(r"^\d / 8"))
    for one in switch.get_by_role("button").all():
        box = one.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= 390
    # A tap on the image sets the cross-hair; the next plane goes through it.
    stage = page.locator(".viewer-stage")
    stage.scroll_into_view_if_needed()
    cross = page.locator(".viewer-crosshair:not(.is-halo)")
    expect(cross).to_have_count(1)
    size = stage.bounding_box()
    assert size is not None
    stage.tap(position={"x": size["width"] / 2, "y": size["height"] / 2})
    switch.get_by_role("button", name="Coronal").tap()
    expect(counter).to_have_text(re.compile(r"^1[5678] / 32"))
    expect(switch.get_by_role("button", name="Coronal")).to_be_focused()
    switch.get_by_role("button", name="Sagittal").tap()
    expect(counter).to_have_text(re.compile(r"^1[1234] / 24"))
    expect(page.locator(".viewer-main")).to_have_count(1)
    switch.get_by_role("button", name="Stack").tap()
    expect(counter).to_have_text(re.compile(r"^\d / 8"))
    expect(page.get_by_role("button", name="Point", exact=True)).to_be_visible()
