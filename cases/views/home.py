"""Where a person starts: what waits for them, by their roles."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from cases.enums import AnnotationStatus, CaseStatus, ReadingStage
from cases.models import Annotation, Case, Notice, Reading, Remark, Visit
from cases.names import author_shown
from cases.services import storage
from cases.telling import told
from cases.veil import cover
from cases.views import case_reviews, desk, moderation
from cases.views.library import attach_covers, for_cards
from medweb.accounts.current import person
from medweb.accounts.models import Role, User
from medweb.jobs.models import Job, State
from medweb.navigation import live_url

MOST_ROWS = 5
MOST_CARDS = 6


@dataclass(frozen=True)
class Line:
    """One thing that waits."""

    title: str
    url: str
    text: str = ""
    badge: str = ""


@dataclass(frozen=True)
class Waiting:
    """A card of the start page: how much waits, the first few, and where the rest is."""

    key: str
    title: str
    icon: str
    count: int
    lines: list[Line]
    empty: str
    url: str = ""
    label: str = field(default="")


def _case_url(pk: int) -> str:
    return reverse("cases:case", args=[pk])


def _case_lines(rows: "QuerySet[Case]", user: User, url_name: str = "cases:case") -> list[Line]:
    found = cover(list(rows[:MOST_ROWS]), user)
    return [
        Line(one.title, reverse(url_name, args=[one.pk]), str(one.get_body_region_display())) for one in found
    ]


def _reading(user: User) -> Waiting:
    """Unknowns that were begun and not read to their end."""
    rows = Reading.objects.filter(user=user, stage__lt=ReadingStage.EVERYTHING)
    rows = rows.filter(case__in=Case.objects.visible_to(user).order_by()).select_related("case")
    found = list(rows[:MOST_ROWS])
    cover([one.case for one in found], user)
    lines = [
        Line(
            one.case.title,
            _case_url(one.case_id),
            _("read so far: %(stage)s") % {"stage": one.get_stage_display()},
        )
        for one in found
    ]
    empty = _("Read a case as an unknown: images first, the answer when you ask for it.")
    return Waiting(
        "reading",
        _("Go on reading"),
        "eye",
        rows.count(),
        lines,
        empty,
        reverse("cases:library"),
        _("To the library"),
    )


def _opened(user: User) -> Waiting:
    """Cases that one had open last."""
    rows = Visit.objects.filter(user=user, case__in=Case.objects.visible_to(user).order_by())
    found = list(rows.select_related("case")[:MOST_ROWS])
    cover([one.case for one in found], user)
    lines = [
        Line(one.case.title, _case_url(one.case_id), str(one.case.get_body_region_display())) for one in found
    ]
    empty = _("Cases that you open are listed here; only you see that.")
    return Waiting(
        "opened", _("Looked at last"), "history", rows.count(), lines, empty,
        reverse("cases:history"), _("All of them"),
    )  # fmt: skip


def _layers(user: User) -> Waiting:
    """One's own layers that came back or were not handed in."""
    rows = Annotation.objects.visible_to(user).filter(author=user, is_reference=False)
    rows = rows.filter(status__in=(AnnotationStatus.RETURNED, AnnotationStatus.DRAFT))
    # What was returned asks for something; "returned" comes after "draft" by its letters.
    found = list(rows.select_related("series__case").order_by("-status", "-modified_at", "-id")[:MOST_ROWS])
    cover([one.series.case for one in found], user)
    lines = [
        Line(
            one.series.case.title,
            f"{_case_url(one.series.case_id)}?series={one.series_id}",
            str(one.series),
            str(one.get_status_display()),
        )
        for one in found
    ]
    empty = _("Draw on a case; what is not handed in waits here.")
    return Waiting("layers", _("My drawings"), "annotation", rows.count(), lines, empty)


def _notices(user: User) -> Waiting:
    rows = Notice.objects.visible_to(user).unread().select_related("case", "by")
    lines = [
        Line(one.sentence, reverse("cases:notice", args=[one.notice.pk]), one.title)
        for one in told(list(rows[:MOST_ROWS]), user)
    ]
    empty = _("You are told here when somebody names or answers you.")
    return Waiting(
        "notices",
        _("New notices"),
        "bell",
        rows.count(),
        lines,
        empty,
        reverse("cases:notices"),
        _("All notices"),
    )


def _questions(rows: "QuerySet[Remark]", key: str, title: str, empty: str, user: User) -> Waiting:
    open_ones = rows.select_related("case", "author").order_by("id")
    found = list(open_ones[:MOST_ROWS])
    cover([one.case for one in found], user)
    lines = [
        Line(
            " ".join(one.text.split())[:120],
            f"{reverse('cases:talk', args=[one.case_id])}?thread={one.pk}",
            f"{one.author} · {one.case.title}",
        )
        for one in found
    ]
    return Waiting(key, title, "question", rows.count(), lines, empty)


def _of_everybody(user: User) -> list[Waiting]:
    mine = Remark.objects.visible_to(user).open_questions().filter(author=user)
    empty = _("Ask below a case what you do not understand.")
    return [
        _reading(user),
        _notices(user),
        _layers(user),
        _opened(user),
        _questions(mine, "asked", _("My open questions"), empty, user),
    ]


