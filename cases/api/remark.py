"""Talk about cases in the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.case import visible_case
from cases.api.comment import InOrder
from cases.enums import RemarkKind
from cases.models import Remark
from cases.models.remark import MAX_REASON, MAX_REMARK
from cases.services import remarks
from medweb.accounts.current import person


class RemarkSerializer(serializers.ModelSerializer[Remark]):
    author = serializers.CharField(source="author.username", read_only=True)
    mine = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField(help_text="Markdown; empty when deleted or hidden")
    resolved = serializers.SerializerMethodField(help_text="null for what is no question")
    deleted = serializers.SerializerMethodField()
    hidden = serializers.SerializerMethodField()

    class Meta:
        model = Remark
        fields = (
            "id", "case", "kind", "author", "mine", "text", "answer_to", "created_at", "edited_at",
            "resolved", "deleted", "hidden", "hidden_reason",
        )  # fmt: skip

    def get_mine(self, remark: Remark) -> bool:
        return bool(remark.author_id == self.context["request"].user.pk)

    def get_text(self, remark: Remark) -> str:
        return remark.text if remark.is_standing else ""

    def get_resolved(self, remark: Remark) -> bool | None:
        return remark.resolved_at is not None if remark.kind == RemarkKind.QUESTION else None

    def get_deleted(self, remark: Remark) -> bool:
        return remark.deleted_at is not None

    def get_hidden(self, remark: Remark) -> bool:
        return remark.hidden_at is not None


class RemarkWriteSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MAX_REMARK, help_text="Markdown; @name tells somebody")
    kind = serializers.ChoiceField(choices=RemarkKind.choices, required=False, default=RemarkKind.REMARK)
    answer_to = serializers.IntegerField(min_value=1, required=False, allow_null=True)


class RemarkEditSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MAX_REMARK)


class RemarkResolveSerializer(serializers.Serializer[Any]):
    resolved = serializers.BooleanField(default=True)


class RemarkReportSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=MAX_REASON)


def _remark(request: Request, pk: int) -> Remark:
    rows = Remark.objects.visible_to(person(request)).select_related("author", "case__author")
    return get_object_or_404(rows, pk=pk)


class CaseRemarks(generics.ListAPIView[Remark]):
    """Talk about a case in the order in which it was written; empty while the case hides it from you."""

    serializer_class = RemarkSerializer
    pagination_class = InOrder
    queryset = Remark.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        case = visible_case(self.request, self.kwargs["pk"])
        return Remark.objects.visible_to(person(self.request)).filter(case=case).select_related("author")

    @extend_schema(request=RemarkWriteSerializer, responses={201: RemarkSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Say or ask something, or answer."""
        case, user = visible_case(request, pk), person(request)
        data = RemarkWriteSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        values = data.validated_data
        answered = None
        if values.get("answer_to"):
            answered = get_object_or_404(Remark.objects.visible_to(user), pk=values["answer_to"])
        made = remarks.write(case=case, text=values["text"], kind=values["kind"], answer_to=answered, by=user)
        answer = RemarkSerializer(made, context={"request": request}).data
        return Response(answer, status=status.HTTP_201_CREATED)


class RemarkDetail(APIView):
    @extend_schema(request=RemarkEditSerializer, responses=RemarkSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change your words, within an hour."""
        remark = _remark(request, pk)
        data = RemarkEditSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        remarks.edit(remark=remark, text=data.validated_data["text"], by=person(request))
        return Response(RemarkSerializer(remark, context={"request": request}).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take your words back."""
        remarks.delete(remark=_remark(request, pk), by=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RemarkResolve(APIView):
    @extend_schema(request=RemarkResolveSerializer, responses=RemarkSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Say that a question is answered, or open again."""
        remark = _remark(request, pk)
        data = RemarkResolveSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        remarks.resolve(remark=remark, resolved=data.validated_data["resolved"], by=person(request))
        return Response(RemarkSerializer(remark, context={"request": request}).data)


class RemarkReportList(APIView):
    @extend_schema(request=RemarkReportSerializer, responses={201: None})
    def post(self, request: Request, pk: int) -> Response:
        """Say that a remark should not stand; administrators and editors of the case are told."""
        remark = _remark(request, pk)
        data = RemarkReportSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        remarks.report(remark=remark, reason=data.validated_data["reason"], by=person(request))
        return Response(status=status.HTTP_201_CREATED)
