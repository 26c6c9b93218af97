"""Names in a text: ``@ann`` tells ann."""

import re

from django.db.models import Q, QuerySet

from cases.enums import CaseStatus, Visibility
from cases.models import Case
from cases.talk_querysets import cases_with_talk
from medweb.accounts.models import Role, User

# What a user name may hold; an address of e-mail names nobody.
_NAME = re.compile(r"(?<![\w@.+-])@([\w.+-][\w@.+-]{0,149})")
MOST_NAMES = 20
MOST_OFFERED = 8
# How many rows are looked at for those that are offered.
_LOOKED_AT = 40


def names_in(text: str) -> list[str]:
    """User names that a text mentions, each once, in order; at most :data:`MOST_NAMES`.

    Examples
    --------
    >>> names_in("@ann, ask @bob-2. Not me@example.org, @ann.")
    ['ann', 'bob-2']
    """
    found = (match.rstrip(".-+@") for match in _NAME.findall(text))
    return list(dict.fromkeys(name for name in found if name))[:MOST_NAMES]


def _candidates(case: Case) -> "QuerySet[User]":
    """People who may see ``case``, and perhaps some more; each is asked for once more."""
    people = User.objects.filter(is_active=True)
    closed = case.collections.filter(visibility=Visibility.MEMBERS)
    known = Q(pk=case.author_id) | Q(role_grants__role=Role.ADMINISTRATOR)
    if case.status == CaseStatus.IN_REVIEW:
        known |= Q(role_grants__role=Role.INSTRUCTOR)
    elif case.status != CaseStatus.DRAFT:
        if not closed.exists():
            return people
        known |= Q(pk__in=closed.values("members")) | Q(pk__in=closed.values("owner"))
    return people.filter(pk__in=User.objects.filter(known).order_by().values("pk"))


def _hearing(people: list[User], case: Case, most: int) -> list[User]:
    found: list[User] = []
    for user in people:
        if len(found) == most:
            break
        if cases_with_talk(user).filter(pk=case.pk).exists():
            found.append(user)
    return found


def named_in(text: str, case: Case) -> list[User]:
    """People whom a text about ``case`` mentions and who may read it."""
    names = names_in(text)
    if not names:
        return []
    return _hearing(list(_candidates(case).filter(username__in=names)), case, MOST_NAMES)


def people_to_name(case: Case, begun: str, *, by: User) -> list[User]:
    """People whose name begins so and who may read the talk of ``case``, for the list below the field."""
    people = _candidates(case).exclude(pk=by.pk)
    if begun:
        fits = Q(username__istartswith=begun) | Q(display_name__istartswith=begun)
        people = people.filter(fits | Q(display_name__icontains=f" {begun}"))
    return _hearing(list(people.order_by("username")[:_LOOKED_AT]), case, MOST_OFFERED)
