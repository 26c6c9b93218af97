"""Training runs and models in the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analysis.api.person import person
from analysis.api.serializers import (
    ModelDetailSerializer,
    ModelSerializer,
    QueuedSerializer,
    QueuedTrainingSerializer,
    TrainingRequestSerializer,
    TrainingRunSerializer,
)
from analysis.enums import Algorithm
from analysis.models import ModelVersion, TrainingRun
from analysis.permissions import check_user_can_see_models
from analysis.services import models as services
from analysis.services import training
from cases.models import Collection


class TrainingRunList(generics.ListAPIView[TrainingRun]):
    """Training runs you may see, newest first."""

    serializer_class = TrainingRunSerializer
    queryset = TrainingRun.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        check_user_can_see_models(person(self.request))
        return TrainingRun.objects.visible_to(person(self.request)).prefetch_related("models")

    @extend_schema(request=TrainingRequestSerializer, responses={202: QueuedTrainingSerializer})
    def post(self, request: Request) -> Response:
        """Queue a training; staff and administrators."""
        data = TrainingRequestSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(data.validated_data)
        visible = Collection.objects.visible_to(person(request))
        collection = get_object_or_404(visible, pk=values.pop("collection"))
        values.setdefault("algorithms", [Algorithm.SVM, Algorithm.FOREST])
        run, job = training.request(collection=collection, by=person(request), **values)
        answer = QueuedTrainingSerializer({"job": job, "training_run": run})
        return Response(answer.data, status=status.HTTP_202_ACCEPTED)


class ModelList(generics.ListAPIView[ModelVersion]):
    """Models you may see, newest first."""

    serializer_class = ModelSerializer
    queryset = ModelVersion.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        check_user_can_see_models(person(self.request))
        return ModelVersion.objects.visible_to(person(self.request))


def _visible(request: Request, pk: int) -> ModelVersion:
    check_user_can_see_models(person(request))
    return get_object_or_404(ModelVersion.objects.visible_to(person(request)), pk=pk)


class ModelDetail(APIView):
    @extend_schema(responses=ModelDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One model with its evaluations and the features it leans on."""
        return Response(ModelDetailSerializer(_visible(request, pk)).data)


class ModelPromote(APIView):
    @extend_schema(request=None, responses={202: QueuedSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Put a model into use; the answer's job asks it about every case of the collection."""
        job = services.promote(model=_visible(request, pk), by=person(request))
        return Response(QueuedSerializer({"job": job}).data, status=status.HTTP_202_ACCEPTED)
