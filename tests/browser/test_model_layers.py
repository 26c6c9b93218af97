"""What a model says about parts of an image, over the image."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case
from tests.support import LiveApp


def test_a_heat_map_is_laid_over_the_image_and_said_in_words(app: LiveApp, visit: Visit, api: Api) -> None:
    case = make_case(api, "A model leans on a corner", images=3)
    app.python(f"from tests.browser import seeds; seeds.make_overlay({case['id']})")
    page = visit("student", f"/cases/{case['id']}/")
    screen = Screen(page)
    models = page.get_by_role("region", name="What models say")
    toggle = models.get_by_role("button", name="Model: ")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    # By keys alone.
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    screen.shows(1, of=3)
    live = page.locator(".viewer-live")
    expect(live).to_contain_text("percentage points for “sick”")
    expect(models.get_by_role("img", name="−4.0 to +4.0 percentage points for “sick”")).to_be_visible()
    reading = page.locator(".viewer-model-reading")
    page.mouse.move(*screen.at(0.6, 0.5))
    expect(reading).to_have_text("+4.0 percentage points for “sick”")
    page.mouse.move(*screen.at(0.4, 0.5))
    expect(reading).to_have_text("−1.0 percentage points for “sick”")
    # On another image there is none, and a button leads back.
    screen.press("PageDown")
    screen.shows(2, of=3)
    page.mouse.move(*screen.at(0.6, 0.5))
    expect(reading).to_have_text("")
    models.get_by_role("button", name="Go to image 1").click()
    screen.shows(1, of=3)
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    page.mouse.move(*screen.at(0.6, 0.52))
    expect(reading).to_have_text("")


def test_the_analysis_leads_to_its_heat_map(app: LiveApp, visit: Visit, api: Api) -> None:
    case = make_case(api, "From the analysis to the image")
    app.python(f"from tests.browser import seeds; seeds.make_overlay({case['id']})")
    page = visit("student", f"/cases/{case['id']}/", width=390, touch=True)
    Screen(page)
    toggle = page.get_by_role("region", name="What models say").get_by_role("button", name="Model: ")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Show in the image what it leans on").click()
    expect(toggle).to_have_attribute("aria-pressed", "true")


def test_a_case_without_models_shows_no_empty_list(visit: Visit, api: Api) -> None:
    case = make_case(api, "No model here")
    page = visit("student", f"/cases/{case['id']}/")
    Screen(page)
    expect(page.locator(".viewer-models")).to_have_count(0)
