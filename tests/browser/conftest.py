"""People with browsers. Every page they open is watched: a script error or a broken policy fails the test."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest

from tests.browser import seeds

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

    from tests.support import LiveApp

PASSWORD = "reading-room"
PATIENCE_MS = 60_000
# An event of the page, not a message of the console: the console forgets what happened before it was opened.
WATCH_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sourceFile ?? ""}`));
"""


class Visit(Protocol):
    """``visit("student", width=390)``: a page of a person, signed in, in a browser profile of its own."""

    def __call__(
        self,
        who: str | None,
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 860,
        theme: str = "light",
        touch: bool = False,
        expected: tuple[str, ...] = (),
    ) -> "Page": ...


@pytest.fixture(scope="module")
def app(live_apps: Callable[..., "LiveApp"]) -> "LiveApp":
    """The one running MedWeb of these tests."""
    return live_apps(seeds.fill)


@pytest.fixture(scope="module")
def api(app: "LiveApp") -> Iterator[Callable[[str], httpx.Client]]:
    """``api("instructor")``: a client of the API with that person's token."""
    keys: dict[str, str] = json.loads((app.folder / seeds.KEYS_FILE).read_text())
    clients: dict[str, httpx.Client] = {}

    def client(who: str) -> httpx.Client:
        if who not in clients:
            clients[who] = httpx.Client(
                base_url=app.base_url, headers={"Authorization": f"Bearer {keys[who]}"}, timeout=60
            )
        return clients[who]

    yield client
    for one in clients.values():
        one.close()


class Watched:
    """Troubles of the pages of one context."""

    def __init__(self, context: "BrowserContext", expected: tuple[str, ...]) -> None:
        self.context = context
        self._expected = [re.compile(pattern) for pattern in expected]
        self.troubles: list[str] = []
        context.on("weberror", lambda error: self.note(f"script error: {error.error}"))
        context.on("console", self.console)

    def console(self, message: "ConsoleMessage") -> None:
        if message.type == "error":
            self.note(f"console: {message.text} ({message.location.get('url', '')})")

    def note(self, trouble: str) -> None:
        if not any(pattern.search(trouble) for pattern in self._expected):
            self.troubles.append(trouble)


SignedIn = Callable[..., Watched]


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """Cookies of people who have signed in; each does so once, through the form."""
    return {}


def sign_in(page: "Page", who: str, password: str = PASSWORD) -> None:
    """Fill in the form of the sign-in page."""
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password", exact=True).fill(password)
    page.locator("#sign-in").get_by_role("button", name="Sign in").click()


@pytest.fixture(scope="module")
def signed_in(browser: "Browser", app: "LiveApp", sessions: dict[str, Any]) -> SignedIn:
    """``signed_in("student")``: a new browser profile of a person, watched; of nobody for ``None``."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE_MS)

    def make(who: str | None, *, expected: tuple[str, ...] = (), **options: Any) -> Watched:
        context = browser.new_context(
            base_url=app.base_url,
            storage_state=sessions.get(who) if who else None,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(WATCH_POLICY)
        watched = Watched(context, expected)
        if who and who not in sessions:
            page = context.new_page()
            sign_in(page, who)
            expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()
            sessions[who] = context.storage_state()
            page.close()
        return watched

    return make


@pytest.fixture
def visit(signed_in: SignedIn) -> Iterator[Visit]:
    """See :class:`Visit`. ``expected``: patterns of console errors that belong to the journey."""
    opened: list[Watched] = []

    def go(
        who: str | None,
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 860,
        theme: str = "light",
        touch: bool = False,
        expected: tuple[str, ...] = (),
    ) -> "Page":
        watched = signed_in(
            who,
            expected=expected,
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=touch,
            is_mobile=touch,
        )
        opened.append(watched)
        page = watched.context.new_page()
        page.goto(path)
        return page

    yield go
    troubles = [trouble for watched in opened for trouble in watched.troubles]
    for watched in opened:
        watched.context.close()
    assert not troubles, "\n".join(troubles)


class Worker:
    """The worker of the running MedWeb, which tests stop and start again."""

    def __init__(self, app: "LiveApp") -> None:
        self._app = app
        self._there = True

    def stop(self, *, kill: bool = False) -> None:
        self._app.stop("worker", kill=kill)
        self._there = False

    def start(self) -> None:
        if not self._there:
            self._app.start_worker()
            self._there = True


@pytest.fixture
def worker(app: "LiveApp") -> Iterator[Worker]:
    """Whatever a test did to the worker, the next test finds one."""
    found = Worker(app)
    yield found
    found.start()
    app.wait_ready()


@pytest.fixture
def picture_file(tmp_path: Path) -> Callable[..., Path]:
    """``picture_file("a.png", seed=3)``: a small grey picture on disk."""
    from tests.builders import pictures

    def make(name: str, *, seed: int = 1, rows: int = 96, columns: int = 128) -> Path:
        path = tmp_path / name
        path.write_bytes(pictures.png(seed, rows=rows, columns=columns))
        return path

    return make
