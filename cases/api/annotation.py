"""Drawings in the API: the viewer saves here."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.serializers import (
    AnnotationSaveSerializer,
    AnnotationSerializer,
    AnnotationStartSerializer,
    AnnotationSubmitSerializer,
)
from cases.errors import StaleRevision
from cases.geometry.schema import GeometryError
from cases.models import Annotation, Series
from cases.quick import sees_annotation
from cases.services import annotations as services
from medweb.accounts.current import person
from medweb.errors import Problem


def body_of(request: Request) -> dict[str, Any]:
    """The request's object; its shapes stay raw, because the geometry schema names fields better than DRF."""
    if not isinstance(request.data, dict):
        raise ParseError("Send a JSON object.")
    return dict(request.data)


def whole(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
        message = "A whole number from 1 on is required."
        raise Problem(400, "invalid", f"{name}: {message}", errors=[{"field": name, "message": message}])
    return value


def geometry_problem(error: GeometryError) -> Problem:
    return Problem(
        400,
        "invalid-geometry",
        f"{error.field}: {error.message}",
        errors=[{"field": error.field, "message": error.message}],
    )


def stale(error: StaleRevision) -> Problem:
    return Problem(
        409, "stale-revision", "Somebody saved in between; nothing is lost.", current=error.current
    )


def layer_answer(request: Request, annotation: Annotation, code: int = status.HTTP_200_OK) -> Response:
    return Response(AnnotationSerializer(annotation, context={"request": request}).data, status=code)


class AnnotationList(generics.ListAPIView[Annotation]):
    """Layers you may see: yours, submitted references, and what was submitted to you."""

    serializer_class = AnnotationSerializer
    queryset = Annotation.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        rows = Annotation.objects.visible_to(person(self.request)).with_comment_count().with_readers()
        rows = rows.select_related("author", "series__case")
        series = self.request.query_params.get("series", "")
        if series:
            rows = rows.filter(series=int(series)) if series.isdecimal() and len(series) < 18 else rows.none()
        return rows

    @extend_schema(parameters=[OpenApiParameter("series", OpenApiTypes.INT)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=AnnotationStartSerializer, responses={201: AnnotationSerializer})
    def post(self, request: Request) -> Response:
        """First save of your layer on a series; 409 with the stored one when it exists already."""
        data = body_of(request)
        rows = Series.objects.visible_to(person(request)).cleared().select_related("case")
        series = get_object_or_404(rows, pk=whole(data, "series"))
        try:
            made = services.start(series=series, shapes=data.get("shapes"), by=person(request))
        except GeometryError as error:
            raise geometry_problem(error) from None
        except StaleRevision as error:
            raise stale(error) from None
        return layer_answer(request, made, status.HTTP_201_CREATED)


def visible_layer(request: Request, pk: int) -> Annotation:
    rows = Annotation.objects.select_related("series__case", "author")
    return get_object_or_404(rows if sees_annotation(person(request), pk) else rows.none(), pk=pk)


class AnnotationDetail(APIView):
    @extend_schema(responses=AnnotationSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One layer."""
        return layer_answer(request, visible_layer(request, pk))

    @extend_schema(request=AnnotationSaveSerializer, responses=AnnotationSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Save over ``revision``; 409 with the stored layer when it is stale, 400 naming the wrong field."""
        annotation = visible_layer(request, pk)
        data = body_of(request)
        try:
            saved = services.save(
                annotation=annotation,
                revision=whole(data, "revision"),
                shapes=data.get("shapes"),
                by=person(request),
            )
        except GeometryError as error:
            raise geometry_problem(error) from None
        except StaleRevision as error:
            raise stale(error) from None
        return layer_answer(request, saved)


class AnnotationSubmit(APIView):
    @extend_schema(request=AnnotationSubmitSerializer, responses=AnnotationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Hand the layer in; save over the ``revision`` in the answer from then on."""
        annotation = visible_layer(request, pk)
        try:
            sent = services.submit(
                annotation=annotation,
                revision=whole(body_of(request), "revision"),
                by=person(request),
            )
        except StaleRevision as error:
            raise stale(error) from None
        return layer_answer(request, sent)
