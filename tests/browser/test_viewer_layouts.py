"""Images side by side: layouts, which series is where, and scrolling together."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case, wait_for
from tests.builders import pictures

SPACE = "1.2.840.99999.1"


@pytest.fixture(scope="module")
def pair(api: Api) -> str:
    """Address of a case of two stacks of one patient: eight slices, and a prior of every second one."""
    case = make_case(api, "Two stacks side by side", images=0, publish=False)
    series = f"1.2.3.{case['id']}"
    thin = {f"a{n}.dcm": pictures.ct(n, series=f"{series}.1", FrameOfReferenceUID=SPACE) for n in range(1, 9)}
    thick = {
        f"b{n}.dcm": pictures.ct(
            n + 20, z=2.0 * n, series=f"{series}.2", study="1.2.4", FrameOfReferenceUID=SPACE
        )
        for n in range(1, 5)
    }
    client = api("instructor")
    sent = client.post(
        f"/api/cases/{case['id']}/uploads/", files={"file": ("file", pictures.archive({**thin, **thick}))}
    )
    assert sent.is_success, sent.text
    upload = sent.json()["id"]
    wait_for(lambda: client.get(f"/api/uploads/{upload}/").json()["state"] == "accepted", "cleaned")
    assert client.post(f"/api/cases/{case['id']}/publish/").is_success
    return f"/cases/{case['id']}/"


def counter(pane: Locator) -> Locator:
    return pane.locator(".viewer-corner.is-top-right")


def divide(page: Page, name: str, panes: int) -> Locator:
    """Choose a layout in its sheet; returns the image areas."""
    page.get_by_role("button", name="Divide the window").click()
    page.locator(".viewer-sheet").get_by_role("button", name=name, exact=True).click()
    areas = page.locator(".viewer-main")
    expect(areas).to_have_count(panes)
    expect(areas.locator(".viewer-stage")).to_have_count(panes)
    return areas


def press(pane: Locator, *keys: str) -> None:
    pane.locator(".viewer-stage").focus()
    for key in keys:
        pane.page.keyboard.press(key)


def test_two_stacks_scroll_together(visit: Visit, pair: str) -> None:
    page = visit("instructor", pair)
    Screen(page).shows(5, 8)
    areas = divide(page, "Two images", 2)
    first, second = areas.nth(0), areas.nth(1)
    # The other study lies beside it, at the same place of the patient: slice 5 at 5 mm is next to 4 or 6 mm.
    expect(counter(second)).to_contain_text(re.compile("[23] / 4"))
    press(first, "End")
    expect(counter(second)).to_contain_text("4 / 4")
    press(second, "Home")
    expect(counter(first)).to_contain_text("2 / 8")
    expect(second).to_have_class(re.compile("is-active"))
    press(second, "Shift+K")
    expect(second.locator(".viewer-live")).to_have_text("Scroll together: off")
    press(second, "End")
    expect(counter(second)).to_contain_text("4 / 4")
    expect(counter(first)).to_contain_text("2 / 8")
    # The choice is remembered with the layout.
    page.reload()
    expect(page.locator(".viewer-stage")).to_have_count(2)
    page.get_by_role("button", name="Divide the window").click()
    link = page.locator(".viewer-sheet").get_by_role("button", name="Scroll together")
    expect(link).to_have_attribute("aria-pressed", "false")
    link.click()
    page.keyboard.press("Escape")
    divide(page, "One image", 1)


def test_the_active_image_has_the_tools(visit: Visit, pair: str) -> None:
    """Each viewer saves to its own series, and one of the same series only shows what the other one saves."""
    page = visit("instructor", pair)
    Screen(page)
    areas = divide(page, "Four images", 4)
    first, second, third = areas.nth(0), areas.nth(1), areas.nth(2)
    press(second, "p")
    stage = second.locator(".viewer-stage")
    stage.click(position={"x": 60, "y": 60})
    rows = page.locator(".viewer-row.is-mine")
    expect(rows).to_have_count(1)
    expect(page.locator(".viewer-save")).to_have_text("Saved")
    press(first)
    expect(first).to_have_class(re.compile("is-active"))
    expect(rows).to_have_count(0)
    expect(page.get_by_role("button", name="Point", exact=True)).to_have_attribute("aria-pressed", "true")
    # A third one repeats a series: it may be looked at, and shows what the first one saves.
    first.locator(".viewer-stage").click(position={"x": 50, "y": 50})
    expect(rows).to_have_count(1)
    expect(page.locator(".viewer-save")).to_have_text("Saved")
    press(third)
    expect(page.get_by_role("button", name="Point", exact=True)).to_have_count(0)
    expect(rows).to_have_count(1)
    divide(page, "One image", 1)


def test_another_series_by_list_and_by_drag(visit: Visit, pair: str) -> None:
    page = visit("student", pair)
    Screen(page)
    areas = divide(page, "Two images", 2)
    second = areas.nth(1)
    choice = second.get_by_label("Image area 2 of 2: Series")
    choice.select_option(areas.nth(0).get_by_label("Image area 1 of 2: Series").input_value())
    expect(counter(second)).to_contain_text("/ 8")
    other = page.locator(".series-strip .thumb:not([aria-current])")
    other.drag_to(second.locator(".viewer-stage"))
    expect(counter(second)).to_contain_text("/ 4")
    divide(page, "One image", 1)


def test_layouts_by_keys_alone(visit: Visit, pair: str) -> None:
    page = visit("student", pair)
    Screen(page).press("Shift+L")
    areas = page.locator(".viewer-main")
    expect(areas.locator(".viewer-stage")).to_have_count(2)
    page.keyboard.press("q")
    expect(areas.nth(1).locator(".viewer-stage")).to_be_focused()
    page.keyboard.press("Shift+Q")
    expect(areas.nth(0).locator(".viewer-stage")).to_be_focused()
    page.keyboard.press("Shift+L")
    expect(areas.locator(".viewer-stage")).to_have_count(4)
    page.keyboard.press("Shift+L")
    expect(areas).to_have_count(1)


def test_a_remembered_layout_does_not_double_a_single_series(visit: Visit, api: Api) -> None:
    case = make_case(api, "Alone", images=2)
    page = visit("student", "/collections/")
    page.evaluate("""() => localStorage.setItem("medweb:viewer-layout", '{"layout": "2x2"}')""")
    with page.expect_response(f"**/api/cases/{case['id']}/series/"):
        page.goto(f"/cases/{case['id']}/")
    expect(page.locator(".viewer-main")).to_have_count(1)
    page.locator(".viewer-stage").focus()
    page.keyboard.press("Shift+L")
    expect(page.locator(".viewer-stage")).to_have_count(2)


def test_a_telephone_shows_one_image(visit: Visit, pair: str) -> None:
    page = visit("student", pair, width=390, height=844, touch=True)
    Screen(page)
    expect(page.get_by_role("button", name="Divide the window")).to_be_hidden()
    page.locator(".viewer-stage").focus()
    page.keyboard.press("Shift+L")
    expect(page.locator(".viewer-main")).to_have_count(1)


def test_a_second_image_lies_over_the_first(visit: Visit, pair: str) -> None:
    page = visit("student", pair)
    screen = Screen(page)
    screen.press("Shift+F")
    expect(page.locator(".viewer-live")).to_have_text("No second image is chosen.")
    page.get_by_role("button", name="Window and colours").click()
    page.locator(".viewer-sheet").get_by_role("button", name="Second image over this one").click()
    picture = """() => {
      const canvas = document.querySelector(".viewer-canvas");
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let coloured = 0;
      for (let i = 0; i < data.length; i += 4) coloured += Math.abs(data[i] - data[i + 2]) > 8;
      return coloured;
    }"""
    assert page.evaluate(picture) == 0
    page.get_by_label("Second image", exact=True).select_option(index=1)
    wait_for(lambda: page.evaluate(picture) > 1000, "hot iron lies over grey")
    bar = page.locator(".viewer-color-bar.is-second")
    expect(bar).to_have_attribute("aria-label", re.compile("Colours: Hot iron"))
    page.get_by_label("Opacity", exact=True).fill("0")
    wait_for(lambda: page.evaluate(picture) == 0, "nothing is left of it")
    page.get_by_label("Opacity", exact=True).fill("80")
    wait_for(lambda: page.evaluate(picture) > 1000, "it is back")
    page.keyboard.press("Escape")
    screen.press("Shift+F")
    expect(bar).to_be_hidden()
    wait_for(lambda: page.evaluate(picture) == 0, "it is hidden")
