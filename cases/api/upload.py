"""Uploads in the API."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.case import visible_case
from cases.api.serializers import UploadSerializer
from cases.models import Upload
from cases.permissions import check_user_can_edit_case
from cases.services import uploads as services
from medweb.accounts.current import person
from medweb.errors import Problem


class CaseUploads(generics.ListAPIView[Upload]):
    """Uploads of a case, newest first; for those who may edit it."""

    serializer_class = UploadSerializer
    queryset = Upload.objects.none()
    parser_classes = (MultiPartParser,)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        if getattr(self, "swagger_fake_view", False):
            return Upload.objects.none()
        case = visible_case(self.request, self.kwargs["pk"])
        check_user_can_edit_case(person(self.request), case)
        return Upload.objects.visible_to(person(self.request)).filter(case=case)

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={202: UploadSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Send one file; it is cleaned by a worker, so the answer is 202 and ``state`` tells the rest."""
        case = visible_case(request, pk)
        check_user_can_edit_case(person(request), case)
        file = request.FILES.get("file")
        if file is None:
            errors = [{"field": "file", "message": "Send the file as multipart field “file”."}]
            raise Problem(400, "invalid", "file: missing", errors=errors)
        upload = services.receive(case=case, chunks=file.chunks(), by=person(request))
        return Response(UploadSerializer(upload).data, status=status.HTTP_202_ACCEPTED)


def _visible(request: Request, pk: int) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(person(request)).select_related("case"), pk=pk)


class UploadDetail(APIView):
    @extend_schema(responses=UploadSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """State and verdict of one upload."""
        return Response(UploadSerializer(_visible(request, pk)).data)


class UploadCancel(APIView):
    @extend_schema(request=None, responses=UploadSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Stop judging a file and throw it away."""
        upload = _visible(request, pk)
        services.cancel(upload=upload, by=person(request))
        return Response(UploadSerializer(upload).data)
