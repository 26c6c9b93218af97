"""The access table, asked with real requests: by session and by token, in two worlds."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import transaction
from django.test import Client, TestCase
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from medweb.audit.models import AuditEvent
from tests.access.row import REFUSED, SIGN_IN, Row
from tests.access.table import TABLE
from tests.builders import world
from tests.builders.world import ROLES, World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Who is signed in already is sent on before the method is looked at.
ALSO_TAKEN = {("accounts:sign-in", method) for method in METHODS}
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def url_names(resolver: Any = None, prefix: str = "") -> Iterator[str]:
    """Every name that can be reversed, with its namespaces."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            space = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from url_names(entry, space)
        elif isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name}" if entry.name else f"unnamed {entry.pattern}"


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is rolled back, so that rows do not see one another."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Access(TestCase):
    """Two worlds in one database."""

    a: World
    b: World
    sessions: dict[int, str]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.a, cls.b = world.build("a"), world.build("b")
        cls.sessions = {}
        for person in (*cls.a.people.values(), *cls.b.people.values()):
            client = Client()
            client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[1])
            cls.sessions[person.pk] = client.cookies[settings.SESSION_COOKIE_NAME].value

    def setUp(self) -> None:
        # A thousand refusals are the point here; their log lines are not.
        logging.disable(logging.WARNING)
        self.addCleanup(logging.disable, logging.NOTSET)
        # The stream gives its connections back, and these tests' transaction would go with them.
        closing = patch("medweb.live.views.connections.close_all")
        closing.start()
        self.addCleanup(closing.stop)

    def client_of(
        self, who: World | None, role: str = "", *, token: bool = False, csrf: bool = False
    ) -> Client:
        """A fresh client of somebody: nobody, a session, or a bearer token."""
        if who is None:
            return Client(enforce_csrf_checks=csrf)
        if token:
            return Client(enforce_csrf_checks=csrf, headers={"Authorization": f"Bearer {who.keys[role]}"})
        client = Client(enforce_csrf_checks=csrf)
        client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[who.people[role].pk]
        return client

    def ask(self, client: Client, row: Row, about: World, method: str = "") -> str:
        """The cell this request gives: a status, or one of the table's words."""
        method = method or row.method
        address = reverse(row.name, args=row.args(about))
        if query := row.query(about):
            address = f"{address}?{query}"
        body: dict[str, Any] = {}
        if method in UNSAFE:
            body["data"] = row.body(about)
            if row.is_api and not row.multipart:
                body["content_type"] = "application/json"
            elif method != "POST":
                body = {}
        if row.raw and method in UNSAFE:
            body = {"data": b"x", "content_type": row.raw}
        before = AuditEvent.objects.count()
        response = getattr(client, method.lower())(address, headers=row.headers, **body)
        written = AuditEvent.objects.count() - before
        if response.status_code >= 400:
            assert written == 0, f"{row}: answered {response.status_code} and still wrote"
        if response.status_code == 401 or (
            response.status_code == 302 and response["Location"].startswith(reverse(settings.LOGIN_URL))
        ):
            return "302" if row.name == "accounts:sign-out" and client.cookies else SIGN_IN
        if response.status_code == 302 and not written and row.own.count(REFUSED):
            return REFUSED
        return str(response.status_code)

    def cells(self, *, token: bool) -> Iterator[tuple[Row, str, str, str]]:
        """Row, who, expected and found, for every cell of the table."""
        for row in TABLE:
            if token and not row.is_api:
                continue
            worlds = [("own", self.a, row.own)]
            if row.other:
                worlds.append(("other", self.b, row.other))
            for label, theirs, expected in worlds:
                for role, cell in zip(ROLES, expected.split(), strict=True):
                    with undone():
                        found = self.ask(self.client_of(theirs, role, token=token), row, self.a)
                    yield row, f"{role} of the {label} world", cell, found
            if not token:
                with undone():
                    yield row, "anonymous", row.anonymous, self.ask(self.client_of(None), row, self.a)

    def check(self, *, token: bool) -> None:
        wrong = [
            f"{row} ({row.args.__name__}) as {who}: {found}, the table says {cell}"
            for row, who, cell, found in self.cells(token=token)
            if found != cell
        ]
        assert not wrong, "\n" + "\n".join(wrong)

    def test_every_cell_with_a_session(self) -> None:
        self.check(token=False)

    def test_every_cell_of_the_api_with_a_token(self) -> None:
        self.check(token=True)

    def test_every_url_name_is_in_the_table(self) -> None:
        assert set(url_names()) == {row.name for row in TABLE}

    def test_methods_that_are_not_in_the_table_are_405(self) -> None:
        listed = {(row.name, row.method) for row in TABLE} | ALSO_TAKEN
        first = {row.name: row for row in reversed(TABLE)}
        wrong = []
        for name, row in first.items():
            for method in METHODS:
                if (name, method) in listed:
                    continue
                with undone():
                    found = self.ask(self.client_of(self.a, "administrator"), row, self.a, method)
                if found != "405":
                    wrong.append(f"{method} {name}: {found}")
        assert not wrong, "\n" + "\n".join(wrong)

    def test_unsafe_requests_of_a_session_need_the_csrf_token(self) -> None:
        wrong = []
        for row in TABLE:
            if row.method not in UNSAFE:
                continue
            with undone():
                found = self.ask(self.client_of(self.a, "instructor", csrf=True), row, self.a)
            if found != "403":
                wrong.append(f"{row}: {found}")
        assert not wrong, "\n" + "\n".join(wrong)

    def test_tokens_open_no_page(self) -> None:
        wrong = []
        for row in TABLE:
            if row.is_api or row.anonymous != SIGN_IN:
                continue
            with undone():
                found = self.ask(self.client_of(self.a, "administrator", token=True), row, self.a)
            if found != SIGN_IN:
                wrong.append(f"{row}: {found}")
        assert not wrong, "\n" + "\n".join(wrong)

    def test_a_guard_that_never_fires_is_no_guard(self) -> None:
        """A wrong cell must be seen: the table is asked about a row that lies."""
        lie = Row("accounts:people", "GET", "200 200 200 200")
        with undone():
            assert self.ask(self.client_of(self.a, "student"), lie, self.a) == "403"
