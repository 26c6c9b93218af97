"""Who has a case open now: keys with a time to live in the broker, and no rows.

One sorted set for each case holds ``<person>:<window>`` with the second at which it ends. Without a broker,
or with one that does not answer, nobody is seen: presence is a kindness, and no page may fail for it.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from cases.models import Case
from cases.permissions import user_can_edit_case
from cases.policies import case_is_blinded
from medweb.accounts.models import Role, RoleGrant, User
from medweb.live.publish import client, publish

log = logging.getLogger("cases.presence")
BEAT_SECONDS = 20
"""How often a page that is looked at says so."""
LATE_SECONDS = 120
"""How often it tries while the broker is silent."""
STAYS_SECONDS = 50
"""How long a window counts after its last word: two beats may get lost."""
MOST_NAMED = 10
"""Names in one answer; a crowd is told as a number."""
MOST_WINDOWS = 8
"""Windows of one person on one case; the ones that were heard of longest ago go first."""
MOST_ANSWERED = 1000
PACE = 60
"""Beats a minute of one person, all windows together."""


class TooFast(Exception):
    """More beats than :data:`PACE`."""


@dataclass(frozen=True)
class Company:
    """Who else is there, as one reader may know it."""

    people: tuple[User, ...] = ()
    more: int = 0
    """Others that may be known, beyond ``people``."""
    windows: int = 0
    """Other windows of the reader."""
    beat_seconds: int = BEAT_SECONDS
    """When to say so again; 0: never, there is no broker."""


def editors_of(case: Case) -> QuerySet[User]:
    """Who may edit ``case``: what :func:`cases.permissions.check_user_can_edit_case` says, as a query."""
    grants = RoleGrant.objects.filter(user=OuterRef("pk"))
    author = Q(pk=case.author_id) & Exists(grants.filter(role=Role.INSTRUCTOR))
    return User.objects.filter(author | Exists(grants.filter(role=Role.ADMINISTRATOR)), is_active=True)


def beat(*, case: Case, reader: User, window: str) -> Company:
    """Say that ``reader`` looks at ``case`` in ``window``, and learn who else does.

    Raises
    ------
    TooFast
        The person's windows say so more often than :data:`PACE`.
    """
    if not settings.REDIS_URL:
        return Company(beat_seconds=0)
    now = time.time()
    key, pace, member = _key(case), f"medweb:presence:pace:{reader.pk}", f"{reader.pk}:{window}"
    try:
        with client().pipeline() as pipe:
            pipe.set(pace, 0, ex=60, nx=True)
            pipe.incr(pace)
            asked = pipe.execute()[1]
        if asked > PACE:
            raise TooFast
        with client().pipeline() as pipe:
            pipe.zremrangebyscore(key, "-inf", now)
            pipe.zadd(key, {member: now + STAYS_SECONDS})
            pipe.expire(key, STAYS_SECONDS)
            # From the one heard of last: who is cut off in a crowd went quiet first.
            pipe.zrevrange(key, 0, MOST_ANSWERED - 1)
            _gone, came, _set, found = pipe.execute()
        members = [text.decode() for text in found]
        own = [text for text in members if text.startswith(f"{reader.pk}:")]
        if len(own) > MOST_WINDOWS:
            client().zrem(key, *own[MOST_WINDOWS:])
            members = [text for text in members if text not in own[MOST_WINDOWS:]]
    except redis.RedisError as error:
        log.info("Nobody is seen (%s)", type(error).__name__)
        return Company(beat_seconds=LATE_SECONDS)
    if came:
        _tell(case, reader, [text for text in members if text != member])
    return _seen(case, reader, members)


def leave(*, case: Case, reader: User, window: str) -> None:
    """Say that ``reader`` has closed ``window``."""
    if not settings.REDIS_URL:
        return
    try:
        with client().pipeline() as pipe:
            pipe.zrem(_key(case), f"{reader.pk}:{window}")
            pipe.zrangebyscore(_key(case), time.time(), "+inf", start=0, num=MOST_ANSWERED)
            left, found = pipe.execute()
    except redis.RedisError as error:
        log.info("Nobody is seen (%s)", type(error).__name__)
        return
    if left:
        _tell(case, reader, [text.decode() for text in found])


def _key(case: Case) -> str:
    return f"medweb:presence:case:{case.pk}"


def _people_of(members: Iterable[str]) -> set[int]:
    return {int(text.partition(":")[0]) for text in members}


def _tell(case: Case, about: User, members: list[str]) -> None:
    """A window of ``about`` came or went: nudge those of ``members`` who may know, and nobody else.

    The topic of the case reaches every reader: a student would learn from it when another one comes.
    """
    others = _people_of(members)
    if about.pk in others:
        # One window more or less of somebody who is there anyway.
        publish(f"user:{about.pk}", "presence-changed", case=case.pk)
        return
    if not others:
        return
    if case_is_blinded(case.pk):
        # When somebody comes and what is handed in then tell together who it was.
        told = editors_of(case).filter(pk__in=others, role_grants__role=Role.ADMINISTRATOR).distinct()
        for editor in told.values_list("pk", flat=True):
            publish(f"user:{editor}", "presence-changed", case=case.pk)
        return
    if user_can_edit_case(about, case):
        publish(f"case:{case.pk}", "presence-changed", case=case.pk)
        return
    for editor in editors_of(case).filter(pk__in=others).values_list("pk", flat=True):
        publish(f"user:{editor}", "presence-changed", case=case.pk)


def _seen(case: Case, reader: User, members: list[str]) -> Company:
    """What ``reader`` may know: editors see everybody, everybody sees editors and windows of their own."""
    windows = sum(text.startswith(f"{reader.pk}:") for text in members) - 1
    others = _people_of(members) - {reader.pk}
    if not others:
        return Company(windows=max(windows, 0))
    if case_is_blinded(case.pk) and not reader.has_role(Role.ADMINISTRATOR):
        return Company(windows=max(windows, 0))
    may_all = user_can_edit_case(reader, case)
    known = User.objects.filter(is_active=True) if may_all else editors_of(case)
    known = known.filter(pk__in=others)
    people = tuple(known.order_by("pk")[: MOST_NAMED + 1])
    more = known.count() - MOST_NAMED if len(people) > MOST_NAMED else 0
    return Company(people[:MOST_NAMED], more, max(windows, 0))
