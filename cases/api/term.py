"""Coded terms in the API."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from cases.api.case_serializers import FoundTermSerializer
from cases.enums import TermSystem
from cases.models import Term
from cases.services import term_search
from medweb.accounts.current import person


class TermList(generics.ListAPIView[Term]):
    """Coded terms; with ``q`` the nearest ones, by the beginning of any word, synonym or code."""

    serializer_class = FoundTermSerializer
    queryset = Term.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        rows = Term.objects.visible_to(person(self.request)).prefetch_related("words")
        if systems := self._systems():
            rows = rows.filter(system__in=systems)
        return rows

    def _systems(self) -> list[str]:
        return [one for one in self.request.query_params.getlist("system") if one in TermSystem.values]

    @extend_schema(
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="What somebody types"),
            OpenApiParameter("system", OpenApiTypes.STR, enum=TermSystem.values, many=True),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        # PostgreSQL takes no NUL in a text, not even to look for.
        query = request.query_params.get("q", "").replace("\0", "")
        if not query.strip():
            return super().get(request, *args, **kwargs)
        asked = request.query_params.get("page_size", "")
        most = min(int(asked), term_search.MOST_FOUND) if asked.isdecimal() and len(asked) < 4 else 12
        found = term_search.find(query, user=person(request), systems=self._systems(), most=most)
        return Response(
            {"next": None, "previous": None, "results": FoundTermSerializer(found, many=True).data}
        )
