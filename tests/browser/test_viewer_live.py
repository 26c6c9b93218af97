"""Other windows and other people: who is here, what they draw, what a lost connection leaves to be saved."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case, wait_for

# What the console says of requests without a connection.
OFFLINE = (r"ERR_INTERNET_DISCONNECTED", r"ERR_FAILED", r"status of 409")
KEPT = "Offline: kept on this device"
# Kept, because a live region says one thing after another.
LISTEN = """() => {
  const region = document.querySelector(".viewer-live");
  window.heard = [];
  const listener = new MutationObserver(() => window.heard.push(region.textContent));
  listener.observe(region, {childList: true, characterData: true, subtree: true});
}"""


def listen(page: Page) -> Callable[[str], None]:
    """``heard(words)``: waits until the viewer has said them, whatever it said since."""
    page.evaluate(LISTEN)

    def heard(words: str) -> None:
        wait_for(lambda: any(words in said for said in page.evaluate("window.heard")), words)

    return heard


def draw(screen: Screen, place: float = 0.4) -> None:
    screen.tool("Box")
    screen.drag((place, 0.4), (place + 0.08, 0.5))


def layers(api: Api, who: str, series: int) -> dict[str, list[dict[str, Any]]]:
    """Shapes of each layer that ``who`` may see."""
    found = api(who).get("/api/annotations/", params={"series": series}).json()["results"]
    return {layer["layer"]: layer["shapes"] for layer in found}


def stored(api: Api, who: str, series: int) -> int:
    return len(layers(api, who, series).get("mine", []))


# --- who is here ------------------------------------------------------------------------------------------


def test_who_else_is_here_is_told_to_those_who_may_know(visit: Visit, api: Api) -> None:
    case = make_case(api, "A case in company")
    address = f"/cases/{case['id']}/"
    author = visit("instructor", address)
    strip = author.locator(".viewer-company p")
    news = author.locator(".viewer-company").get_by_role("status")
    Screen(author)
    student = visit("student", address)
    expect(strip).to_contain_text("Also here:")
    expect(news).to_contain_text("Also here:")
    expect(student.locator(".viewer-company p")).to_contain_text("Also here:")
    names = strip.inner_text()
    another = visit("walt", address)
    expect(another.locator(".viewer-company p")).to_contain_text("Also here:")
    expect(strip).to_contain_text("walt")
    # The author alone is told of both: for one student the other is not there.
    expect(student.locator(".viewer-company p")).not_to_contain_text("walt")
    expect(another.locator(".viewer-company p")).not_to_contain_text(names.removeprefix("Also here: "))
    another.goto("/")
    expect(strip).not_to_contain_text("walt")
    author.goto("/")
    expect(student.locator(".viewer-company p")).to_be_hidden()


# --- what others draw -------------------------------------------------------------------------------------


def test_a_second_window_follows_the_first(visit: Visit, api: Api) -> None:
    case = make_case(api, "Two windows", images=2)
    address = f"/cases/{case['id']}/"
    one = Screen(visit("student", address))
    page = one.page.context.new_page()
    page.goto(address)
    two = Screen(page)
    expect(one.page.locator(".viewer-company p")).to_contain_text("you in another window")
    expect(two.page.locator(".viewer-company p")).to_contain_text("you in another window")
    draw(one)
    one.has(1)
    two.has(1)
    draw(two, 0.6)
    two.has(2)
    one.has(2)
    # What is unfinished stays as it is, and what came meanwhile is there afterwards.
    two.tool("Polygon")
    two.click(0.4, 0.6)
    two.click(0.5, 0.6)
    one.press("Control+a", "Delete")
    one.has(0)
    expect(two.page.get_by_role("button", name="Finish")).to_be_visible()
    two.press("Escape")
    two.has(0)
    # It is a step like any other: undo brings back what the other window took away.
    two.press("Control+z")
    two.has(2)
    one.has(2)


def test_submitted_shapes_appear_and_are_told(visit: Visit, api: Api) -> None:
    case = make_case(api, "Handed in")
    series = case["series"][0]
    author = visit("instructor", f"/cases/{case['id']}/")
    Screen(author)
    heard = listen(author)
    expect(author.locator(".viewer-row.is-other")).to_have_count(0)
    shapes = [
        {
            "id": f"00000000-0000-4000-8000-00000000000{n}",
            "kind": "point",
            "frame": 0,
            "points": [[n, 9]],
            "label": "x",
        }
        for n in (1, 2)
    ]
    made = api("student").post("/api/annotations/", json={"series": series, "shapes": shapes}).json()
    api("student").post(f"/api/annotations/{made['id']}/submit/", json={"revision": 1})
    expect(author.locator(".viewer-row.is-other")).to_have_count(2)
    heard("2 new shapes of")
    author.locator(".viewer-row.is-other button").first.focus()
    # Drawn on, they are a draft again and nobody else's business; the mark of what is new goes with time.
    api("student").put(f"/api/annotations/{made['id']}/", json={"revision": 2, "shapes": shapes[:1]})
    expect(author.locator(".viewer-row.is-other")).to_have_count(0)


# --- without a connection ---------------------------------------------------------------------------------


def keeps(page: Page) -> None:
    """Wait until the part of the viewer is there that keeps what is not saved; it comes after the image."""
    expect(page.locator(".viewer-company")).to_be_attached()


def draw_without_connection(visit: Visit, who: str, address: str) -> Screen:
    screen = Screen(visit(who, address, expected=OFFLINE))
    keeps(screen.page)
    screen.page.context.set_offline(True)
    draw(screen)
    expect(screen.saved).to_have_text(KEPT)
    screen.has(1, saved=False)
    return screen


def test_what_is_drawn_without_a_connection_is_saved_when_it_is_back(visit: Visit, api: Api) -> None:
    case = make_case(api, "Underground")
    screen = draw_without_connection(visit, "student", f"/cases/{case['id']}/")
    heard = listen(screen.page)
    screen.page.context.set_offline(False)
    heard("1 change from")
    screen.has(1)
    assert stored(api, "student", case["series"][0]) == 1


def test_a_closed_page_loses_nothing_that_was_drawn_without_a_connection(visit: Visit, api: Api) -> None:
    case = make_case(api, "Lost and found")
    address = f"/cases/{case['id']}/"
    screen = draw_without_connection(visit, "student", address)
    context = screen.page.context
    asked: list[str] = []
    screen.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page = context.new_page()
    with screen.page.expect_event("close"):
        screen.page.close(run_before_unload=True)
    context.set_offline(False)
    assert stored(api, "student", case["series"][0]) == 0
    page.goto(address)
    Screen(page).has(1)
    wait_for(lambda: stored(api, "student", case["series"][0]) == 1, "saved")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('medweb:kept'))") == []
    # Nothing was at risk, so nobody was asked.
    assert asked == []


def test_what_was_changed_elsewhere_meanwhile_is_asked_about(visit: Visit, api: Api) -> None:
    case = make_case(api, "Two truths")
    address, series = f"/cases/{case['id']}/", case["series"][0]
    screen = draw_without_connection(visit, "student", address)
    context = screen.page.context
    screen.page.close()
    shape = {
        "id": "00000000-0000-4000-8000-000000000001",
        "kind": "point",
        "frame": 0,
        "points": [[9, 9]],
        "label": "",
    }
    api("student").post("/api/annotations/", json={"series": series, "shapes": [shape]}).raise_for_status()
    context.set_offline(False)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Keep both (2)").click()
    Screen(page).has(2)
    assert stored(api, "student", series) == 2


def test_what_is_kept_is_for_nobody_else_and_goes_on_signing_out(visit: Visit, api: Api) -> None:
    case = make_case(api, "Mine alone")
    address, series = f"/cases/{case['id']}/", case["series"][0]
    page = visit(None, "/sign-in/", expected=OFFLINE)

    def enter(who: str) -> Screen:
        page.goto(f"/sign-in/?next={address}")
        page.get_by_label("Username").fill(who)
        page.get_by_label("Password", exact=True).fill("reading-room")
        page.locator("#sign-in").get_by_role("button", name="Sign in").click()
        return Screen(page)

    def kept() -> list[str]:
        found: list[str] = page.evaluate(
            "Object.keys(localStorage).filter((k) => k.startsWith('medweb:kept'))"
        )
        return found

    screen = enter("staff")
    keeps(page)
    page.context.set_offline(True)
    draw(screen)
    expect(screen.saved).to_have_text(KEPT)
    page.goto("about:blank")
    page.context.clear_cookies()
    page.context.set_offline(False)
    other = enter("student")
    keeps(page)
    other.has(0)
    assert len(kept()) == 1
    assert stored(api, "student", series) == 0
    # Back in the hands of the first, who signs out without having seen the case again.
    page.context.clear_cookies()
    page.goto("/sign-in/")
    page.get_by_label("Username").fill("staff")
    page.get_by_label("Password", exact=True).fill("reading-room")
    page.locator("#sign-in").get_by_role("button", name="Sign in").click()
    page.locator("summary", has_text="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Drawings on this device are not saved")).to_be_visible()
    page.locator("#confirm-dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    assert kept() == []
    assert stored(api, "staff", series) == 0
