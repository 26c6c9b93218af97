"""Verdicts about layers in the API."""

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.annotation import geometry_problem, layer_answer, stale, visible_layer
from cases.api.serializers import (
    AnnotationMergeSerializer,
    AnnotationReturnSerializer,
    AnnotationSerializer,
    AnnotationVerdictSerializer,
)
from cases.errors import StaleRevision
from cases.geometry.errors import GeometryError
from cases.services import reviews
from cases.services.comments import Place
from medweb.accounts.current import person


def place_of(values: dict[str, object]) -> Place | None:
    """Where a checked body points, ``None`` for nowhere."""
    if values.get("frame") is None:
        return None
    return Place(int(str(values["frame"])), float(str(values["x"])), float(str(values["y"])))


class AnnotationAccept(APIView):
    @extend_schema(request=AnnotationVerdictSerializer, responses=AnnotationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Accept a layer that was handed in on a case you may edit; 409 when it was changed since."""
        layer = visible_layer(request, pk)
        data = AnnotationVerdictSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        try:
            layer = reviews.accept(
                annotation=layer, revision=data.validated_data["revision"], by=person(request)
            )
        except StaleRevision as error:
            raise stale(error) from None
        return layer_answer(request, layer)


class AnnotationReturn(APIView):
    @extend_schema(request=AnnotationReturnSerializer, responses=AnnotationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Return a layer to its author with a comment, pinned to a place or not."""
        layer = visible_layer(request, pk)
        data = AnnotationReturnSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        values = data.validated_data
        try:
            layer = reviews.send_back(
                annotation=layer,
                revision=values["revision"],
                text=values["text"],
                place=place_of(values),
                by=person(request),
            )
        except StaleRevision as error:
            raise stale(error) from None
        return layer_answer(request, layer)


class AnnotationMerge(APIView):
    @extend_schema(
        request=AnnotationMergeSerializer,
        responses=inline_serializer(
            "Merged", {"annotation": AnnotationSerializer(), "added": serializers.IntegerField()}
        ),
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take shapes of a layer into the reference; the layer is accepted by that."""
        layer = visible_layer(request, pk)
        data = AnnotationMergeSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        chosen = data.validated_data.get("shapes")
        try:
            layer, added = reviews.merge(
                annotation=layer,
                revision=data.validated_data["revision"],
                shapes=None if chosen is None else {str(one) for one in chosen},
                by=person(request),
            )
        except StaleRevision as error:
            raise stale(error) from None
        except GeometryError as error:
            raise geometry_problem(error) from None
        answer = AnnotationSerializer(layer, context={"request": request}).data
        return Response({"annotation": answer, "added": added})
