"""Rows of the access table about the life of a case: review, versions, retraction, reading as an unknown."""

from typing import Any

from cases.enums import ReviewQuestion
from tests.access.row import READ_DRAFT, READ_HIDDEN, WRITERS, Row, draft, hidden
from tests.builders.world import World

EDITORS = {"own": "403 302 403 302", "other": "404 404 404 302"}
SEEN_BY_EDITORS = {"own": WRITERS, "other": "404 404 404 200"}
# What waits for a review is seen by every instructor; who wrote it does not decide.
SEEN_BY_REVIEWERS = {"own": "404 200 404 200", "other": "404 200 404 200"}
REVIEWERS = {"own": "404 302 404 302", "other": "404 302 404 302"}
VERDICT = {"own": "404 403 404 302", "other": "404 302 404 302"}


def under_review(w: World) -> list[Any]:
    return [w.under_review.case_id]


def verdict(w: World) -> dict[str, Any]:
    case = w.under_review.case
    words = {"text": "More images.", "section": "title"}
    return {"revision": case.revision, "fulfilled": ReviewQuestion.values, **words}


def note(w: World) -> list[Any]:
    return [w.under_review.case_id, w.under_review.notes.get().pk]


LIFE = [
    Row("cases:case", "GET", args=under_review, **SEEN_BY_REVIEWERS),
    Row("cases:case-submit", "POST", "404 302 404 302", "404 404 404 302", args=draft),
    Row("cases:case-submit", "POST", "403 refused 403 refused", "404 404 404 refused", args=hidden),
    Row("cases:case-retract", "POST", args=hidden, body=lambda w: {"reason": "Wrong."}, **EDITORS),
    Row("cases:case-due", "POST", args=hidden, **EDITORS),
    Row("cases:case-review", "GET", args=under_review, **SEEN_BY_REVIEWERS),
    Row("cases:case-review", "GET", args=hidden, **SEEN_BY_EDITORS),
    Row("cases:case-review-note", "POST", args=under_review, body=verdict, **REVIEWERS),
    Row("cases:case-review-settle", "POST", args=note, **REVIEWERS),
    Row("cases:case-review-return", "POST", args=under_review, body=verdict, **VERDICT),
    Row("cases:case-review-approve", "POST", args=under_review, body=verdict, **VERDICT),
    Row("cases:case-reviews", "GET", WRITERS),
    Row("cases:case-versions", "GET", args=hidden, **SEEN_BY_EDITORS),
    Row("cases:case-versions", "GET", args=under_review, **SEEN_BY_REVIEWERS),
    Row("cases:case-version", "GET", args=lambda w: [w.hidden.pk, 1], **SEEN_BY_EDITORS),
    Row(
        "cases:case-version-restore", "POST",
        args=lambda w: [w.hidden.pk, 1], body=lambda w: {"revision": w.hidden.revision}, **EDITORS,
    ),
    Row("cases:unknown-begin", "POST", "302 302 302 302", "404 404 404 302", args=hidden),
    Row("cases:unknown-begin", "POST", "404 302 404 302", "404 404 404 302", args=draft),
    Row(
        "cases:unknown-reveal", "POST", "302 302 302 302", "404 404 404 302",
        args=hidden, body=lambda w: {"stage": "3"},
    ),
    Row("api-case-reading", "GET", args=hidden, **READ_HIDDEN),
    Row("api-case-reading", "PUT", args=hidden, body=lambda w: {"stage": 0}, **READ_HIDDEN),
    Row("api-case-reading", "PUT", args=draft, body=lambda w: {"stage": 0}, **READ_DRAFT),
]  # fmt: skip
