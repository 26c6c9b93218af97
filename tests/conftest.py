"""Fixtures of every test, and the rules of a run: no stranger on the network, no silent skip."""

import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings

from tests import support

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.support import LiveApp

REQUIRE_ALL = os.environ.get("MEDWEB_REQUIRE_ALL") == "1"
POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
MOST_LIVE_APPS = 3

# A failure must come again on the next run; and shared machines are too uneven for deadlines.
hypothesis_settings.register_profile("medweb", derandomize=True, deadline=None, database=None)
hypothesis_settings.load_profile("medweb")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite: proves nothing more on PostgreSQL; left out there")
    from django.conf import settings

    if settings.configured:
        # The real one takes a third of a second per sign-in, on purpose.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        # Otherwise every test client reads all static files when it is made, which took two thirds of the
        # time of the access tests. The browser tests run servers of their own, with the settings of a server.
        settings.WHITENOISE_AUTOREFRESH = True
        _empty_without_migrating()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to the other database; CI runs the suite once on each."""
    other = "sqlite" if POSTGRES else "postgres"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker(other)]
        config.hook.pytest_deselected(items=left_out)


# --- no silent skip ---------------------------------------------------------------------------------------


def _skipped(config: pytest.Config) -> list[tuple[str, str]]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    found = []
    for report in reporter.stats.get("skipped", []) if reporter else []:
        longrepr = report.longrepr
        reason = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
        found.append((report.nodeid, reason.removeprefix("Skipped: ")))
    return sorted(found)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With MEDWEB_REQUIRE_ALL=1 a skipped test fails the run."""
    on_controller = not hasattr(session.config, "workerinput")
    if REQUIRE_ALL and on_controller and session.exitstatus == 0 and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = _skipped(config)
    if REQUIRE_ALL and skipped:
        terminalreporter.section("skipped, and MEDWEB_REQUIRE_ALL=1 forbids that", red=True)
        for nodeid, reason in skipped:
            terminalreporter.write_line(f"{nodeid}: {reason}")


# --- the test database ------------------------------------------------------------------------------------

# Rows that migrating writes, and that no code changes afterwards.
KEPT_TABLES = frozenset({"django_content_type", "auth_permission"})


def _empty_without_migrating() -> None:
    """Let tests with real transactions empty the tables without writing the permissions anew.

    Django does that after each such test; it took ten times as long as emptying them.
    """
    from django.core.management.color import no_style
    from django.db import connections
    from django.test import TransactionTestCase

    def empty(self: Any) -> None:
        for name in self._databases_names(include_mirrors=False):
            connection = connections[name]
            found = connection.introspection.django_table_names(only_existing=True, include_views=False)
            tables = [table for table in found if table not in KEPT_TABLES]
            connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))

    TransactionTestCase._fixture_teardown = empty  # type: ignore[attr-defined]


# --- network ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _this_computer_only() -> Iterator[None]:
    """Only this computer can be reached; a test that needs the internet is a test that fails on a train."""
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", support.refuse_strangers(socket.socket.connect))
    patch.setattr(socket.socket, "connect_ex", support.refuse_strangers(socket.socket.connect_ex))
    yield
    patch.undo()


# --- data and servers -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """``shared("data/...")``: a path of the shared reference data; skips by name when absent."""
    return support.shared


@pytest.fixture(scope="session")
def broker() -> str:
    """Address of a broker that answers, the same as ``settings.REDIS_URL``."""
    from django.conf import settings

    environment = sys.modules.get("tests.environment")
    if environment is None:
        pytest.fail(
            "Run pytest with -p tests.environment: it starts the broker before the settings are read."
        )
    assert environment.redis_url() == settings.REDIS_URL
    return str(settings.REDIS_URL)


@pytest.fixture
def clean_broker(broker: str) -> str:
    """Like ``broker``, with no keys and no queued messages in its database."""
    import redis

    with redis.Redis.from_url(broker) as client:
        client.flushdb()
    return broker


@pytest.fixture
def heard(clean_broker: str) -> Iterator[Callable[[], list[tuple[str, dict[str, Any]]]]]:
    """``heard()``: topic and message of everything published since it was last asked."""
    import redis

    from medweb.live.publish import channel

    with redis.Redis.from_url(clean_broker) as client:
        listener = client.pubsub(ignore_subscribe_messages=True)
        listener.psubscribe(channel("*"))
        listener.get_message(timeout=support.PATIENCE)

        def read() -> list[tuple[str, dict[str, Any]]]:
            # A message of one's own marks the end: what was published before it has been read.
            client.publish(channel("end"), "{}")
            found = []
            while True:
                message = listener.get_message(timeout=support.PATIENCE)
                assert message is not None
                topic = message["channel"].decode().removeprefix(channel(""))
                if topic == "end":
                    return found
                found.append((topic, json.loads(message["data"])))

        yield read
        listener.close()


@pytest.fixture(scope="session")
def live_apps(broker: str) -> Iterator[Callable[..., "LiveApp"]]:
    """``live_apps(seed)``: a running MedWeb for a seed function; modules with the same one share it."""
    from contextlib import ExitStack

    environment = sys.modules["tests.environment"]
    running: dict[object, LiveApp] = {}
    with ExitStack() as stack:

        def get(seed: Callable[["LiveApp"], None] | None = None) -> "LiveApp":
            if seed not in running:
                slot = len(running) + 1
                if slot > MOST_LIVE_APPS:
                    pytest.fail(f"More than {MOST_LIVE_APPS} different seeds for live_app: share one.")
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="medweb-live-")))
                running[seed] = stack.enter_context(
                    support.running_app(
                        folder,
                        redis_url=environment.redis_url(slot),
                        database_url=os.environ.get("DATABASE_URL") if POSTGRES else None,
                        seed=seed,
                    )
                )
            return running[seed]

        yield get


@pytest.fixture(scope="module")
def live_app(request: pytest.FixtureRequest, live_apps: Callable[..., "LiveApp"]) -> "LiveApp":
    """MedWeb in its own processes: ``.base_url``, ``.manage(...)``, ``.python(code)``, ``.log(name)``.

    A module that needs data defines ``seed_live_app(app)``, which runs after the migrations.
    """
    return live_apps(getattr(request.module, "seed_live_app", None))


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium. One per module: while it lives, its event loop forbids async tests and Django's ORM here."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium absent: install the package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, headless=True, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: "Browser", live_app: "LiveApp") -> Iterator["Page"]:
    """A page in a fresh profile on ``live_app``; a script error or a broken content policy fails the test."""
    context = browser.new_context(base_url=live_app.base_url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    opened.on(
        "console",
        lambda message: troubles.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield opened
    context.close()
    assert not troubles, "\n".join(troubles)
