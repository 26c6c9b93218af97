"""Looking at a picture: turning, mirroring, windows, colours, by mouse, keys and fingers."""

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case, wait_for
from tests.support import LiveApp

PHONE = {"width": 390, "height": 844, "touch": True}
LETTERS = """() => Object.fromEntries([...document.querySelectorAll(".viewer-letter")].map(
  (one) => [[...one.classList].find((name) => name.startsWith("is-")).slice(3), one.textContent]))"""


@pytest.fixture(scope="module")
def stack(app: LiveApp, api: Api) -> str:
    """Address of a case with a stack of eight CT slices."""
    return f"/cases/{make_case(api, 'A stack to look at', images=8)['id']}/"


def letters(page: Page) -> str:
    """The letters at the sides: top, right, bottom, left."""
    found = page.evaluate(LETTERS)
    return " ".join(found[side] for side in ("top", "right", "bottom", "left"))


def becomes(page: Page, expected: str) -> None:
    wait_for(lambda: letters(page) == expected, f"the letters are {expected}, not {letters(page)}")


def press_sheet(page: Page, sheet: str, name: str) -> None:
    """Open a sheet of the toolbar, press one line of it and leave."""
    page.get_by_role("button", name=sheet, exact=True).click()
    page.locator(".viewer-sheet").get_by_role("button", name=name).click()
    page.keyboard.press("Escape")


def test_turning_and_mirroring(visit: Visit, stack: str) -> None:
    page = visit("instructor", stack)
    screen = Screen(page)
    becomes(page, "A L P R")
    press_sheet(page, "More about the view", "Turn right")
    becomes(page, "R A L P")
    expect(screen.counter).to_contain_text("Turned by 90°")
    expect(page.locator(".viewer-live")).to_have_text("Turn right")
    screen.press(",", "Shift+H")
    becomes(page, "A R P L")
    expect(screen.counter).to_contain_text("Mirrored")
    screen.press("Shift+V")
    becomes(page, "P R A L")
    screen.press("Shift+V", "Shift+H")
    becomes(page, "A L P R")
    expect(screen.counter).not_to_contain_text("Mirrored")


def test_shapes_turn_with_the_image(visit: Visit, api: Api) -> None:
    """What is drawn on a turned image lies on the same pixels, and the arrows move it as the eye sees it."""
    case = make_case(api, "Drawn while turned", images=1)
    page = visit("instructor", f"/cases/{case['id']}/")
    screen = Screen(page)
    screen.press(".")
    screen.tool("Point")
    screen.click(0.5, 0.3)
    screen.has(1)
    series = api("instructor").get(f"/api/cases/{case['id']}/series/").json()["results"][0]["id"]

    def place() -> tuple[float, float]:
        found = api("instructor").get(f"/api/annotations/?series={series}").json()["results"]
        x, y = found[0]["shapes"][0]["points"][0]
        return x, y

    frame = api("instructor").get(f"/api/series/{series}/").json()["frames"][0]
    x, y = place()
    # Above the middle of the screen is left in the image: turned right, its left side is on top.
    assert x < 0.45 * frame["columns"]
    assert y == pytest.approx(frame["rows"] / 2, abs=1.5)
    screen.tool("Select and edit")
    screen.click(0.5, 0.3)
    screen.press("ArrowRight")
    expect(screen.saved).to_have_text("Saved")
    wait_for(lambda: place() != (x, y), "the shape is moved and saved")
    moved = place()
    assert (round(moved[0] - x, 3), round(moved[1] - y, 3)) == (0, -1), json.dumps([moved, (x, y)])


def test_turning_by_finger(visit: Visit, stack: str) -> None:
    page = visit("student", stack, **PHONE)
    Screen(page)
    page.get_by_role("button", name="More about the view").tap()
    item = page.locator(".viewer-sheet").get_by_role("button", name="Turn left")
    box = item.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert 0 <= box["x"] <= 390 - box["width"]
    item.tap()
    becomes(page, "L P R A")


def test_windows_from_a_part_and_from_percentiles(visit: Visit, stack: str) -> None:
    page = visit("instructor", stack)
    screen = Screen(page)
    expect(screen.counter).not_to_contain_text("Loading")
    seen = {screen.window_text()}

    def another() -> None:
        wait_for(lambda: screen.window_text() not in seen, f"a window other than {seen}")
        seen.add(screen.window_text())

    press_sheet(page, "Window and colours", "Window from a box")
    screen.drag((0.5, 0.5), (0.55, 0.54))
    another()
    expect(page.locator(".viewer-live")).to_contain_text("Custom, width")
    page.get_by_label("Preset").select_option("5 to 95 percent")
    another()
    screen.press("[")
    expect(page.locator(".viewer-live")).to_contain_text("Automatic, width")
    # A selected shape is a part, too.
    screen.tool("Ellipse")
    screen.drag((0.3, 0.3), (0.34, 0.35))
    screen.press("Shift+A")
    another()


def test_colours_and_what_they_mean(visit: Visit, stack: str) -> None:
    page = visit("student", stack)
    screen = Screen(page)
    bar = page.locator(".viewer-color-bar")
    expect(bar).to_be_hidden()
    screen.press("Shift+C")
    expect(page.locator(".viewer-live")).to_have_text("Hot iron")
    expect(bar).to_be_visible()
    expect(bar).to_have_attribute("aria-label", re.compile(r"Colours: Hot iron, -?\d+ – -?\d+ HU"))
    press_sheet(page, "Window and colours", "PET, 20 steps")
    expect(bar).to_have_attribute("aria-label", re.compile("PET, 20 steps"))
    press_sheet(page, "Window and colours", "Grey levels")
    expect(bar).to_be_hidden()


