"""Comments in the API: what the reviewer of a layer says, and its author's answers."""

from typing import Any

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from cases.api.annotation import visible_layer
from cases.api.review import place_of
from cases.api.serializers import CommentSerializer, CommentWriteSerializer
from cases.models import Annotation, Comment
from cases.services import comments
from medweb.accounts.current import person
from medweb.paging import KeysetPagination


class InOrder(KeysetPagination):
    """A talk is read from its beginning."""

    ordering = "id"


class CommentList(generics.ListAPIView[Comment]):
    """Comments on your layers and on those you may review, in the order in which they were written."""

    serializer_class = CommentSerializer
    pagination_class = InOrder
    queryset = Comment.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        rows = Comment.objects.visible_to(person(self.request))
        for name, path in (("series", "annotation__series"), ("annotation", "annotation")):
            sent = self.request.query_params.get(name, "")
            if sent:
                known = sent.isascii() and sent.isdecimal() and len(sent) < 18
                rows = rows.filter(**{path: int(sent)}) if known else rows.none()
        layers = Annotation.objects.with_readers().select_related("author", "series__case")
        return rows.select_related("author", "frame").prefetch_related(Prefetch("annotation", layers))

    @extend_schema(
        parameters=[
            OpenApiParameter("series", OpenApiTypes.INT),
            OpenApiParameter("annotation", OpenApiTypes.INT),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=CommentWriteSerializer, responses={201: CommentSerializer})
    def post(self, request: Request) -> Response:
        """Comment on a layer, pinned to a place or not; on your own one, answer a comment."""
        data = CommentWriteSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        values, user = data.validated_data, person(request)
        layer = visible_layer(request, values["annotation"])
        answered = None
        if values.get("answer_to"):
            answered = get_object_or_404(Comment.objects.visible_to(user), pk=values["answer_to"])
        made = comments.write(
            annotation=layer, text=values["text"], place=place_of(values), answer_to=answered, by=user
        )
        answer = CommentSerializer(made, context={"request": request}).data
        return Response(answer, status=status.HTTP_201_CREATED)
