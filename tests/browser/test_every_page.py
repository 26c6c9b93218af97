"""Every page, light and dark, wide and narrow: accessible, within its width, without a broken policy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import SignedIn, Watched
from tests.browser.steps import Api, make_case, wait_for
from tests.builders import pictures, rows
from tests.support import LiveApp

REFUSED = (r"status of (403|404)",)
# A colour half way between two themes has the contrast of neither.
COLOURS_SETTLED = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const fading = document.getAnimations().filter((one) => one instanceof CSSTransition);
  await Promise.allSettled(fading.map((one) => one.finished));
}"""
SIZES = ((1440, 900), (390, 844))
Prepare = Callable[[Page], None]


def as_it_opens(page: Page) -> None:
    """Nothing to do first."""


def viewer_and_panel(page: Page) -> None:
    expect(page.locator(".viewer-canvas")).to_be_visible()
    expect(page.locator("#analysis-panel")).to_be_visible()


def everything_open(page: Page) -> None:
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")


def confirmation(page: Page) -> None:
    viewer_and_panel(page)
    page.locator("summary", has_text="More actions").click()
    page.get_by_role("button", name="Delete the case").click()
    expect(page.locator("#confirm-dialog")).to_be_visible()


def shortcuts(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#shortcuts-dialog")).to_be_visible()


@dataclass(frozen=True)
class Place:
    """A page, who opens it, and what is done there before it is looked at."""

    name: str
    who: str | None
    path: str
    prepare: Prepare = as_it_opens


PLACES = (
    Place("sign-in", None, "/sign-in/"),
    Place("library", "instructor", "/", shortcuts),
    Place("library, nothing found", "student", "/?q=unfindable"),
    Place("library as a list", "instructor", "/?view=list&q=chest&modality=DX", everything_open),
    Place("saved searches", "student", "/searches/"),
    Place("bookmarks", "student", "/bookmarks/"),
    Place("reading history", "student", "/history/"),
    Place("a link that has ended", "student", "/shared/1:none/"),
    Place("case", "staff", "/cases/{read}/", viewer_and_panel),
    Place("own case", "instructor", "/cases/{read}/", confirmation),
    Place("case without images", "instructor", "/cases/{empty}/", everything_open),
    Place("case form", "instructor", "/cases/new/"),
    Place("case edit", "instructor", "/cases/{read}/edit/"),
    Place("labels of a case", "instructor", "/cases/{read}/labels/"),
    Place("files of a batch", "instructor", "/batches/{batch}/"),
    Place("privacy report", "instructor", "/batches/{batch}/report/", everything_open),
    Place("desk", "instructor", "/desk/"),
    Place("desk, review", "instructor", "/desk/{held}/"),
    Place("review", "instructor", "/reviews/"),
    Place("layers of a case", "instructor", "/cases/{layered}/layers/"),
    Place("agreement", "instructor", "/cases/{layered}/agreement/", everything_open),
    Place("layer in review", "instructor", "/layers/{layer}/review/"),
    Place("analysis alone", "student", "/cases/{read}/analysis/", everything_open),
    Place("collections", "instructor", "/collections/"),
    Place("collection", "instructor", "/collections/{collection}/"),
    Place("collection to arrange", "admin", "/collections/{collection}/arrange/"),
    Place("collection form", "instructor", "/collections/new/"),
    Place("models", "staff", "/models/"),
    Place("models of a collection", "staff", "/collections/{collection}/models/"),
    Place("model", "staff", "/models/{model}/", everything_open),
    Place("jobs", "staff", "/jobs/"),
    Place("account", "instructor", "/account/", everything_open),
    Place("people", "admin", "/people/", everything_open),
    Place("home", "admin", "/home/"),
    Place("talk", "instructor", "/cases/{read}/talk/", everything_open),
    Place("notices", "instructor", "/notices/"),
    Place("choice of notices", "student", "/notices/settings/"),
    Place("moderation", "admin", "/moderation/"),
    Place("storage", "staff", "/storage/"),
    Place("audit log", "admin", "/audit/"),
    Place("import of people", "admin", "/people/import/"),
    Place("not found", "student", "/cases/999999/"),
    Place("forbidden", "student", "/people/"),
)


@pytest.fixture(scope="module")
def numbers(app: LiveApp, api: Api) -> dict[str, int]:
    """Rows that the addresses name: an analysed case, an empty one, a collection with a model."""
    collection = int(app.python("from tests.browser import seeds; seeds.make_collection()"))
    # Before the training: the one worker would be busy with that.
    empty = make_case(api, "Still empty", images=0, publish=False)["id"]
    batch, held = sent_and_held(api)
    staff = api("staff")
    models = staff.get("/api/models/").json()["results"]
    if not models:
        answer = staff.post("/api/training-runs/", json={"collection": collection, "algorithms": ["forest"]})
        assert answer.is_success, answer.text
    read = next(
        case["id"]
        for case in api("instructor").get("/api/cases/", params={"modality": "US"}).json()["results"]
        if case["author"] == "instructor"
    )
    if not staff.get(f"/api/cases/{read}/analyses/").json()["results"]:
        assert staff.post(f"/api/cases/{read}/analyses/").is_success
    wait_for(lambda: bool(staff.get("/api/models/").json()["results"]), "a model is trained", seconds=150)
    wait_for(
        lambda: bool(staff.get(f"/api/cases/{read}/analyses/").json()["results"]), "the case is analysed"
    )
    model = staff.get("/api/models/").json()["results"][0]
    layered, layer = handed_in(api)
    return {
        "read": read, "empty": empty, "collection": collection, "model": model["id"], "batch": batch,
        "held": held, "layered": layered, "layer": layer,
    }  # fmt: skip


def handed_in(api: Api) -> tuple[int, int]:
    """A case, and a layer on it that waits for its review, with a comment."""
    case = make_case(api, "Handed in", images=2)
    body = {"series": case["series"][0], "shapes": [rows.shape("box"), rows.shape("polygon", frame=1)]}
    layer = api("student").post("/api/annotations/", json=body).json()["id"]
    assert api("student").post(f"/api/annotations/{layer}/submit/", json={"revision": 1}).is_success
    other = api("staff").post("/api/annotations/", json=body).json()["id"]
    assert api("staff").post(f"/api/annotations/{other}/submit/", json={"revision": 1}).is_success
    comment = {"annotation": layer, "text": "Here?", "frame": 0, "x": 4, "y": 5}
    assert api("instructor").post("/api/comments/", json=comment).is_success
    return case["id"], layer


def sent_and_held(api: Api) -> tuple[int, int]:
    """A batch of one ultrasound image, and its series, which waits at the desk."""
    client = api("instructor")
    case = make_case(api, "Sent as ultrasound", images=0, publish=False)["id"]
    batch = client.post(f"/api/cases/{case}/batches/").json()
    data = pictures.ct(1, series=f"1.2.7.{case}", Modality="US")
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data))}
    headers["Content-Type"] = "application/offset+octet-stream"
    assert client.post(batch["files_url"], headers=headers, content=data).status_code == 201

    def held() -> list[int]:
        rows = client.get("/api/desk/").json()["results"]
        return [row["id"] for row in rows if row["case"] == case]

    wait_for(lambda: bool(held()), "it waits at the desk")
    return batch["id"], held()[0]


