"""Reading rights of what pages ask for hundreds of times, with SQL that is built once.

The rules are those of :mod:`cases.querysets` and nowhere else. Building their SQL took two thirds of the time
in which one image was served, and a stack asks for a hundred.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.db import models

from cases.models import Annotation, Case, Frame, Series
from medweb.accounts.models import User
from medweb.prepared import Prepared, Slot


class Asker(Slot):
    """Stands for an active person of certain roles in ``visible_to``; the number comes with each question.

    What else such a rule might ask of a person is not here: it then fails, instead of being kept for another.

    Parameters
    ----------
    roles : frozenset of str
    """

    is_active = True

    def __init__(self, roles: frozenset[str]) -> None:
        super().__init__("reader", models.BigIntegerField())
        self._roles = roles

    def has_role(self, *roles: str) -> bool:
        """Whether such a person holds one of ``roles``."""
        return not self._roles.isdisjoint(roles)


class _Asked:
    """One question about a row by its key, built once for each set of roles."""

    def __init__(self, build: Callable[[Any, Slot], "models.QuerySet[Any, Any]"]) -> None:
        self._build = build
        # There are as many sets of roles as the few roles allow.
        self._of = functools.cache(self._prepare)

    def _prepare(self, roles: frozenset[str]) -> Prepared:
        return Prepared(lambda: self._build(Asker(roles), Slot("pk", models.BigIntegerField())))

    def first(self, user: User, pk: int) -> Any:
        """The row as a tuple, or ``None`` where this person sees none."""
        return self._of(user.roles).first(reader=user.pk, pk=pk) if user.is_active and user.pk else None


_case = _Asked(lambda reader, pk: Case.objects.visible_to(reader).filter(pk=pk).order_by().values_list("pk"))
_annotation = _Asked(
    lambda reader, pk: Annotation.objects.visible_to(reader).filter(pk=pk).order_by().values_list("pk")
)
# What waits at the desk is shown there and nowhere else, to its editors neither: the answers that carry these
# bytes are kept by browsers for a year.
_frame = _Asked(
    lambda reader, pk: (
        Frame.objects.filter(pk=pk, series__in=Series.objects.visible_to(reader).cleared())
        .order_by()
        .values_list("digest", "preview_digest")
    )
)


def sees_case(user: User, pk: int) -> bool:
    """Whether the case is one of ``Case.objects.visible_to(user)``."""
    return _case.first(user, pk) is not None


def sees_annotation(user: User, pk: int) -> bool:
    """Whether the layer is one of ``Annotation.objects.visible_to(user)``."""
    return _annotation.first(user, pk) is not None


def frame_digests(user: User, pk: int) -> tuple[str, str] | None:
    """Digests of the pixels and of the preview of a frame that may be shown to ``user``; else ``None``."""
    found: tuple[str, str] | None = _frame.first(user, pk)
    return found
