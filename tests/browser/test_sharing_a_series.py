"""Two tabs draw on the same series: whoever saves last is asked, and nothing is lost."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case

STALE = (r"409", r"ERR_FAILED")


def test_two_tabs_keep_both(visit: Visit, api: Api) -> None:
    case = make_case(api, "Two tabs", publish=False)
    first = visit("instructor", f"/cases/{case['id']}/", expected=STALE)
    second = first.context.new_page()
    second.goto(f"/cases/{case['id']}/")
    one, two = Screen(first), Screen(second)
    # The second tab does not learn what the first one saves: both start from the same revision.
    second.route("**/api/annotations/?series=*", lambda route: route.abort())
    one.tool("Box")
    one.drag((0.4, 0.3), (0.5, 0.5))
    one.has(1)
    two.tool("Ellipse")
    two.drag((0.5, 0.5), (0.6, 0.7))
    dialog = second.get_by_role("dialog", name="These shapes were changed elsewhere")
    expect(dialog).to_be_visible()
    second.unroute("**/api/annotations/?series=*")
    dialog.get_by_role("button", name="Keep both (2)").click()
    two.has(2)
    # The first tab has nothing to lose: it follows, and goes on from there.
    one.has(2)
    one.tool("Point")
    one.click(0.3, 0.3)
    one.has(3)
    two.has(3)
    first.reload()
    Screen(first).has(3)


def test_an_answer_that_got_lost_is_no_conflict(visit: Visit, api: Api) -> None:
    case = make_case(api, "Bad line", publish=False)
    page = visit("instructor", f"/cases/{case['id']}/", expected=("ERR_FAILED", "409"))
    screen = Screen(page)

    # The server takes the first save, and its answer never arrives.
    lost = []

    def lose(route) -> None:  # type: ignore[no-untyped-def]
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route("**/api/annotations/**", lose)
    screen.tool("Point")
    screen.click(0.5, 0.5)
    screen.has(1)
    assert lost
    page.reload()
    Screen(page).has(1)
