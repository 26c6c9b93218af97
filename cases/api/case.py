"""Cases in the API."""

from typing import Any

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.case_serializers import CaseDetailSerializer, CasePatchSerializer
from cases.api.serializers import CaseSerializer
from cases.enums import BodyRegion, Level, Modality
from cases.errors import StaleRevision
from cases.models import Case, Series
from cases.search import matching
from cases.services import cases as services
from cases.services import credits
from cases.veil import cover, covered
from medweb.accounts.current import person
from medweb.errors import Problem


def stored_case(request: Request, pk: int) -> Case:
    """The whole row: to write it, never to show it to its readers."""
    rows = Case.objects.visible_to(person(request)).select_related("author", "diagnosis")
    return get_object_or_404(rows, pk=pk)


def visible_case(request: Request, pk: int) -> Case:
    """What the asking person may see of a case now; of an unknown only what was asked for."""
    return covered(stored_case(request, pk), person(request))


def service_fields(data: dict[str, Any]) -> dict[str, Any]:
    """Validated request data in the names of the service."""
    written = (*services.TEXT_FIELDS, *credits.ROW_FIELDS, "diagnosis_text", "diagnosis_term")
    fields = {name: value for name, value in data.items() if name in written}
    if "differentials" in fields:
        rows = fields["differentials"]
        fields["differentials"] = [{"text": row.get("text"), "term": row.get("term_id")} for row in rows]
    return fields


class CaseList(generics.ListAPIView[Case]):
    """Cases you may see, newest first."""

    serializer_class = CaseSerializer
    queryset = Case.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        query = self.request.query_params
        rows = Case.objects.visible_to(person(self.request))
        for name, choices in (("modality", Modality), ("body_region", BodyRegion), ("level", Level)):
            if asked := query.getlist(name):
                values = [value for value in asked if value in choices.values]
                rows = rows.filter(**{f"{name}__in": values})
        found = matching(rows, query.get("q", "")[:200], person(self.request))
        # Of a series only its number is told, and a row holds the header of its first file.
        series = Prefetch("series", Series.objects.only("case", "clearance"))
        return found.select_related("author", "diagnosis").prefetch_related(series)

    def paginate_queryset(self, queryset):  # type: ignore[no-untyped-def]
        page = super().paginate_queryset(queryset)
        return cover(page, person(self.request)) if page is not None else None

    @extend_schema(
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="Words to find in the text"),
            OpenApiParameter("modality", OpenApiTypes.STR, enum=Modality.values),
            OpenApiParameter("body_region", OpenApiTypes.STR, enum=BodyRegion.values),
            OpenApiParameter("level", OpenApiTypes.STR, enum=Level.values),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=CaseDetailSerializer, responses={201: CaseDetailSerializer})
    def post(self, request: Request) -> Response:
        """Make a draft; instructors and administrators."""
        data = CaseDetailSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        case = services.create(fields=service_fields(data.validated_data), by=person(request))
        return Response(CaseDetailSerializer(case).data, status=status.HTTP_201_CREATED)


class CaseDetail(APIView):
    @extend_schema(responses=CaseDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One case with the ids of its series."""
        return Response(CaseDetailSerializer(visible_case(request, pk)).data)

    @extend_schema(request=CasePatchSerializer, responses=CaseDetailSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change the text; 409 when ``revision`` is not the stored one."""
        case = stored_case(request, pk)
        data = CasePatchSerializer(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        if "revision" not in data.validated_data:
            raise Problem(
                400,
                "invalid",
                "revision: this field is required.",
                errors=[{"field": "revision", "message": "This field is required."}],
            )
        try:
            case = services.update(
                case=case,
                revision=data.validated_data["revision"],
                fields=service_fields(data.validated_data),
                by=person(request),
            )
        except StaleRevision as stale:
            raise Problem(
                409, "stale-revision", "Somebody saved in between.", current=stale.current
            ) from None
        return Response(CaseDetailSerializer(case).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete a case with its images."""
        services.delete(case=stored_case(request, pk), by=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class CasePublish(APIView):
    @extend_schema(request=None, responses=CaseDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Publish a complete draft."""
        case = services.publish_case(case=stored_case(request, pk), by=person(request))
        return Response(CaseDetailSerializer(case).data)


class CaseWithdraw(APIView):
    @extend_schema(request=None, responses=CaseDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Make a published case a draft again."""
        case = services.withdraw(case=stored_case(request, pk), by=person(request))
        return Response(CaseDetailSerializer(case).data)
