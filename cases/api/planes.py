"""Planes through a series in the API: what the viewer shows beside the slices as they were recorded."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.serializers import WindowSerializer
from cases.imaging import reslice
from cases.imaging.errors import Refused
from cases.imaging.reslice import PLANES, Plane
from cases.models import Series
from cases.services import planes
from medweb.accounts.current import person


class PlaneSerializer(serializers.Serializer[Any]):
    """Images of one plane; image n lies ``n * step_mm`` along the normal from ``origin``."""

    name = serializers.ChoiceField(PLANES)
    count = serializers.IntegerField()
    rows = serializers.IntegerField()
    columns = serializers.IntegerField()
    pixel_spacing = serializers.ListField(child=serializers.FloatField())
    orientation = serializers.ListField(child=serializers.FloatField())
    origin = serializers.ListField(child=serializers.FloatField())
    across = serializers.ListField(child=serializers.FloatField(), help_text="From one image to the next, mm")
    step_mm = serializers.FloatField()
    pixels_url = serializers.CharField(
        help_text="Put the number of the image for {index}; add ?slab=<mm>&by=mean|max|min for a thick slab"
    )


class PlanesSerializer(serializers.Serializer[Any]):
    """All planes, or ``reason`` why none can be cut."""

    reason = serializers.CharField()
    key = serializers.CharField()
    dtype = serializers.CharField()
    slope = serializers.FloatField()
    intercept = serializers.FloatField()
    invert = serializers.BooleanField()
    unit = serializers.CharField()
    window = WindowSerializer(allow_null=True)
    voi_function = serializers.CharField()
    planes = PlaneSerializer(many=True)


class SeriesPlanes(APIView):
    @extend_schema(responses=PlanesSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Axial, coronal and sagittal planes through the stack of one series."""
        rows = Series.objects.visible_to(person(request)).cleared()
        series = get_object_or_404(rows, pk=pk)
        frames = planes.frames_of(series)
        try:
            slices = planes.slices_of(frames)
            grid = reslice.grid(slices)
        except Refused as refusal:
            return Response(
                {
                    "reason": refusal.sentence, "key": "", "dtype": "", "slope": 1.0, "intercept": 0.0,
                    "invert": False, "unit": "", "window": None, "voi_function": "LINEAR", "planes": [],
                }
            )  # fmt: skip
        key = planes.key_of(frames)
        dtype, slope, intercept = planes.scale_of(frames, key)
        middle = frames[len(frames) // 2]
        return Response(
            {
                "reason": "",
                "key": key,
                "dtype": dtype,
                "slope": slope,
                "intercept": intercept,
                "invert": middle.invert,
                "unit": middle.unit,
                "window": {"center": middle.window_center, "width": middle.window_width},
                "voi_function": middle.voi_function,
                "planes": [_described(series, key, grid.plane(name)) for name in PLANES],
            }
        )


def _described(series: Series, key: str, plane: Plane) -> dict[str, Any]:
    first, second = plane.position(0), plane.position(1)
    address = reverse("cases:plane-pixels", args=[series.pk, key, plane.name, 0])
    return {
        "name": plane.name,
        "count": plane.count,
        "rows": plane.shape[0],
        "columns": plane.shape[1],
        "pixel_spacing": plane.pixel_spacing,
        "orientation": plane.orientation,
        "origin": first,
        "across": [b - a for a, b in zip(first, second, strict=True)],
        "step_mm": plane.step_mm,
        "pixels_url": address.removesuffix("0/pixels") + "{index}/pixels",
    }
