"""Labels from coded terms: found while typing, chosen by keys; and those that an author sets."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case
from tests.support import LiveApp

TERM = """from cases.models import Term
Term.objects.get_or_create(system="radlex", code="RID99001", defaults={"display": "Browser opacity"})"""


def test_a_coded_term_is_found_and_chosen_by_keys(app: LiveApp, visit: Visit, api: Api) -> None:
    app.python(TERM)
    case = make_case(api, "Coded labels")
    page = visit("student", f"/cases/{case['id']}/")
    screen = Screen(page)
    field = page.get_by_label("Another label")
    field.focus()
    expect(field).to_have_attribute("role", "combobox")
    field.press_sequentially("browser o")
    option = page.get_by_role("option", name="Browser opacity RadLex RID99001")
    expect(option).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(option).to_be_hidden()
    expect(page.locator("p.viewer-code")).to_have_text("RadLex RID99001")
    screen.tool("Box")
    screen.drag((0.4, 0.3), (0.6, 0.5))
    screen.has(1)
    series = case["series"][0]
    (layer,) = api("student").get(f"/api/annotations/?series={series}").json()["results"]
    assert layer["shapes"][0]["label"] == "Browser opacity"
    assert layer["shapes"][0]["code"] == "radlex:RID99001"
    # Own words stay possible, and have no code.
    screen.tool("Select and edit")
    screen.click(0.4, 0.4)
    screen.label("just words")
    expect(page.locator("p.viewer-code")).to_have_text("")
    screen.has(1)


def test_an_author_sets_the_labels_that_stand_first(visit: Visit, api: Api) -> None:
    case = make_case(api, "Labels of its own")
    page = visit("instructor", f"/cases/{case['id']}/edit/")
    page.get_by_role("link", name="Labels for drawing on this case").click()
    page.get_by_label("Label of key 1", exact=True).fill("Air bronchogram")
    page.get_by_label("Colour of key 1", exact=True).fill("#ff0000")
    page.get_by_label("Label of key 2", exact=True).fill("Silhouette sign")
    page.get_by_role("button", name="Save the labels").click()
    expect(page.get_by_text("These labels stand first now.")).to_be_visible()
    student = visit("student", f"/cases/{case['id']}/", width=390, touch=True)
    Screen(student)
    chips = student.locator(".viewer-chip")
    expect(chips.nth(0)).to_contain_text("Air bronchogram")
    expect(chips.nth(1)).to_contain_text("Silhouette sign")