def _of_authors(user: User) -> list[Waiting]:
    own = Case.objects.filter(author=user)
    drafts = own.filter(status=CaseStatus.DRAFT).order_by("-modified_at", "-id")
    library = reverse("cases:library")
    asked = Remark.objects.visible_to(user).open_questions().filter(case__author=user).exclude(author=user)
    return [
        Waiting(
            "drafts", _("My drafts"), "edit", drafts.count(), _case_lines(drafts, user),
            _("A case that you begin stays here until it is published."),
            f"{library}?mine=1&status=draft", _("All my drafts"),
        ),
        _handed_in(user),
        _questions(asked, "questions", _("Questions on my cases"), _("No reader waits for an answer."), user),
        *_in_review(user),
        _looked_after(user),
    ]  # fmt: skip


def _in_review(user: User) -> list[Waiting]:
    """Cases on their way to publication, by for whom they wait."""
    cards = (
        (
            "waiting",
            _("Cases to review"),
            "review",
            _("Cases that colleagues hand in come here."),
            "cases:case-review",
        ),
        ("returned", _("Returned to me"), "arrow-left", _("No case was returned to you."), "cases:case-edit"),
        ("mine", _("My cases in review"), "clock", _("None of your cases is in review."), "cases:case"),
        ("due", _("Due for another look"), "calendar", _("No published case of yours is due."), "cases:case"),
    )
    made = []
    for name, title, icon, empty, leads_to in cards:
        rows = case_reviews.listed(user, name).order_by("-modified_at", "-id")
        url = f"{reverse('cases:case-reviews')}?show={name}"
        lines = _case_lines(rows, user, leads_to)
        made.append(Waiting(f"cases-{name}", title, icon, rows.count(), lines, empty, url, _("All of them")))
    return made


def _handed_in(user: User) -> Waiting:
    rows = Annotation.objects.reviewable_by(user).waiting()
    found = rows.with_readers().select_related("author", "series__case").order_by("submitted_at", "id")
    lines = [
        Line(one.series.case.title, reverse("cases:layer", args=[one.pk]), author_shown(one, user))
        for one in found[:MOST_ROWS]
    ]
    empty = _("Layers that readers hand in on your cases come here.")
    return Waiting(
        "review", _("Layers to review"), "annotation", rows.count(), lines, empty,
        reverse("cases:reviews"), _("All layers"),
    )  # fmt: skip


def _looked_after(user: User) -> Waiting:
    """What has a page of its own: the desk and the moderation, as numbers."""
    held, reported = desk.count(user), moderation.waiting(user)
    lines = []
    if held:
        words = ngettext("%(n)d series waits at the desk", "%(n)d series wait at the desk", held)
        lines.append(Line(words % {"n": held}, reverse("cases:desk")))
    if reported:
        words = ngettext("%(n)d remark was reported", "%(n)d remarks were reported", reported)
        lines.append(Line(words % {"n": reported}, reverse("cases:moderation")))
    return Waiting(
        "care",
        _("To look after"),
        "shield",
        held + reported,
        lines,
        _("Nothing waits at the desk or was reported."),
    )


def _of_staff(user: User) -> list[Waiting]:
    counts = dict(Job.objects.visible_to(user).order_by().values_list("state").annotate(n=Count("pk")))
    lines = [
        Line(str(label), f"{reverse('jobs:jobs')}?state={value}", "", str(counts[value]))
        for value, label in State.choices
        if value in (State.QUEUED, State.RUNNING, State.FAILED) and value in counts
    ]
    active = sum(counts.get(state, 0) for state in (State.QUEUED, State.RUNNING))
    return [
        Waiting(
            "jobs", _("Jobs"), "jobs", active, lines, _("No job waits, runs or has failed."),
            reverse("jobs:jobs"), _("All jobs"),
        )
    ]  # fmt: skip


def _new_for(user: User) -> list[Case]:
    """The newest cases of others that ``user`` has neither opened nor begun to read or to draw on."""
    drawn = Annotation.objects.filter(series__case=OuterRef("pk"), author=user).order_by()
    begun = Reading.objects.filter(case=OuterRef("pk"), user=user).order_by()
    rows = Case.objects.visible_to(user).filter(status=CaseStatus.PUBLISHED).exclude(author=user)
    opened = Visit.objects.filter(case=OuterRef("pk"), user=user).order_by()
    rows = rows.filter(~Exists(drawn), ~Exists(begun), ~Exists(opened)).order_by("-created_at", "-id")
    found = list(for_cards(rows)[:MOST_CARDS])
    attach_covers(found)
    return cover(found, user)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits for this person; empty cards say what would be there."""
    user = person(request)
    sections = []
    if user.has_role(Role.INSTRUCTOR, Role.ADMINISTRATOR):
        sections += _of_authors(user)
    sections += _of_everybody(user)
    cares = user.has_role(Role.STAFF, Role.ADMINISTRATOR)
    if cares:
        sections = _of_staff(user) + sections
    context: dict[str, Any] = {
        "waiting": [one for one in sections if one.count],
        "quiet": [one for one in sections if not one.count],
        "new_cases": _new_for(user),
        "cares": cares,
        "storage": storage.in_short() if cares else None,
        "sees_models": user.has_role(Role.INSTRUCTOR, Role.STAFF, Role.ADMINISTRATOR),
        "live_url": live_url(f"user:{user.pk}"),
    }
    return render(request, "cases/home.html", context)
