"""The audit log for administrators: narrowed by person, verb, object and day; as a page and as CSV."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from medweb.accounts.current import person
from medweb.accounts.models import Role, User
from medweb.audit.models import AuditEvent
from medweb.audit.services import record
from medweb.paging import page_of

PAGE_EVENTS = 50
MOST_EXPORTED = 50_000
MAX_WORDS = 64


@dataclass(frozen=True)
class Filter:
    """What was asked for, and what of it cannot be understood."""

    who: str
    verb: str
    subject: str
    since: str
    until: str
    errors: dict[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether everything is asked for."""
        return not (self.who or self.verb or self.subject or self.since or self.until)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def read_filter(query: QueryDict) -> Filter:
    """The filter of a query; words that no row can hold are named in ``errors``."""
    values = {
        name: query.get(name, "").replace("\0", "").strip()[:MAX_WORDS]
        for name in ("who", "verb", "subject", "since", "until")
    }
    errors = {}
    for name in ("since", "until"):
        if values[name] and _day(values[name]) is None:
            errors[name] = _("Write the day as year-month-day, such as 2026-11-23.")
    if values["who"] and not User.objects.filter(username=values["who"]).exists():
        errors["who"] = _("Nobody has this user name.")
    return Filter(**values, errors=errors)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def found(asked: Filter) -> "QuerySet[AuditEvent]":
    """Events that ``asked`` names; none when a part of it cannot be understood."""
    rows = AuditEvent.objects.order_by("-id")
    if asked.errors:
        return rows.none()
    if asked.who:
        rows = rows.filter(actor_id=User.objects.get(username=asked.who).pk)
    if asked.verb:
        rows = rows.filter(verb__startswith=asked.verb)
    if asked.subject:
        kind, _blank, key = asked.subject.partition(" ")
        rows = rows.filter(subject_type=kind)
        rows = rows.filter(subject_id=key.strip()) if key.strip() else rows
    if since := _day(asked.since):
        rows = rows.filter(at__gte=_midnight(since))
    if until := _day(asked.until):
        rows = rows.filter(at__lt=_midnight(until + timedelta(days=1)))
    return rows


def _check(request: HttpRequest) -> User:
    user = person(request)
    if not user.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only administrators read the audit log."))
    return user


@require_GET
def events(request: HttpRequest) -> HttpResponse:
    """One page of events, the newest first."""
    _check(request)
    asked = read_filter(request.GET)
    page = page_of(request, found(asked), size=PAGE_EVENTS)
    people = User.objects.in_bulk({row.actor_id for row in page.rows if row.actor_id})
    rows = [
        {
            "event": row,
            "who": people.get(row.actor_id) if row.actor_id else None,
            "details": sorted(row.details.items()),
        }
        for row in page.rows
    ]
    words = {
        "who": (_("User name"), "text", "ann"),
        "verb": (_("Verb, its beginning"), "text", "case."),
        "subject": (_("Type, and key"), "text", "cases.case 12"),
        "since": (_("From"), "date", ""),
        "until": (_("Until"), "date", ""),
    }
    fields = [
        {
            "name": name,
            "label": label,
            # A browser empties a date field that holds no date; what was typed is to come back.
            "type": "text" if name in asked.errors else kind,
            "value": getattr(asked, name),
            "placeholder": example,
            "error": asked.errors.get(name, ""),
        }
        for name, (label, kind, example) in words.items()
    ]
    context = {
        "page": page,
        "rows": rows,
        "asked": asked,
        "fields": fields,
        "filters": [(field["name"], field["value"]) for field in fields],
    }
    return render(request, "audit/events.html", context, status=422 if asked.errors else 200)


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@require_POST
@transaction.atomic
def events_csv(request: HttpRequest) -> HttpResponse:
    """The events of a filter as CSV; that somebody took them along is an event, too."""
    user = _check(request)
    asked = read_filter(request.POST)
    rows = list(found(asked)[:MOST_EXPORTED])
    names = dict(User.objects.values_list("pk", "username"))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["at", "user", "verb", "object", "key", "details"])
    for row in rows:
        who = names.get(row.actor_id, str(row.actor_id)) if row.actor_id else ""
        writer.writerow(
            [
                row.at.isoformat(),
                _plain(who),
                row.verb,
                row.subject_type,
                row.subject_id,
                json.dumps(row.details, ensure_ascii=False, sort_keys=True),
            ]
        )
    record("audit.export", user, by=user, rows=len(rows), narrowed=not asked.is_empty)
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    response["Cache-Control"] = "no-store"
    return response
