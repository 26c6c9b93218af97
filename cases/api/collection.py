"""Collections in the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.case import visible_case
from cases.api.serializers import CollectionItemSerializer, CollectionSerializer
from cases.models import Collection
from cases.services import collections as services
from medweb.accounts.current import person


class CollectionList(generics.ListAPIView[Collection]):
    """Collections you may see."""

    serializer_class = CollectionSerializer
    queryset = Collection.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return Collection.objects.visible_to(person(self.request)).select_related("owner")

    @extend_schema(request=CollectionSerializer, responses={201: CollectionSerializer})
    def post(self, request: Request) -> Response:
        """Make a collection."""
        data = CollectionSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        made = services.create(**data.validated_data, by=person(request))
        return Response(CollectionSerializer(made).data, status=status.HTTP_201_CREATED)


def _visible(request: Request, pk: int) -> Collection:
    return get_object_or_404(Collection.objects.visible_to(person(request)), pk=pk)


class CollectionDetail(APIView):
    @extend_schema(responses=CollectionSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One collection."""
        return Response(CollectionSerializer(_visible(request, pk)).data)

    @extend_schema(request=CollectionSerializer, responses=CollectionSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change title, description or visibility."""
        row = _visible(request, pk)
        data = CollectionSerializer(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        saved = services.update(collection=row, fields=dict(data.validated_data), by=person(request))
        return Response(CollectionSerializer(saved).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete the collection; its cases stay."""
        services.delete(collection=_visible(request, pk), by=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class CollectionItems(APIView):
    @extend_schema(request=CollectionItemSerializer, responses={200: CollectionItemSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Put a case into the collection, or change its label and split there."""
        row = _visible(request, pk)
        data = CollectionItemSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        values: dict[str, Any] = data.validated_data
        item = services.put(
            collection=row,
            case=visible_case(request, values["case"]),
            label=values["label"],
            split=values["split"],
            by=person(request),
        )
        return Response({"case": item.case_id, "label": item.label, "split": item.split})
