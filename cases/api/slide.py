"""Whole slides in the API: what they are, and their tiles."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.models import Slide
from cases.views.slide import slide_of, tile_answer, tile_bytes
from medweb.accounts.current import person


class SlideLevelSerializer(serializers.Serializer[Any]):
    """One level of the pyramid; level 0 is a single tile, the last one has every pixel."""

    width = serializers.IntegerField()
    height = serializers.IntegerField()
    columns = serializers.IntegerField(help_text="Tiles across")
    rows = serializers.IntegerField(help_text="Tiles down")


class SlideOverviewSerializer(serializers.Serializer[Any]):
    """The frame of the series that stands for the slide; drawings are in its pixels."""

    frame = serializers.IntegerField(help_text="Index of the frame in its series")
    scale = serializers.IntegerField(help_text="Pixels of the last level to one of the overview, each way")


class SlideSerializer(serializers.ModelSerializer[Slide]):
    id = serializers.IntegerField(source="instance_id", help_text="Id of the instance")
    series = serializers.IntegerField(source="instance.series_id")
    case = serializers.IntegerField(source="instance.series.case_id")
    tile_size = serializers.IntegerField(source="tile")
    levels = serializers.SerializerMethodField()
    microns_per_pixel = serializers.SerializerMethodField(
        help_text="Micrometres per pixel of the last level, across and down; null when not known"
    )
    overview = serializers.SerializerMethodField(help_text="Where drawings on the slide are kept")
    tile_url = serializers.SerializerMethodField(
        help_text="Address of a tile for the browser; put in level, x and y. JPEG, never changes"
    )
    api_tile_url = serializers.SerializerMethodField(help_text="The same for programs with a token")

    class Meta:
        model = Slide
        fields = (
            "id", "series", "case", "width", "height", "tile_size", "levels", "microns_per_pixel",
            "magnification", "overview", "tile_url", "api_tile_url",
        )  # fmt: skip

    @extend_schema_field(SlideLevelSerializer(many=True))
    def get_levels(self, slide: Slide) -> list[dict[str, int]]:
        pyramid = slide.pyramid
        grids = map(pyramid.grid, range(pyramid.levels))
        return [
            {"width": width, "height": height, "columns": columns, "rows": rows}
            for (width, height), (columns, rows) in zip(pyramid.sizes, grids, strict=True)
        ]

    @extend_schema_field(serializers.ListField(child=serializers.FloatField(), allow_null=True))
    def get_microns_per_pixel(self, slide: Slide) -> list[float] | None:
        return [slide.microns_x, slide.microns_y] if slide.microns_x and slide.microns_y else None

    @extend_schema_field(SlideOverviewSerializer)
    def get_overview(self, slide: Slide) -> dict[str, int]:
        return {"frame": slide.overview.index, "scale": slide.scale}

    def get_tile_url(self, slide: Slide) -> str:
        return _pattern("cases:slide-tile", slide)

    def get_api_tile_url(self, slide: Slide) -> str:
        return _pattern("api-slide-tile", slide)


def _pattern(name: str, slide: Slide) -> str:
    address = reverse(name, args=[slide.instance_id, slide.instance.digest[:16], 0, 0, 0])
    return address.removesuffix("0/0_0.jpg") + "{level}/{x}_{y}.jpg"


class SlideDetail(APIView):
    @extend_schema(responses=SlideSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """A whole slide: size, scale, levels, addresses of its tiles. The id is that of the instance."""
        return Response(SlideSerializer(slide_of(person(request), pk)).data)


class SlideTile(APIView):
    @extend_schema(
        responses={(200, "image/jpeg"): OpenApiResponse(OpenApiTypes.BINARY, description="A tile")}
    )
    def get(self, request: Request, pk: int, digest: str, level: int, x: int, y: int) -> HttpResponse:
        """One tile of a slide as a JPEG file."""
        slide = slide_of(person(request), pk)
        try:
            return tile_answer(tile_bytes(slide, digest, level, x, y))
        except LookupError as error:
            raise exceptions.NotFound from error
