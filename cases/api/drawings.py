"""Drawings in the API, in the formats of other programs."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.annotation import geometry_problem, stale
from cases.api.serializers import AnnotationSerializer
from cases.errors import StaleRevision
from cases.exchange.layers import Unreadable
from cases.geometry.schema import GeometryError
from cases.services import exchange
from cases.views.drawings import as_file, chosen, form_named, shown_series
from medweb.accounts.current import person
from medweb.errors import Problem


class AddedSerializer(serializers.Serializer[Any]):
    annotation = AnnotationSerializer()
    added = serializers.IntegerField()
    losses = serializers.ListField(child=serializers.CharField(), help_text="What of the file was left out")


class SeriesDrawings(APIView):
    @extend_schema(
        parameters=[OpenApiParameter("layer", OpenApiTypes.INT, many=True)],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int, form: str) -> HttpResponse:
        """Layers you may see, in a format: coco, web, voc, yolo, masks, nifti, seg, sr or csv."""
        user = person(request)
        series = shown_series(user, pk)
        rows = chosen(user, series, request.query_params.getlist("layer"))
        try:
            written = exchange.take_out(series=series, rows=rows, form=form_named(form), by=user)
        except Unreadable as error:
            raise Problem(409, "not-in-this-format", str(error)) from None
        return as_file(written, series)

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY}, responses={201: AddedSerializer}
    )
    def post(self, request: Request, pk: int, form: str) -> Response:
        """Add the shapes of a file, sent as the body: coco, web, voc, masks, seg or rtstruct."""
        user = person(request)
        series = shown_series(user, pk)
        try:
            layer, count, losses = exchange.take_in(
                series=series, data=request.body, form=form_named(form), by=user
            )
        except Unreadable as error:
            raise Problem(400, "unreadable", str(error)) from None
        except GeometryError as error:
            raise geometry_problem(error) from None
        except StaleRevision as error:
            raise stale(error) from None
        answer = {
            "annotation": AnnotationSerializer(layer, context={"request": request}).data,
            "added": count,
            "losses": list(losses),
        }
        return Response(answer, status=status.HTTP_201_CREATED)
