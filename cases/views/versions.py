"""What the text of a case was, who changed it, and bringing it back."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Field
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases.differences import Piece, differences, shortened
from cases.enums import CaseStatus, label_of
from cases.errors import StaleRevision
from cases.models import Case, CaseVersion
from cases.permissions import check_user_can_see_versions, user_can_edit_case
from cases.services import versions as services
from cases.views.case import stored_case
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.paging import page_of

PAGE_ROWS = 30
LISTED = {"authors": " – ", "references": " · "}


@dataclass(frozen=True)
class Change:
    """A section whose text differs between two versions."""

    label: str
    pieces: list[Piece]


def _case(request: HttpRequest, pk: int) -> tuple[User, Case]:
    user = person(request)
    case = stored_case(user, pk)
    check_user_can_see_versions(user, case)
    return user, case


def _column(name: str) -> "Field[Any, Any]":
    found = Case._meta.get_field(name)
    assert isinstance(found, Field)
    return found


def words_of(version: CaseVersion | None) -> dict[str, str]:
    """Each section of a version as text that can be compared."""
    found = {}
    for name, value in (version.fields if version is not None else {}).items():
        if name == "diagnosis":
            found[name] = f"{value['display']} ({value['system']} {value['code']})" if value else ""
        elif name in LISTED:
            lines = (LISTED[name].join(part for part in row.values() if part) for row in value)
            found[name] = "\n".join(lines)
        elif isinstance(value, bool):
            found[name] = _("yes") if value else _("no")
        else:
            labels = {str(key): str(label) for key, label in _column(name).flatchoices}
            found[name] = labels.get(str(value), str(value))
    return found


def label_of_field(name: str) -> str:
    names = {"authors": _("Authors"), "references": _("References")}
    return names.get(name) or capfirst(str(_column(name).verbose_name))


def changes(before: CaseVersion | None, after: CaseVersion) -> list[Change]:
    """Sections that differ, in the order of the text; of a first version those that have one."""
    old, new = words_of(before), words_of(after)
    return [
        Change(label_of_field(name), shortened(differences(old.get(name, ""), new.get(name, ""))))
        for name in {**new, **old}
        if old.get(name, "") != new.get(name, "")
    ]


@require_GET
def case_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Saves of a case, the latest first, each with the sections that it changed."""
    user, case = _case(request, pk)
    page = page_of(request, case.versions.select_related("saved_by"), size=PAGE_ROWS, ordering=("-number",))
    rows = []
    if page.rows:
        before = case.versions.filter(number__lt=page.rows[-1].number).order_by("-number").first()
        for after, earlier in zip(page.rows, [*page.rows[1:], before], strict=True):
            old, new = words_of(earlier), words_of(after)
            names = [label_of_field(n) for n in {**new, **old} if old.get(n, "") != new.get(n, "")]
            rows.append(
                {
                    "version": after,
                    "changed": names if earlier is not None else [],
                    "status": label_of(CaseStatus, after.status),
                }
            )
    context: dict[str, Any] = {
        "case": case,
        "page": page,
        "rows": rows,
        "latest": case.versions.order_by("-number").values_list("number", flat=True).first(),
        "can_edit": user_can_edit_case(user, case),
    }
    return render(request, "cases/versions.html", context)


@require_GET
def case_version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One version: what it changed, or with ``?with=now`` what was changed since."""
    user, case = _case(request, pk)
    version = get_object_or_404(case.versions.select_related("saved_by"), number=number)
    latest = case.versions.order_by("-number")[0]
    against_now = request.GET.get("with") == "now" and latest.number != number
    if against_now:
        found = changes(version, latest)
    else:
        found = changes(case.versions.filter(number__lt=number).order_by("-number").first(), version)
    context = {
        "case": case,
        "version": version,
        "is_latest": latest.number == number,
        "against_now": against_now,
        "changes": found,
        "earlier": case.versions.filter(number__lt=number).order_by("-number").first(),
        "later": case.versions.filter(number__gt=number).order_by("number").first(),
        "can_edit": user_can_edit_case(user, case),
    }
    return render(request, "cases/version.html", context)


@require_POST
def case_version_restore(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Bring the text of a version back, as a save of its own."""
    user, case = _case(request, pk)
    sent = request.POST.get("revision", "")
    revision = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 10 else 0
    try:
        services.restore(case=case, revision=revision, number=number, by=user)
    except StaleRevision:
        messages.error(request, _("The case was saved meanwhile; look at its latest version first."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request, _("The text of version %(number)d is back, as a new version.") % {"number": number}
        )
    return redirect("cases:case-versions", pk=pk)
