"""GrabCut and watershed in the API: the viewer sends strokes and gets a mask."""

import math
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from cases.imaging.errors import Refused
from cases.imaging.segment import METHODS, MOST_POINTS, MOST_STROKES, Scribbles
from cases.models import Frame, Series
from cases.permissions import check_user_can_draw
from cases.services import scribbles
from cases.services.scribbles import Busy, Window
from medweb.accounts.current import person
from medweb.errors import Problem


class _Finite(serializers.FloatField):
    """A number; ``"NaN"`` as a text is one for Python, and for nobody else."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if isinstance(data, bool) or not math.isfinite(value):
            self.fail("invalid")
        return value


def _place(**more: Any) -> serializers.ListField:
    return serializers.ListField(child=_Finite(), min_length=2, max_length=2, **more)


def _strokes(**more: Any) -> serializers.ListField:
    stroke = serializers.ListField(child=_place(), min_length=1, max_length=MOST_POINTS)
    return serializers.ListField(child=stroke, max_length=MOST_STROKES, required=False, default=list, **more)


class SeenWindowSerializer(serializers.Serializer[Any]):
    center = _Finite()
    width = _Finite(min_value=1e-6)


class SegmentSerializer(serializers.Serializer[Any]):
    """Strokes on one frame, in its pixels."""

    method = serializers.ChoiceField(METHODS)
    foreground = _strokes(help_text="What belongs to it: strokes of [x, y]")
    background = _strokes(help_text="What does not")
    box = serializers.ListField(
        child=_Finite(), min_length=4, max_length=4, required=False, allow_null=True, default=None,
        help_text="[x0, y0, x1, y1]: nothing outside belongs to it",
    )  # fmt: skip
    window = SeenWindowSerializer(required=False, allow_null=True, default=None)


class FoundSerializer(serializers.Serializer[Any]):
    """A mask as shapes have it."""

    points = serializers.ListField(child=_place())
    counts = serializers.ListField(child=serializers.IntegerField())


class SegmentThrottle(UserRateThrottle):
    """A hand draws a stroke a second at most; a program that asks faster takes the others' turns."""

    scope = "segment"
    rate = "60/min"


class FrameSegment(APIView):
    throttle_classes = [SegmentThrottle]

    @extend_schema(request=SegmentSerializer, responses=FoundSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """The mask that strokes mean; nothing is saved. 400 with a sentence when they mean nothing."""
        user = person(request)
        visible = Series.objects.visible_to(user).cleared()
        frames = Frame.objects.filter(series__in=visible).select_related("series__case")
        frame = get_object_or_404(frames, pk=pk)
        check_user_can_draw(user, frame.series.case)
        sent = SegmentSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        told = sent.validated_data
        drawn = Scribbles(
            tuple(tuple((x, y) for x, y in stroke) for stroke in told["foreground"]),
            tuple(tuple((x, y) for x, y in stroke) for stroke in told["background"]),
            tuple(told["box"]) if told["box"] else None,
        )
        window = Window(**told["window"]) if told["window"] else None
        try:
            points, counts = scribbles.outlined(frame, drawn, method=told["method"], window=window)
        except Refused as refusal:
            raise Problem(400, refusal.code, refusal.sentence) from None
        except Busy:
            raise Problem(503, "busy", _("Others are scribbling, too. Try again in a moment.")) from None
        except FileNotFoundError:
            raise Problem(404, "not-found", _("The pixels of this image are gone.")) from None
        return Response({"points": points, "counts": counts})