def test_the_magnifier_by_mouse_and_by_keys(visit: Visit, stack: str) -> None:
    page = visit("student", stack)
    screen = Screen(page)
    glass = page.locator(".viewer-loupe")
    page.get_by_role("button", name="More about the view").click()
    page.locator(".viewer-sheet").get_by_role("button", name="Magnifier").click()
    page.mouse.move(*screen.at(0.5, 0.5))
    page.mouse.down()
    expect(glass).to_be_visible()
    first = glass.bounding_box()
    page.mouse.move(*screen.at(0.6, 0.5))
    wait_for(lambda: glass.bounding_box() != first, "the glass follows the pointer")
    page.mouse.up()
    expect(glass).to_be_hidden()
    screen.press("m")
    expect(glass).to_be_visible()
    first = glass.bounding_box()
    screen.press("Shift+ArrowRight")
    wait_for(lambda: glass.bounding_box() != first, "the arrows move the glass")
    screen.press("Escape")
    expect(glass).to_be_hidden()


def test_a_finger_does_not_hide_what_it_magnifies(visit: Visit, stack: str) -> None:
    page = visit("student", stack, **PHONE)
    screen = Screen(page)
    page.get_by_role("button", name="More about the view").tap()
    page.locator(".viewer-sheet").get_by_role("button", name="Magnifier").tap()
    screen.stage.scroll_into_view_if_needed()
    fingers = page.context.new_cdp_session(page)
    x, y = screen.at(0.5, 0.9)
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    glass = page.locator(".viewer-loupe")
    expect(glass).to_be_visible()
    box = glass.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < y
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(glass).to_be_hidden()


def test_a_stack_plays(visit: Visit, stack: str) -> None:
    page = visit("student", stack)
    screen = Screen(page)
    expect(screen.counter).not_to_contain_text("Loading")
    screen.shows(5, 8)
    said = page.locator(".viewer-live")
    screen.press("Space")
    expect(said).to_have_text("Playing, 5 images per second")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    # Round and round: after the last image comes the first.
    screen.shows(8, 8)
    screen.shows(1, 8)
    # Whoever turns the page, stops it.
    page.mouse.move(*screen.at(0.5, 0.5))
    page.mouse.wheel(0, 240)
    expect(said).to_have_text(re.compile(r"Image \d of 8"))
    play = page.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_visible()
    page.get_by_role("button", name="Speed and range").click()
    for name, value in (("Images per second", "20"), ("From image", "3"), ("To image", "4")):
        page.get_by_label(name, exact=True).fill(value)
        page.get_by_label(name, exact=True).press("Enter")
    page.get_by_role("button", name="There and back").click()
    page.keyboard.press("Escape")
    seen = "() => document.querySelector('.viewer-corner.is-top-right').innerText.split(' / ')[0]"
    play.click()
    expect(said).to_have_text("Playing, 20 images per second")
    wait_for(lambda: page.evaluate(seen) == "3", "the range begins at image 3")
    assert {page.evaluate(seen) for _look in range(30)} <= {"3", "4"}
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(said).to_have_text(re.compile(r"Image [34] of 8"))


def test_scrolling_is_told(visit: Visit, stack: str) -> None:
    page = visit("student", stack)
    screen = Screen(page)
    screen.press("Home")
    expect(page.locator(".viewer-live")).to_have_text("Image 1 of 8")
    screen.press("PageDown", "PageDown")
    expect(page.locator(".viewer-live")).to_have_text("Image 3 of 8")


def test_what_the_first_image_needs_is_asked_for_early_and_once(visit: Visit, stack: str) -> None:
    """While its scripts are on their way the page asks for series, layers and pixels; nobody asks again."""
    page = visit("student", "/")
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(urlsplit(request.url)._replace(scheme="", netloc="").geturl())
    )
    page.goto(stack)
    Screen(page).shows(5, 8)
    expect(page.locator(".viewer [aria-busy]")).to_have_count(0)
    early = page.locator('meta[name="viewer-early"]').evaluate_all("(all) => all.map((one) => one.content)")
    assert len(early) == 3
    assert [asked.count(url) for url in early] == [1, 1, 1]
    last = max(asked.index(url) for url in early)
    assert last < next(at for at, url in enumerate(asked) if url.endswith("/pixels") and url not in early)


SEEN = """(canvas) => {
  const small = document.createElement("canvas");
  small.width = small.height = 8;
  const context = small.getContext("2d");
  context.drawImage(canvas, 0, 0, 8, 8);
  return Array.from(context.getImageData(0, 0, 8, 8).data);
}"""


def test_the_first_image_does_not_wait_for_the_tools(visit: Visit, stack: str) -> None:
    """It is painted in full depth where and as the viewer paints it, before any of its tools is there."""
    page = visit("student", "/")
    held: list[Route] = []
    page.route("**/viewer/workspace.js", lambda route: held.append(route))
    page.goto(stack, wait_until="commit")
    first = page.locator("canvas[data-first]")
    # As wide as the page has it, no longer as it came: it has been painted.
    wait_for(lambda: first.evaluate("(canvas) => canvas.width === canvas.clientWidth"), "the first image")
    before, place = first.evaluate(SEEN), first.bounding_box()
    expect(page.locator(".viewer-toolbar")).to_have_count(0)
    assert len(set(before)) > 2
    wait_for(lambda: bool(held), "the viewer is asked for")
    for route in held:
        route.continue_()
    Screen(page).shows(5, 8)
    expect(first).to_have_count(0)
    stage = page.locator(".viewer-canvas")
    assert stage.bounding_box() == place
    wait_for(lambda: stage.evaluate(SEEN) == before, "the viewer paints the same image")
