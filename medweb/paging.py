"""Keyset pages: the same cost on page one thousand as on page one."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

M = TypeVar("M", bound=Model)


class KeysetPagination(CursorPagination):
    """Newest first; ``?cursor=`` from the answer's ``next`` and ``previous``, ``?page_size=`` up to 100."""

    ordering: str | tuple[str, ...] = "-id"
    page_size_query_param = "page_size"
    max_page_size = 100

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """One page; a cursor whose position does not fit the column is as damaged as any other."""
        position = self._position(request)
        try:
            if "\0" in position:
                raise ValueError("PostgreSQL takes no NUL in a text")
            return super().paginate_queryset(queryset, request, view)
        # A date that is none is Django's ValidationError, which is no ValueError.
        except (ValueError, ValidationError) as error:
            if not position:
                raise
            raise NotFound(self.invalid_cursor_message) from error

    def _position(self, request: Request) -> str:
        cursor = self.decode_cursor(request)
        return str(cursor.position or "") if cursor else ""


@dataclass(frozen=True)
class Page(Generic[M]):
    """Rows of one page and the addresses of its neighbours, for templates."""

    rows: list[M]
    next_url: str | None
    previous_url: str | None


def page_of(
    request: HttpRequest, rows: "QuerySet[M, Any]", *, size: int = 24, ordering: tuple[str, ...] = ("-id",)
) -> Page[M]:
    """One keyset page of ``rows`` for an HTML view; a damaged cursor raises DRF's NotFound as 404."""
    pager = KeysetPagination()
    pager.page_size, pager.ordering = size, ordering
    try:
        found = pager.paginate_queryset(rows, Request(request))
    except NotFound as error:
        raise Http404 from error
    return Page(list(found or []), _relative(pager.get_next_link()), _relative(pager.get_previous_link()))


def _relative(url: str | None) -> str | None:
    """Path and query only: behind a proxy the absolute address may name the wrong host."""
    if url is None:
        return None
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
