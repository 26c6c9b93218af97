"""What is done to all files of a batch at once, in the API."""

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.models import UploadBatch
from cases.services import uploads
from cases.views.fates import counts_of
from medweb.accounts.current import person


class BatchCancel(APIView):
    @extend_schema(request=None, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request, pk: int) -> Response:
        """Call off every file of a batch that has no verdict yet; what was taken before stays."""
        by = person(request)
        batch = get_object_or_404(UploadBatch.objects.visible_to(by).select_related("case"), pk=pk)
        cancelled = uploads.cancel_batch(batch=batch, by=by)
        return Response(
            {"id": batch.pk, "case": batch.case_id, "cancelled": cancelled, "counts": counts_of(batch)}
        )
