"""Keyset pages in any order: by several columns, where many rows may share the first.

The pages of Django REST framework go on from one value and count the rows that share it; a list by modality
has thousands of those.
"""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest

from medweb.paging import Page

M = TypeVar("M", bound=Model)
# A title has 200 characters, each of up to twelve in JSON.
LONGEST = 4_000


def _after(ordering: tuple[str, ...], values: list[Any], *, back: bool) -> Q:
    """Rows behind (or, going back, before) the one that has ``values`` in the columns of ``ordering``.

    The first column is told twice: by itself, so that an index on it is used, and with those that follow.
    """
    condition, same = Q(), Q()
    for name, value in zip(ordering, values, strict=True):
        column = name.removeprefix("-")
        smaller = name.startswith("-") != back
        condition |= same & Q(**{f"{column}__{'lt' if smaller else 'gt'}": value})
        same &= Q(**{column: value})
    first = ordering[0].removeprefix("-")
    side = "lte" if ordering[0].startswith("-") != back else "gte"
    return Q(**{f"{first}__{side}": values[0]}) & condition


def _turned(ordering: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in ordering)


def _written(row: Any, part: int, ordering: tuple[str, ...], *, back: bool) -> str:
    values = [getattr(row, name.removeprefix("-")) for name in ordering]
    told = [{"t": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    text = json.dumps([int(back), part, *told], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(text: str, parts: int, ordering: tuple[str, ...]) -> tuple[bool, int, list[Any]]:
    """The place a cursor names; 404 for one that is damaged or belongs to another order."""
    try:
        if len(text) > LONGEST:
            raise ValueError("too long")
        back, part, *told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if len(told) != len(ordering) or back not in (0, 1) or part not in range(parts):
            raise ValueError("another order")
        values = [datetime.fromisoformat(one["t"]) if isinstance(one, dict) else one for one in told]
        for value in values:
            if not isinstance(value, str | int | datetime):
                raise TypeError("neither words nor numbers")
            if isinstance(value, str) and "\0" in value:
                raise ValueError("PostgreSQL takes no NUL in a text")
            if isinstance(value, int) and abs(value) > 2**62:
                raise ValueError("no database has such a number")
            if isinstance(value, datetime) and value.tzinfo is None:
                raise ValueError("a time of no place")
    except (ValueError, TypeError, KeyError) as error:
        raise Http404 from error
    return bool(back), part, values


def ordered_page(
    request: HttpRequest,
    parts: "Sequence[QuerySet[M, Any]]",
    *,
    ordering: tuple[str, ...],
    size: int = 24,
) -> Page[M]:
    """One page of rows in the order of several columns; a damaged cursor is 404.

    Parameters
    ----------
    parts : sequence of QuerySet
        Listed one after the other, each in the order of ``ordering``; no row is in two of them.
    ordering : tuple of str
        Columns or annotations, ``-`` before what begins with the largest; together they are unique.
    """
    cursor = request.GET.get("cursor", "")
    back, at, values = _read(cursor, len(parts), ordering) if cursor else (False, 0, [])
    found: list[tuple[M, int]] = []
    for part in range(at, -1, -1) if back else range(at, len(parts)):
        rows = parts[part].order_by(*(_turned(ordering) if back else ordering))
        if values and part == at:
            rows = rows.filter(_after(ordering, values, back=back))
        try:
            found += [(row, part) for row in rows[: size + 1 - len(found)]]
        except (ValueError, TypeError, ValidationError) as error:
            raise Http404 from error
        if len(found) > size:
            break
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()

    def address(place: tuple[M, int], *, back: bool) -> str:
        query = request.GET.copy()
        query["cursor"] = _written(*place, ordering, back=back)
        return f"{request.path}?{query.urlencode()}"

    following, leading = (bool(values), more) if back else (more, bool(values))
    return Page(
        [row for row, _part in found],
        address(found[-1], back=False) if found and following else None,
        address(found[0], back=True) if found and leading else None,
    )
