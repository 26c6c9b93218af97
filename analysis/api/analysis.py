"""Analyses and predictions of cases in the API."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analysis.api.person import person
from analysis.api.serializers import (
    AnalysisDetailSerializer,
    AnalysisSerializer,
    OverlaySerializer,
    PredictionSerializer,
    QueuedSerializer,
)
from analysis.models import Analysis, Overlay, Prediction
from analysis.services import analyses
from cases.models import Case
from cases.veil import covered


def visible_case(request: Request, pk: int) -> Case:
    return covered(get_object_or_404(Case.objects.visible_to(person(request)), pk=pk), person(request))


class CaseAnalyses(generics.ListAPIView[Analysis]):
    """Analyses of a case, newest first."""

    serializer_class = AnalysisSerializer
    queryset = Analysis.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        case = visible_case(self.request, self.kwargs["pk"])
        return Analysis.objects.visible_to(person(self.request)).filter(case=case)

    @extend_schema(request=None, responses={202: QueuedSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Queue an analysis; asking again while one waits or runs gives the same job."""
        job = analyses.request(case=visible_case(request, pk), by=person(request))
        return Response(QueuedSerializer({"job": job}).data, status=status.HTTP_202_ACCEPTED)


class AnalysisDetail(APIView):
    @extend_schema(responses=AnalysisDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One analysis with the features of the picture and of every region."""
        rows = Analysis.objects.visible_to(person(request)).prefetch_related("regions__features")
        return Response(AnalysisDetailSerializer(get_object_or_404(rows, pk=pk)).data)


class CasePredictions(generics.ListAPIView[Prediction]):
    """What the models in use say about a case. For education, not for diagnosis."""

    serializer_class = PredictionSerializer
    queryset = Prediction.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        case = visible_case(self.request, self.kwargs["pk"])
        return (
            Prediction.objects.visible_to(person(self.request))
            .current()
            .filter(case=case)
            .select_related("model")
        )


class CaseOverlays(generics.ListAPIView[Overlay]):
    """Heat maps of the models in use over the pictures of a case: what each part of the picture does to the
    answer. For education, not for diagnosis."""

    serializer_class = OverlaySerializer
    queryset = Overlay.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        case = visible_case(self.request, self.kwargs["pk"])
        rows = Overlay.objects.visible_to(person(self.request)).filter(prediction__case=case)
        return rows.select_related("prediction__model__collection", "frame").order_by(
            "prediction__model__collection__title", "pk"
        )
