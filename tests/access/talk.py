"""Talk about cases, moderation, notices: that part of the access table.

The rows that are asked about are made when the row is asked, and go with its transaction.
"""

from typing import Any

from cases.enums import NoticeKind, RemarkKind
from cases.models import Notice, Remark, RemarkReport
from cases.services import digests
from tests.access.row import ALL, READ_DRAFT, READ_HIDDEN, WRITERS, Row, draft, hidden
from tests.builders.world import World


def _said(w: World, who: str, **fields: Any) -> Remark:
    # Not by the service: the walk of readers of unknowns asks these rows while nobody may write there.
    return Remark.objects.create(case=w.hidden, text="A few words.", author=w.people[who], **fields)


def of_student(w: World) -> list[Any]:
    """A question of the student on the published case."""
    return [_said(w, "student", kind=RemarkKind.QUESTION).pk]


def of_staff(w: World) -> list[Any]:
    """A remark of a member of the staff."""
    return [_said(w, "staff").pk]


def reported(w: World) -> list[Any]:
    """A report of the student about a remark of the staff."""
    remark = _said(w, "staff")
    return [RemarkReport.objects.create(remark=remark, reason="Wrong.", by=w.people["student"]).pk]


def of_instructor(w: World) -> list[Any]:
    """A notice of the instructor: the student asked something."""
    asked = _said(w, "student", kind=RemarkKind.QUESTION)
    told = w.people["instructor"]
    return [Notice.objects.create(user=told, kind=NoticeKind.QUESTION, case=w.hidden, remark=asked).pk]


def link(w: World) -> list[Any]:
    """What the link in an e-mail to the student carries."""
    return [digests.token_of(w.people["student"])]


def words(w: World) -> dict[str, Any]:
    return {"text": "Why?", "reason": "It is wrong."}


ACT = {"own": "302 302 302 302", "other": "404 404 404 302"}
MINE = {"own": "302 403 403 403", "other": "404 404 404 403"}
EDITORS = {"own": "403 302 403 302", "other": "404 404 404 302"}
MODERATE = {"own": "403 302 403 302", "other": "403 404 403 302"}
TALK = [
    Row("cases:talk", "GET", args=hidden, **READ_HIDDEN),
    Row("cases:talk", "GET", args=draft, **READ_DRAFT),
    Row("cases:talk", "POST", args=hidden, body=words, **ACT),
    Row("cases:talk", "POST", "404 302 404 302", "404 404 404 302", args=draft, body=words),
    Row("cases:talk-close", "POST", args=hidden, **EDITORS),
    Row("cases:talk-people", "GET", args=hidden, **READ_HIDDEN),
    Row("cases:talk-people", "GET", args=draft, **READ_DRAFT),
    Row("cases:remark-edit", "POST", args=of_student, body=words, **MINE),
    Row("cases:remark-delete", "POST", args=of_student, **MINE),
    Row("cases:remark-resolve", "POST", "302 302 403 302", "404 404 404 302", args=of_student),
    # Who wrote it deletes it instead.
    Row("cases:remark-report", "POST", "302 302 422 302", "404 404 404 302", args=of_staff, body=words),
    Row("cases:remark-hide", "POST", args=of_student, body=words, **EDITORS),
    Row("cases:moderation", "GET", WRITERS),
    Row("cases:report-hide", "POST", args=reported, body=words, **MODERATE),
    Row("cases:report-dismiss", "POST", args=reported, **MODERATE),
    Row("accounts:people-import", "GET", "403 403 403 200"),
    Row(
        "accounts:people-import", "POST", "403 403 403 201",
        body=lambda w: {"text": "username\nnewcomer", "act": "make"},
    ),
    Row(
        "accounts:person-invite", "POST", "403 403 403 201", "403 403 403 201",
        args=lambda w: [w.people["student"].pk],
    ),
    # A link that does not work (any more) says so to whoever follows it.
    Row("accounts:invitation", "GET", ALL, args=lambda w: ["MQ", "wrong"], anonymous="200"),
    Row("accounts:invitation", "POST", ALL, args=lambda w: ["MQ", "wrong"], anonymous="200"),
    Row("audit:events", "GET", "403 403 403 200"),
    Row("audit:events-csv", "POST", "403 403 403 200"),
    Row("cases:home", "GET", ALL),
    Row("cases:storage", "GET", "403 403 200 200"),
    Row("analysis:home-models", "GET", "403 200 200 200"),
    Row("cases:notices", "GET", ALL),
    Row("cases:notice-bell", "GET", ALL),
    Row("cases:notice", "GET", "404 302 404 404", "404 404 404 404", args=of_instructor),
    Row("cases:notices-read", "POST", "302 302 302 302"),
    Row("cases:notice-settings", "GET", ALL),
    Row(
        "cases:notice-settings", "POST", "302 302 302 302",
        body=lambda w: {"digest": "daily", "email": "me@example.org", "kinds": ["mention"]},
    ),
    # The link in an e-mail works without signing in; it is signed.
    Row("cases:digest-stop", "GET", ALL, args=link, anonymous="200"),
    Row("cases:digest-stop", "POST", ALL, args=link, anonymous="200"),
    Row("api-notices", "GET", ALL),
    Row("api-notices-read", "POST", "200 200 200 200"),
    Row("api-case-remarks", "GET", args=hidden, **READ_HIDDEN),
    Row("api-case-remarks", "GET", args=draft, **READ_DRAFT),
    Row("api-case-remarks", "POST", "201 201 201 201", "404 404 404 201", args=hidden, body=words),
    Row("api-remark", "PATCH", "200 403 403 403", "404 404 404 403", args=of_student, body=words),
    Row("api-remark", "DELETE", "204 403 403 403", "404 404 404 403", args=of_student),
    Row("api-remark-resolve", "POST", "200 200 403 200", "404 404 404 200", args=of_student),
    Row("api-remark-report", "POST", "201 201 400 201", "404 404 404 201", args=of_staff, body=words),
]  # fmt: skip
