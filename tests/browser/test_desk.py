"""The de-identification desk, with mouse, finger and keyboard."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe
from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case, wait_for
from tests.support import LiveApp

SETTLED = "Promise.allSettled(document.getAnimations().map((one) => one.finished))"
Hold = Callable[[str], tuple[int, int]]


@pytest.fixture
def hold(app: LiveApp, api: Api) -> Hold:
    """``hold("title")``: keys of a new case and of a held series of three pages in it."""

    def make(title: str) -> tuple[int, int]:
        case = make_case(api, title, publish=False)
        printed = app.python(
            "from cases.models import Case; from tests.builders.held import held;"
            f"print(held(Case.objects.get(pk={case['id']}), pages=3).pk)"
        )
        return case["id"], int(printed.split()[-1])

    return make


def opened(page: Page) -> Locator:
    """Boxes on the picture, once it is drawn."""
    expect(page.locator(".desk-wait")).to_be_hidden()
    return page.locator(".desk-box")


def area(box: Locator) -> dict[str, float]:
    """Place of a box in pixels of the picture."""
    names = ("x", "y", "width", "height")
    found = box.locator(".desk-box__area")
    return {name: float(found.get_attribute(name) or 0) for name in names}


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With the mouse, in shares of the picture."""
    box = page.locator(".desk-canvas").bounding_box()
    assert box is not None
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=4)
    page.mouse.up()


def saved(page: Page) -> None:
    expect(page.locator("[data-desk-saved]")).to_have_text("Saved")


def test_boxes_by_mouse_undone_and_burned(visit: Visit, hold: Hold, api: Api) -> None:
    case, series = hold("Mouse at the desk")
    # The queue may ask for a thumbnail of what has just been cleared.
    page = visit("instructor", f"/cases/{case}/", expected=("404",))
    page.get_by_role("link", name="Review CT").click()
    boxes = opened(page)
    expect(boxes).to_have_count(1)
    drag(page, (0.5, 0.6), (0.8, 0.8))
    expect(boxes).to_have_count(2)
    drawn = area(boxes.nth(1))
    drag(page, (0.65, 0.7), (0.55, 0.7))
    saved(page)
    assert area(page.locator(".desk-box.is-chosen"))["x"] < drawn["x"]
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect(boxes).to_have_count(1)
    page.get_by_role("button", name="Redo").click()
    expect(boxes).to_have_count(2)
    # What was drawn here is on this image alone until it is put on all.
    page.get_by_role("button", name="Next image").click()
    expect(boxes).to_have_count(1)
    page.get_by_role("button", name="All boxes on all images").click()
    expect(boxes).to_have_count(2)
    saved(page)
    page.get_by_role("button", name="Black out and approve").click()
    client = api("instructor")
    wait_for(lambda: client.get(f"/api/series/{series}/").status_code == 200, what="the series is cleared")
    page.goto(f"/cases/{case}/")
    expect(page.locator(".viewer-canvas")).to_be_visible()


def test_boxes_by_keyboard(visit: Visit, hold: Hold) -> None:
    _case, series = hold("Keys at the desk")
    page = visit("instructor", f"/desk/{series}/")
    boxes = opened(page)
    expect(boxes).to_have_count(1)
    page.locator(".desk-stage").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".desk-box.is-chosen")).to_be_focused()
    before = area(boxes.first)
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)
    after = area(boxes.first)
    assert (after["x"], after["y"]) == (before["x"] + 1, before["y"] + 1)
    assert after["width"] == before["width"] + 1
    expect(boxes.first).to_be_focused()
    page.keyboard.press("Delete")
    expect(boxes).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(boxes).to_have_count(1)
    page.get_by_role("button", name="Nothing to hide").click()
    expect(page.get_by_role("button", name="Approve: pixels are clean")).to_be_enabled()
    saved(page)
    page.reload()
    expect(opened(page)).to_have_count(0)
    page.get_by_role("button", name="Refuse the series").click()
    page.locator("#confirm-dialog").get_by_role("button", name="Refuse and delete").click()
    expect(page.get_by_text("its images are deleted")).to_be_visible()


def test_boxes_by_finger(visit: Visit, hold: Hold) -> None:
    _case, series = hold("Finger at the desk")
    page = visit("instructor", f"/desk/{series}/", width=390, height=844, touch=True)
    boxes = opened(page)
    expect(boxes).to_have_count(1)
    page.locator(".desk-stage").scroll_into_view_if_needed()
    box = page.locator(".desk-canvas").bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    start = {"x": box["x"] + 0.4 * box["width"], "y": box["y"] + 0.5 * box["height"]}
    end = {"x": box["x"] + 0.8 * box["width"], "y": box["y"] + 0.9 * box["height"]}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [start]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [end]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(boxes).to_have_count(2)
    saved(page)


def test_somebody_else_changed_it(visit: Visit, hold: Hold, api: Api) -> None:
    _case, series = hold("Two at the desk")
    page = visit("instructor", f"/desk/{series}/", expected=("409",))
    expect(opened(page)).to_have_count(1)
    sent = {"revision": 0, "boxes": []}
    assert api("admin").put(f"/api/desk/{series}/", json=sent).status_code == 200
    page.get_by_role("button", name="Add a box").click()
    expect(page.get_by_text("Somebody changed this series")).to_be_visible()
    expect(page.get_by_role("button", name="Black out and approve")).to_be_disabled()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_the_desk_is_accessible(visit: Visit, hold: Hold, width: int, theme: str) -> None:
    _case, series = hold("Looked at")
    script = axe.source()
    for path in ("/desk/", f"/desk/{series}/"):
        page = visit("instructor", path, width=width, theme=theme)
        if path != "/desk/":
            opened(page).first.click()
        page.evaluate(SETTLED)
        page.evaluate(script)
        assert axe.violations(page) == []
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, json.dumps({path: overflow})
