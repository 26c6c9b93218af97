"""Series in the API: what the viewer reads."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.case import visible_case
from cases.api.serializers import FrameSerializer, SeriesDetailSerializer, SeriesSerializer
from cases.labels import labels_for
from cases.models import Annotation, Series, Slide
from cases.presets import presets_for
from cases.uptake import sentence_of, uptake_presets
from cases.veil import covered
from medweb.accounts.current import person


class CaseSeries(generics.ListAPIView[Series]):
    """Series of one case."""

    serializer_class = SeriesSerializer
    queryset = Series.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        if getattr(self, "swagger_fake_view", False):
            return Series.objects.none()
        return visible_case(self.request, self.kwargs["pk"]).series.cleared().filter(frame_count__gt=0)


class SeriesDetail(APIView):
    @extend_schema(responses=SeriesDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One series with every frame: geometry, default window, immutable pixel addresses."""
        rows = Series.objects.visible_to(person(request)).cleared().select_related("case")
        series = get_object_or_404(rows, pk=pk)
        covered(series.case, person(request))
        frames = list(series.frames.order_by("index"))
        unit = frames[0].unit if frames else ""
        used = [
            (str(shape.get("label", "")), str(shape.get("code", "")))
            for annotation in Annotation.objects.visible_to(person(request)).filter(series__case=series.case)
            for shape in annotation.shapes
        ]
        return Response(
            {
                **SeriesSerializer(series).data,
                "unit": unit,
                "presets": presets_for(series.modality, unit),
                "uptake_problem": sentence_of(series.uptake_problem),
                "uptake_presets": uptake_presets(frames),
                "labels": labels_for(series.case, [(label, code) for label, code in used if label]),
                "slides": list(
                    Slide.objects.filter(instance__series=series).values_list("instance", flat=True)
                ),
                "frames": FrameSerializer(frames, many=True).data,
            }
        )
