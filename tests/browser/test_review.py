"""Review: a pin on the image, a layer that goes back and comes again, its shapes in the reference."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case, wait_for
from tests.builders import rows

PHONE = {"width": 390, "height": 844, "touch": True}


@pytest.fixture
def handed_in(api: Api) -> Any:
    """``handed_in()``: a case of three slices and the layer of a student on the second one."""

    def make() -> tuple[dict[str, Any], dict[str, Any]]:
        case = make_case(api, "A case to review", images=3)
        client = api("student")
        shapes = [rows.shape("box", frame=1), rows.shape("polygon", frame=1, label="cyst")]
        body = {"series": case["series"][0], "shapes": shapes}
        layer = client.post("/api/annotations/", json=body).json()
        sent = client.post(f"/api/annotations/{layer['id']}/submit/", json={"revision": 1})
        assert sent.is_success, sent.text
        return case, sent.json()

    return make


def status_of(api: Api, layer: dict[str, Any]) -> str:
    return str(api("student").get(f"/api/annotations/{layer['id']}/").json()["status"])


def said(api: Api, layer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        api("student").get("/api/comments/", params={"annotation": layer["id"]}).json()["results"]
    )
    return found


def review_of(page: Page) -> Any:
    return page.locator(".viewer-review")


def test_a_reviewer_pins_a_comment_and_the_reader_answers(visit: Visit, api: Api, handed_in: Any) -> None:
    case, layer = handed_in()
    page = visit("instructor", f"/cases/{case['id']}/")
    screen = Screen(page)
    screen.press("Home", "PageDown")
    screen.shows(2, 3)
    review = review_of(page)
    review.get_by_role("button", name="Comment here").click()
    screen.click(0.4, 0.4)
    expect(page.locator(".viewer-pin.is-draft")).to_be_visible()
    review.get_by_label("What should be changed").fill("The border is too wide here.")
    review.get_by_role("button", name="Return", exact=True).click()
    wait_for(lambda: status_of(api, layer) == "returned", "returned")
    (comment,) = said(api, layer)
    assert comment["frame"] == 1
    assert comment["x"] > 0
    expect(
        page.locator(".viewer-pins").get_by_role("button", name="The border is too wide here.")
    ).to_be_visible()

    theirs = visit("student", f"/cases/{case['id']}/")
    reading = Screen(theirs)
    expect(reading.saved).to_have_text("Returned")
    reading.press("Home")
    reading.shows(1, 3)
    review_of(theirs).get_by_role("button", name="The border is too wide here.").first.click()
    reading.shows(2, 3)
    expect(theirs.locator(".viewer-pins").get_by_role("button", name="Comment 1")).to_be_visible()
    review_of(theirs).get_by_role("button", name="Answer to").click()
    review_of(theirs).get_by_label("What should be changed").fill("I see.")
    review_of(theirs).get_by_role("button", name="Send").click()
    wait_for(lambda: len(said(api, layer)) == 2, "answered")
    # Heard live, without a reload.
    expect(review.locator(".viewer-said", has_text="I see.")).to_be_visible()


def test_a_pin_by_keys_alone(visit: Visit, api: Api, handed_in: Any) -> None:
    case, layer = handed_in()
    page = visit("instructor", f"/cases/{case['id']}/")
    screen = Screen(page)
    screen.press("Home")
    screen.shows(1, 3)
    button = review_of(page).get_by_role("button", name="Comment here")
    button.focus()
    page.keyboard.press("Enter")
    expect(screen.stage).to_be_focused()
    for key in ("Enter", "ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    words = review_of(page).get_by_label("What should be changed")
    expect(words).to_be_focused()
    page.keyboard.type("Look here.")
    review_of(page).get_by_role("button", name="Send").focus()
    page.keyboard.press("Enter")
    wait_for(lambda: len(said(api, layer)) == 1, "written")
    (comment,) = said(api, layer)
    frame = api("student").get(f"/api/series/{case['series'][0]}/").json()["frames"][0]
    assert (comment["x"], comment["y"]) == (frame["columns"] / 2 + 1, frame["rows"] / 2 + 10)
    assert comment["frame"] == 0


def test_a_pin_by_touch(visit: Visit, api: Api, handed_in: Any) -> None:
    case, layer = handed_in()
    page = visit("instructor", f"/cases/{case['id']}/", **PHONE)
    screen = Screen(page)
    review_of(page).get_by_role("button", name="Comment here").tap()
    expect(screen.stage).to_be_in_viewport()
    page.touchscreen.tap(*screen.at(0.5, 0.5))
    expect(page.locator(".viewer-pin.is-draft")).to_have_count(1)
    review_of(page).get_by_label("What should be changed").fill("Here.")
    review_of(page).get_by_role("button", name="Send").tap()
    wait_for(lambda: len(said(api, layer)) == 1, "written")
    assert said(api, layer)[0]["frame"] is not None


def test_chosen_shapes_go_into_the_reference(visit: Visit, api: Api, handed_in: Any) -> None:
    case, layer = handed_in()
    page = visit("instructor", "/reviews/")
    expect(page.get_by_role("heading", name="Review", level=1)).to_be_visible()
    page.goto(f"/cases/{case['id']}/layers/")
    page.get_by_role("link", name="Merge").click()
    expect(page.get_by_role("heading", name="Layer of", level=1)).to_be_visible()
    page.get_by_role("checkbox", name="cyst").uncheck()
    page.get_by_role("button", name="Add the chosen shapes").click()
    expect(page.get_by_text("1 shape was added to the reference").first).to_be_visible()
    assert status_of(api, layer) == "accepted"
    found = api("instructor").get("/api/annotations/", params={"series": case["series"][0]}).json()["results"]
    mine = next(one for one in found if one["layer"] == "mine")
    assert [shape["kind"] for shape in mine["shapes"]] == ["box"]


def test_a_layer_goes_back_on_a_phone(visit: Visit, api: Api, handed_in: Any) -> None:
    _case, layer = handed_in()
    page = visit("instructor", f"/layers/{layer['id']}/review/", **PHONE)
    page.get_by_label("What should be changed").fill("Smaller, please.")
    page.get_by_role("button", name="Return to the reader").tap()
    expect(page.get_by_text("The layer is back with").first).to_be_visible()
    assert status_of(api, layer) == "returned"