def overflow(page: Page) -> list[str]:
    """Elements that stick out of the page's right edge."""
    found: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          return [...document.querySelectorAll("main *, header *")]
            .filter((one) => one.getBoundingClientRect().right > width + 1)
            .map((one) => `${one.tagName} ${one.className} ${one.innerText?.slice(0, 40)}`).slice(0, 8)
            .concat("wider than the window");
        }"""
    )
    return found


@pytest.fixture(scope="module")
def profiles(signed_in: SignedIn) -> Iterator[Callable[[str | None], Watched]]:
    """One browser profile for each person: what all pages load alike is loaded once."""
    script = axe.source()
    made: dict[str | None, Watched] = {}

    def of(who: str | None) -> Watched:
        if who not in made:
            made[who] = signed_in(who, expected=REFUSED)
            made[who].context.add_init_script(script)
        return made[who]

    yield of
    for profile in made.values():
        profile.context.close()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_page_is_accessible_and_fits(
    place: Place, profiles: Callable[[str | None], Watched], numbers: dict[str, int]
) -> None:
    profile = profiles(place.who)
    page = profile.context.new_page()
    troubles = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        # Loaded for each width: a fold closes itself on a narrow screen only while the page loads.
        page.goto(place.path.format(**numbers))
        place.prepare(page)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.evaluate(COLOURS_SETTLED)
            troubles += [f"{width} {theme}: {line}" for line in axe.violations(page)]
        page.emulate_media(color_scheme="light")
        troubles += [f"{width}: {line}" for line in overflow(page)]
    page.close()
    troubles += profile.troubles
    profile.troubles.clear()
    assert not troubles, "\n".join(troubles)
