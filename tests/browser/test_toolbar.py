"""The tools above a picture stay in one row on a usual screen."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case

# Zero for one row: how far the lowest group lies below the highest.
ROWS = """() => {
  const tops = [...document.querySelectorAll(".viewer-toolbar > *")].map((group) => group.offsetTop);
  return Math.max(...tops) - Math.min(...tops);
}"""


def test_tools_fit_into_one_row(visit: Visit, api: Api) -> None:
    """The instructor's has the most tools; the wheel and the keys zoom where the buttons give way."""
    case = make_case(api, "One row of tools", images=3)
    page = visit("instructor")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"/cases/{case['id']}/")
    zoom_in = page.get_by_role("button", name="Zoom in")
    expect(page.locator(".viewer-toolbar")).to_be_visible()
    page.wait_for_function(f"() => ({ROWS})() === 0")
    expect(zoom_in).to_be_hidden()
    page.set_viewport_size({"width": 1900, "height": 900})
    expect(zoom_in).to_be_visible()
    assert page.evaluate(ROWS) == 0
