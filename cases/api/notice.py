"""Notices in the API."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.enums import NoticeKind
from cases.models import Notice
from cases.services import notices
from cases.telling import sentence_of
from medweb.accounts.current import person


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    sentence = serializers.SerializerMethodField()
    path = serializers.SerializerMethodField(help_text="Leads to the page that it is about")

    class Meta:
        model = Notice
        fields = ("id", "kind", "sentence", "path", "case", "remark", "annotation", "made_at", "read_at")

    def get_sentence(self, notice: Notice) -> str:
        return sentence_of(notice)

    def get_path(self, notice: Notice) -> str:
        return reverse("cases:notice", args=[notice.pk])


class NoticeReadSerializer(serializers.Serializer[Any]):
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=NoticeKind.choices),
        required=False,
        help_text="Only of these kinds; all when left out",
    )


class NoticeCountSerializer(serializers.Serializer[Any]):
    read = serializers.IntegerField()


class NoticeList(generics.ListAPIView[Notice]):
    """What you were told, newest first."""

    serializer_class = NoticeSerializer
    queryset = Notice.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        rows = Notice.objects.visible_to(person(self.request))
        return rows.select_related("by")


class NoticesRead(APIView):
    @extend_schema(request=NoticeReadSerializer, responses=NoticeCountSerializer)
    def post(self, request: Request) -> Response:
        """Mark your notices as read; answers how many were not."""
        data = NoticeReadSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        n = notices.read_all(kinds=data.validated_data.get("kinds", []), by=person(request))
        return Response({"read": n})
