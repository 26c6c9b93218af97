"""A whole slide on the screen: from the upload to the finest tile, by mouse, keys and finger."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import axe
from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case, wait_for
from tests.browser.test_every_page import COLOURS_SETTLED, overflow
from tests.pure.imaging import slide_files

TILE = re.compile(r"/slides/\d+/[0-9a-f]{16}/(\d+)/\d+_\d+\.jpg")


@pytest.fixture(scope="module")
def slide(api: Api) -> dict[str, Any]:
    """A published case with a slide of three levels, cleaned by the worker: ids and address of its page."""
    case = make_case(api, "A section", images=0, publish=False)
    client = api("instructor")
    data = slide_files.dicom([slide_files.tissue(1600, 1100)], tile=(512, 512), series=f"1.2.9.{case['id']}")
    sent = client.post(f"/api/cases/{case['id']}/uploads/", files={"file": ("file", data)})
    assert sent.is_success, sent.text
    wait_for(
        lambda: client.get(f"/api/uploads/{sent.json()['id']}/").json()["state"] == "accepted", "cleaned"
    )
    assert client.post(f"/api/cases/{case['id']}/publish/").is_success
    series = client.get(f"/api/cases/{case['id']}/series/").json()["results"][0]["id"]
    found = client.get(f"/api/series/{series}/").json()["slides"][0]
    return {"case": case["id"], "id": found, "path": f"/cases/{case['id']}/slides/{found}/"}


def opened(page: Page) -> None:
    expect(page.locator(".slide[data-state=open]")).to_be_visible()
    expect(page.locator(".slide-scale")).to_be_visible()


def scale(page: Page) -> str:
    return page.locator(".slide-scale").get_attribute("aria-label") or ""


def test_from_the_case_to_the_finest_tile(visit: Visit, slide: dict[str, Any]) -> None:
    page = visit("student", f"/cases/{slide['case']}/")
    fetched: set[int] = set()

    def note(address: str) -> None:
        if found := TILE.search(address):
            fetched.add(int(found[1]))

    page.on("request", lambda request: note(request.url))
    page.get_by_role("link", name="Open the whole slide").click()
    opened(page)
    expect(page.get_by_text("1600 × 1100 pixels")).to_be_visible()
    before = scale(page)
    assert re.search(r"Scale: \d+ [µm]m, Magnification", before)
    page.get_by_role("button", name="One to one").click()
    page.wait_for_function(
        "(before) => document.querySelector('.slide-scale').ariaLabel !== before", arg=before
    )
    page.wait_for_load_state("networkidle")
    assert {0, 2} <= fetched
    assert "Magnification 20 times" in scale(page)
    page.get_by_role("button", name="Show the whole slide").click()
    page.wait_for_function(
        "(before) => document.querySelector('.slide-scale').ariaLabel === before", arg=before
    )
    page.get_by_role("link", name="Back to the case").click()
    expect(page.get_by_role("link", name="Open the whole slide")).to_be_visible()


def test_keys_wheel_and_dragging(visit: Visit, slide: dict[str, Any]) -> None:
    page = visit("student", slide["path"])
    opened(page)
    canvas = page.get_by_role("application", name="Whole slide.").first
    canvas.focus()
    whole = scale(page)
    for _ in range(3):
        page.keyboard.press("+")
    page.wait_for_function(
        "(before) => document.querySelector('.slide-scale').ariaLabel !== before", arg=whole
    )
    region = page.locator(".slide .displayregion")
    place = region.bounding_box()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "(x) => document.querySelector('.slide .displayregion').getBoundingClientRect().x > x + 1",
        arg=place and place["x"],
    )
    page.keyboard.press("0")
    page.wait_for_function(
        "(before) => document.querySelector('.slide-scale').ariaLabel === before", arg=whole
    )
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -600)
    page.wait_for_function(
        "(before) => document.querySelector('.slide-scale').ariaLabel !== before", arg=whole
    )
    place = region.bounding_box()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - 150, box["y"] + box["height"] / 2 - 60, steps=5)
    page.mouse.up()
    page.wait_for_function(
        "(x) => document.querySelector('.slide .displayregion').getBoundingClientRect().x > x + 1",
        arg=place and place["x"],
    )


def test_overview_and_full_screen(visit: Visit, slide: dict[str, Any]) -> None:
    page = visit("student", slide["path"])
    opened(page)
    overview = page.get_by_role("button", name="Overview")
    expect(overview).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".slide .navigator")).to_be_visible()
    overview.click()
    expect(page.locator(".slide .navigator")).to_be_hidden()
    page.get_by_role("button", name="Full screen").click()
    leave = page.get_by_role("button", name="Leave full screen")
    expect(leave).to_be_visible()
    leave.click()
    expect(page.get_by_role("button", name="Full screen")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible_and_within_its_width(visit: Visit, slide: dict[str, Any], theme: str) -> None:
    script = axe.source()
    page = visit("student", theme=theme)
    page.context.add_init_script(script)
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(slide["path"])
        opened(page)
        page.evaluate(COLOURS_SETTLED)
        assert axe.violations(page) == []
        assert overflow(page) == []


def test_what_fails_says_so_and_can_be_tried_again(visit: Visit, slide: dict[str, Any]) -> None:
    page = visit("student", "/", expected=(r"status of 5\d\d", "ERR_FAILED", r"tile", r"Image load"))
    broken = {"description": True, "tiles": True}

    def description(route: Route) -> None:
        if broken["description"]:
            route.fulfill(
                status=500, json={"detail": "The disk is gone."}, content_type="application/problem+json"
            )
        else:
            route.continue_()

    def tiles(route: Route) -> None:
        if broken["tiles"]:
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/api/slides/*/", description)
    page.route(TILE, tiles)
    page.goto(slide["path"])
    expect(page.get_by_text("The slide could not be loaded: The disk is gone.")).to_be_visible()
    broken["description"] = False
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Some parts could not be loaded.")).to_be_visible()
    broken["tiles"] = False
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Some parts could not be loaded.")).to_be_hidden()
    opened(page)
