"""What the navigation shows to whom."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from medweb.accounts.models import Role, User

# label, URL name, icon, key after "g", roles (empty: everyone)
_ITEMS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("Library", "cases:library", "library", "l", ()),
    ("Home", "cases:home", "home", "h", ()),
    ("Collections", "cases:collections", "collection", "c", ()),
    ("New case", "cases:case-create", "plus", "n", (Role.INSTRUCTOR, Role.ADMINISTRATOR)),
    ("Desk", "cases:desk", "shield", "d", (Role.INSTRUCTOR, Role.ADMINISTRATOR)),
    ("Review", "cases:reviews", "review", "r", (Role.INSTRUCTOR, Role.ADMINISTRATOR)),
    ("Models", "analysis:models", "model", "m", (Role.INSTRUCTOR, Role.STAFF, Role.ADMINISTRATOR)),
    ("Jobs", "jobs:jobs", "jobs", "j", ()),
    ("People", "accounts:people", "people", "p", (Role.ADMINISTRATOR,)),
    ("Audit log", "audit:events", "history", "a", (Role.ADMINISTRATOR,)),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the items this person may use, the current one marked, and the live address."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": []}
    match = request.resolver_match
    here = match.view_name if match else ""
    labels = {
        "Library": _("Library"),
        "Home": _("Home"),
        "Collections": _("Collections"),
        "New case": _("New case"),
        "Desk": _("Desk"),
        "Review": _("Review"),
        "Models": _("Models"),
        "Jobs": _("Jobs"),
        "People": _("People"),
        "Audit log": _("Audit log"),
    }
    items = [
        {
            "label": labels[label],
            "url": reverse(name),
            "icon": icon,
            "key": key,
            "current": here == name,
            "count": _counts[name](user) if name in _counts else 0,
        }
        for label, name, icon, key, roles in _ITEMS
        if not roles or user.has_role(*roles)
    ]
    return {
        "navigation": items,
        # Asked by the template, so that fragments without the bell do not count.
        "notice_count": lambda: _counts["cases:notices"](user),
        "live_url": live_url(f"user:{user.pk}"),
        "role_labels": [str(Role(role).label) for role in Role.values if role in user.roles],
    }


_counts: dict[str, Callable[[User], int]] = {}


def counts(name: str) -> Callable[[Callable[[User], int]], Callable[[User], int]]:
    """Register how much waits for a person behind the item of a URL name; 0 shows nothing."""

    def register(function: Callable[[User], int]) -> Callable[[User], int]:
        _counts[name] = function
        return function

    return register


def live_url(*topics: str) -> str:
    """Address of the stream for these topics; a view that shows more puts its own into the context."""
    return f"{reverse('live:stream')}?topics={','.join(topics)}"
