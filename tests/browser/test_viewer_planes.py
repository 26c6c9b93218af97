"""Planes through a stack: from three sides, thick or thin, and a place found in all of them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case, wait_for
from tests.builders import pictures


@pytest.fixture(scope="module")
def stack(api: Api) -> str:
    """Address of a case of one stack of eight slices, 24 columns by 32 rows."""
    case = make_case(api, "A stack from three sides", images=0, publish=False)
    slices = {f"{n}.dcm": pictures.ct(n, series=f"1.2.3.{case['id']}.7") for n in range(1, 9)}
    client = api("instructor")
    sent = client.post(
        f"/api/cases/{case['id']}/uploads/", files={"file": ("file", pictures.archive(slices))}
    )
    assert sent.is_success, sent.text
    upload = sent.json()["id"]
    wait_for(lambda: client.get(f"/api/uploads/{upload}/").json()["state"] == "accepted", "cleaned")
    assert client.post(f"/api/cases/{case['id']}/publish/").is_success
    return f"/cases/{case['id']}/"


def place(page: Page, pane: int, count: int) -> int:
    """Number of the image that a pane shows, of ``count``."""
    corner = page.locator(".viewer-main").nth(pane).locator(".viewer-corner.is-top-right")
    expect(corner).to_have_text(re.compile(rf"^\d+ / {count}\b"))
    return int((corner.text_content() or "").partition(" ")[0])


def test_three_planes_by_keyboard_and_a_place_in_all_of_them(visit: Visit, stack: str) -> None:
    page = visit("student", stack)
    page.locator(".viewer-stage").focus()
    page.keyboard.press("Shift+P")
    panes = page.locator(".viewer-main")
    expect(panes).to_have_count(4)
    expect(panes.locator(".viewer-stage")).to_have_count(4)
    assert place(page, 1, 32)
    assert place(page, 2, 24)
    page.keyboard.press("c")
    # The middle of the image, ten columns to the left, ten rows up.
    for key in ("Shift+ArrowLeft", "Shift+ArrowUp"):
        page.keyboard.press(key)
    # Column 2 and row 6 of the slice: the third sagittal and the seventh coronal image.
    expect(panes.nth(1).locator(".viewer-corner.is-top-right")).to_have_text(re.compile(r"^7 / 32"))
    expect(panes.nth(2).locator(".viewer-corner.is-top-right")).to_have_text(re.compile(r"^3 / 24"))
    expect(page.locator(".viewer-crosshair:not(.is-halo)")).to_have_count(4)


def test_scrolling_one_plane_leaves_those_that_cross_it(visit: Visit, stack: str) -> None:
    page = visit("student", stack)
    page.locator(".viewer-stage").focus()
    page.keyboard.press("Shift+P")
    expect(page.locator(".viewer-stage")).to_have_count(4)
    before = place(page, 1, 32), place(page, 2, 24), place(page, 3, 8)
    page.locator(".viewer-stage").first.focus()
    page.keyboard.press("End")
    expect(page.locator(".viewer-main").nth(3).locator(".viewer-corner.is-top-right")).to_have_text(
        re.compile(r"^8 / 8")
    )
    assert (place(page, 1, 32), place(page, 2, 24)) == before[:2]


def test_a_thick_slab_asks_the_server_for_it(visit: Visit, stack: str) -> None:
    page = visit("student", stack)
    page.locator(".viewer-stage").focus()
    page.keyboard.press("Shift+P")
    expect(page.locator(".viewer-stage")).to_have_count(4)
    plane = page.locator(".viewer-main").nth(1)
    with page.expect_response(re.compile(r"/coronal/\d+/pixels\?slab=5&by=mean")) as answered:
        plane.get_by_label(re.compile("Thickness")).select_option("5")
    assert answered.value.ok
    with page.expect_response(re.compile(r"/coronal/\d+/pixels\?slab=5&by=max")) as answered:
        plane.get_by_label(re.compile("Projection")).select_option("max")
    assert answered.value.ok
    expect(plane.locator(".viewer-corner.is-top-left")).to_have_text(re.compile("MIP 5 mm"))


def test_a_picture_without_depth_says_why(visit: Visit, api: Api) -> None:
    case = make_case(api, "One picture only")
    page = visit("student", f"/cases/{case['id']}/")
    page.locator(".viewer-stage").focus()
    page.keyboard.press("Shift+P")
    expect(page.locator(".viewer-live")).to_have_text(re.compile("fewer than three"))
    expect(page.locator(".viewer-main")).to_have_count(1)
