"""Without a mouse, and on a telephone."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case, wait_for

ZOOM = "() => Number(/(\\d+)%/.exec(document.querySelector('.viewer-corner.is-top-right').innerText)[1])"
PHONE = {"width": 390, "height": 844, "touch": True}


def focused(page: Page) -> str:
    """Words of what has the focus."""
    return str(
        page.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || "
            "document.activeElement.id || '').trim()"
        )
    )


def test_a_walk_by_keyboard(visit: Visit) -> None:
    page = visit("student")
    keyboard = page.keyboard
    keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    expect(page.locator(".skip-link")).to_be_in_viewport()
    keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    keyboard.press("Tab")
    expect(page.locator("#main :focus")).to_have_count(1)

    page.goto("/collections/")
    keyboard.press("/")
    expect(page.locator("#global-search")).to_be_focused()
    keyboard.type("pneumonia")
    keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=pneumonia"))
    cards = page.locator(".case-card__title a")
    expect(cards.first).to_be_visible()

    keyboard.press("?")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts).to_be_visible()
    keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()
    keyboard.press("j")
    expect(cards.first).to_be_focused()
    keyboard.press("Enter")
    expect(page.locator(".viewer-stage")).to_be_visible()
    keyboard.press("g")
    keyboard.press("c")
    expect(page.get_by_role("heading", name="Collections", level=1)).to_be_visible()


def test_every_stop_of_the_tab_key_is_seen(visit: Visit) -> None:
    page = visit("instructor")
    stops = []
    for _stop in range(40):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
              const box = document.activeElement.getBoundingClientRect();
              const style = getComputedStyle(document.activeElement);
              const ring = style.outlineStyle !== "none" || style.boxShadow !== "none";
              return {words: document.activeElement.innerText || document.activeElement.id,
                      there: box.width > 0 && box.height > 0, ring};
            }"""
        )
        stops.append(seen)
    assert all(stop["there"] for stop in stops), stops
    assert all(stop["ring"] for stop in stops[:20]), stops
    assert len({stop["words"] for stop in stops}) > 15


def test_the_library_on_a_telephone(visit: Visit) -> None:
    page = visit("student", **PHONE)
    navigation = page.locator("#navigation")
    menu = page.get_by_role("button", name="Menu", exact=True)
    expect(navigation.get_by_role("link", name="Collections")).not_to_be_in_viewport()
    menu.tap()
    expect(navigation.get_by_role("link", name="Collections")).to_be_in_viewport()
    expect(menu).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(menu).to_have_attribute("aria-expanded", "false")
    expect(menu).to_be_focused()

    filters = page.locator("summary", has_text="Filters")
    facet = page.locator(".facet__item", has_text="Ultrasound").first
    expect(facet).to_be_hidden()
    filters.tap()
    facet.tap()
    expect(page).to_have_url(re.compile(r"modality=US"))
    expect(page.locator(".case-card")).to_have_count(1)
    # The filters stay for another choice; their last button shows what was found.
    page.locator("#facets-close").tap()
    expect(page.locator("#facets-summary")).to_be_focused()
    expect(page.locator(".chip", has_text="Ultrasound")).to_be_visible()
    page.locator(".tabbar").get_by_role("link", name="Library").tap()
    expect(page.locator(".case-card").nth(1)).to_be_visible()


def test_reading_with_two_fingers(visit: Visit, api: Api) -> None:
    case = make_case(api, "For telephones", images=5)
    page = visit("student", f"/cases/{case['id']}/", **PHONE)
    screen = Screen(page)
    screen.stage.scroll_into_view_if_needed()
    screen.shows(3, 5)
    zoom = re.compile(r"(\d+)%")

    def percent() -> int:
        found = zoom.search(screen.counter.inner_text())
        assert found
        return int(found[1])

    before = percent()
    fingers = page.context.new_cdp_session(page)
    (left, y), (right, _y) = screen.at(0.45, 0.5), screen.at(0.55, 0.5)

    def touch(kind: str, *places: float) -> None:
        points = [{"x": x, "y": y, "id": number} for number, x in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", left)
    touch("touchStart", left, right)
    for step in range(1, 6):
        touch("touchMove", left - 12 * step, right + 12 * step)
    touch("touchEnd")
    # Not wait_for_function: it polls by eval, which the page's policy refuses.
    wait_for(lambda: page.evaluate(ZOOM) > 1.5 * before, "two fingers zoom")
    # A drag with one finger turns the pages, once that tool is chosen.
    screen.tool("Scroll through the images")
    x, top = screen.at(0.5, 0.3)
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": top}]})
    for step in range(1, 9):
        place = {"x": x, "y": top + 24 * step}
        fingers.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    screen.shows(5, 5)
