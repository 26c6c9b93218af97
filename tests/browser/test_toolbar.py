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
    """The instructor's has the most tools; what is wanted once in a while is in a sheet."""
    case = make_case(api, "One row of tools", images=3)
    page = visit("instructor")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"/cases/{case['id']}/")
    expect(page.locator(".viewer-toolbar")).to_be_visible()
    assert page.evaluate(ROWS) == 0
    zoom_in = page.get_by_role("button", name="Zoom in")
    expect(zoom_in).to_be_hidden()
    page.get_by_role("button", name="More about the view").click()
    expect(zoom_in).to_be_visible()
