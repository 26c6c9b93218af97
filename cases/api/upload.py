"""Uploads in the API."""

from functools import cache
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.case import visible_case
from cases.api.serializers import UploadSerializer
from cases.models import Upload, UploadBatch
from cases.permissions import check_user_can_edit_case
from cases.services import quarantine, receiving
from cases.views import tus
from cases.views.fates import counts_of
from cases.views.upload import editable_case
from medweb.accounts.current import person
from medweb.errors import Problem

RAW_TYPES = ("application/dicom", "application/octet-stream", tus.CONTENT_TYPE)
TUS = [OpenApiParameter("Tus-Resumable", OpenApiTypes.STR, "header", required=True, enum=[tus.VERSION])]


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

    @extend_schema(
        request={
            "multipart/form-data": UploadSerializer,
            "application/dicom": OpenApiTypes.BINARY,
            "application/octet-stream": OpenApiTypes.BINARY,
        },
        responses={202: UploadSerializer},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        """Send one file of up to 16 MB, as the body or as a form's field ``file``; larger ones by tus.

        A worker cleans it, so the answer is 202 and ``state`` tells the rest.
        """
        by = person(request)
        case, plain = editable_case(by, pk), request._request
        try:
            if plain.content_type in RAW_TYPES:
                tus.check_not_packed(plain)
                upload = receiving.receive(
                    case=case, chunks=tus.body_of(plain), by=by, declared=tus.declared_length(plain)
                )
            else:
                upload = receiving.receive(case=case, chunks=_form_file(request).chunks(), by=by)
        except (tus.Wrong, quarantine.TooLarge, quarantine.DiskFull) as error:
            return tus.refusal(error)
        return Response(_serializer().to_representation(upload), status=status.HTTP_202_ACCEPTED)


@cache
def _serializer() -> UploadSerializer:
    """One for all files: making its fields anew takes as long as writing half a file."""
    return UploadSerializer()


def _form_file(request: Request) -> Any:
    file = request.FILES.get("file")
    if file is None:
        errors = [{"field": "file", "message": "Send the file as multipart field “file”."}]
        raise Problem(400, "invalid", "file: missing", errors=errors)
    return file


class CaseBatches(APIView):
    @extend_schema(request=None, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, pk: int) -> Response:
        """Open a batch: one table and one privacy report cover the files that are sent to ``files_url``."""
        by = person(request)
        batch = receiving.open_batch(case=editable_case(by, pk), by=by)
        files = f"{reverse('api-case-files', args=[batch.case_id])}?batch={batch.pk}"
        answer = {"id": batch.pk, "case": batch.case_id, "files_url": files}
        return Response(answer, status=status.HTTP_201_CREATED)


class BatchDetail(APIView):
    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: int) -> Response:
        """How many files of a batch have which fate."""
        batch = get_object_or_404(UploadBatch.objects.visible_to(person(request)), pk=pk)
        return Response({"id": batch.pk, "case": batch.case_id, "counts": counts_of(batch)})


class CaseFiles(APIView):
    """tus 1.0.0: where files of any size begin."""

    @extend_schema(
        parameters=[
            *TUS,
            OpenApiParameter("Upload-Length", OpenApiTypes.INT, "header", required=True),
            OpenApiParameter("Upload-Checksum", OpenApiTypes.STR, "header"),
            OpenApiParameter("batch", OpenApiTypes.INT),
        ],
        request={tus.CONTENT_TYPE: OpenApiTypes.BINARY},
        responses={201: OpenApiResponse(description="Location says where its bytes go")},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        """Announce a file; its first bytes, or all of a small one, may come along."""
        by = person(request)

        def create(plain: Any) -> HttpResponse:
            case = editable_case(by, pk)
            return tus.create(plain, case, by, lambda row: reverse("api-file", args=[row.pk]))

        return tus.protocol(create)(request._request)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """What of the protocol is spoken here."""
        return tus.protocol(_nothing)(request._request)


def _nothing(_request: Any) -> HttpResponse:
    return HttpResponse(status=204)


class FileDetail(APIView):
    """tus 1.0.0: a file that is arriving."""

    def _answer(self, request: Request, pk: int) -> HttpResponse:
        by = person(request)
        return tus.protocol(lambda plain: tus.at(plain, _visible(request, pk), by))(request._request)

    @extend_schema(
        parameters=TUS, responses={200: OpenApiResponse(description="Upload-Offset, Upload-Length")}
    )
    def head(self, request: Request, pk: int) -> HttpResponse:
        """How many of its bytes are here."""
        return self._answer(request, pk)

    @extend_schema(
        parameters=[
            *TUS,
            OpenApiParameter("Upload-Offset", OpenApiTypes.INT, "header", required=True),
            OpenApiParameter("Upload-Checksum", OpenApiTypes.STR, "header"),
        ],
        request={tus.CONTENT_TYPE: OpenApiTypes.BINARY},
        responses={204: OpenApiResponse(description="Upload-Offset says how many bytes are here now")},
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Add bytes where it ends now, up to 16 MB at once."""
        return self._answer(request, pk)

    @extend_schema(parameters=TUS, responses={204: None})
    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Call it off; its bytes are thrown away."""
        return self._answer(request, pk)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """What of the protocol is spoken here."""
        return tus.protocol(_nothing)(request._request)


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
        """Stop receiving or judging a file and throw it away."""
        upload = _visible(request, pk)
        receiving.abandon(upload=upload, by=person(request))
        return Response(UploadSerializer(upload).data)
