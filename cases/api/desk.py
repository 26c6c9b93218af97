"""The de-identification desk in the API: the page reviews through here."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.serializers import FrameSerializer, SeriesSerializer
from cases.enums import ReviewState
from cases.errors import StaleRevision
from cases.models import ClearanceReview, Frame, Series
from cases.permissions import check_user_can_use_desk
from cases.services import desk as services
from medweb.accounts.current import person
from medweb.errors import Problem


class HeldFrameSerializer(FrameSerializer):
    """A frame with addresses that only reviewers may open."""

    def get_pixels_url(self, frame: Frame) -> str:
        return reverse("cases:desk-pixels", args=[frame.pk])

    def get_preview_url(self, frame: Frame) -> str:
        return reverse("cases:desk-preview", args=[frame.pk])


class BoxSerializer(serializers.Serializer[Any]):
    """A place to black out."""

    frames = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        allow_null=True,
        help_text="Ids of frames of the series; null for all of them",
    )
    x = serializers.IntegerField(min_value=0)
    y = serializers.IntegerField(min_value=0)
    width = serializers.IntegerField(min_value=1)
    height = serializers.IntegerField(min_value=1)
    score = serializers.FloatField(
        allow_null=True,
        required=False,
        help_text="How sure the detector was, 0 to 1; null when a person drew it",
    )


class DeskSerializer(serializers.Serializer[Any]):
    """How a held series stands."""

    id = serializers.IntegerField()
    case = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ReviewState.choices)
    revision = serializers.IntegerField(help_text="Send it back with every change")
    reasons = serializers.ListField(child=serializers.CharField())


class DeskDetailSerializer(DeskSerializer):
    modality = serializers.CharField()
    description = serializers.CharField()
    frames = HeldFrameSerializer(many=True)
    boxes = BoxSerializer(many=True)


class DeskBoxesSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=0)
    boxes = BoxSerializer(many=True)


class DeskRevisionSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=0)


class HeldSeriesSerializer(SeriesSerializer):
    reasons = serializers.SerializerMethodField()

    class Meta(SeriesSerializer.Meta):
        fields = (*SeriesSerializer.Meta.fields, "reasons")  # type: ignore[assignment]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_reasons(self, series: Series) -> list[str]:
        reasons: dict[int, list[str]] = self.context["reasons"]
        return reasons[series.pk]


def _held(request: Request, pk: int) -> Series:
    check_user_can_use_desk(person(request))
    return get_object_or_404(services.waiting(person(request)).select_related("case"), pk=pk)


def _body(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ParseError("Send a JSON object.")
    return dict(request.data)


def _revision(request: Request) -> int:
    value = _body(request).get("revision")
    if type(value) is not int or not 0 <= value < 2**31:
        message = "A whole number from 0 on is required."
        raise Problem(
            400, "invalid", f"revision: {message}", errors=[{"field": "revision", "message": message}]
        )
    return value


def _answer(series: Series, standing: ClearanceReview | services.Standing) -> dict[str, Any]:
    return {
        "id": series.pk,
        "case": series.case_id,
        "state": standing.state,
        "revision": standing.revision,
        "reasons": services.reasons_of([series])[series.pk],
    }


class ReviewView(APIView):
    """A change that is sent with the revision it began from."""

    def handle_exception(self, exc: Exception) -> Response:
        """An old revision is answered with 409 and what is stored now, whatever was asked."""
        if isinstance(exc, StaleRevision):
            sentence = "Somebody changed this series in between."
            exc = Problem(409, "stale-revision", sentence, current=exc.current)
        return super().handle_exception(exc)


class DeskList(generics.ListAPIView[Series]):
    """Series that wait at the desk: of your own cases, all for administrators."""

    serializer_class = HeldSeriesSerializer
    queryset = Series.objects.none()

    def get_queryset(self) -> "QuerySet[Series]":
        if getattr(self, "swagger_fake_view", False):
            return Series.objects.none()
        check_user_can_use_desk(person(self.request))
        return services.waiting(person(self.request))

    def paginate_queryset(self, queryset: Any) -> list[Any] | None:
        rows = super().paginate_queryset(queryset)
        # For the whole page at once; asking for each series would read all of its frames.
        self.reasons = services.reasons_of(rows or ())
        return rows

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "reasons": getattr(self, "reasons", {})}


class DeskSeries(ReviewView):
    @extend_schema(responses=DeskDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One held series: its frames, the boxes proposed or saved, and why it waits."""
        series = _held(request, pk)
        standing = services.standing(series)
        return Response(
            {
                **_answer(series, standing),
                "modality": series.modality,
                "description": series.description,
                "frames": HeldFrameSerializer(series.frames.order_by("index"), many=True).data,
                "boxes": standing.boxes,
            }
        )

    @extend_schema(request=DeskBoxesSerializer, responses=DeskSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Keep boxes; 409 when ``revision`` is not the stored one."""
        series = _held(request, pk)
        revision = _revision(request)
        review = services.save_boxes(
            series=series, revision=revision, boxes=_body(request).get("boxes"), by=person(request)
        )
        return Response(_answer(series, review))


class DeskApprove(ReviewView):
    @extend_schema(request=DeskBoxesSerializer, responses={202: DeskSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """These boxes hide everything: black out and clear, or wait for a second person."""
        series = _held(request, pk)
        revision = _revision(request)
        review = services.approve(
            series=series, revision=revision, boxes=_body(request).get("boxes"), by=person(request)
        )
        return Response(_answer(series, review), status=status.HTTP_202_ACCEPTED)


class DeskConfirm(ReviewView):
    @extend_schema(request=DeskRevisionSerializer, responses={202: DeskSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Agree as the second person; another administrator than the one who approved."""
        series = _held(request, pk)
        review = services.confirm(series=series, revision=_revision(request), by=person(request))
        return Response(_answer(series, review), status=status.HTTP_202_ACCEPTED)


class DeskWithdraw(ReviewView):
    @extend_schema(request=DeskRevisionSerializer, responses=DeskSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Take the first of two approvals back."""
        series = _held(request, pk)
        review = services.withdraw(series=series, revision=_revision(request), by=person(request))
        return Response(_answer(series, review))


class DeskRefuse(APIView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, pk: int) -> Response:
        """Delete a held series with its bytes."""
        services.refuse(series=_held(request, pk), by=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
