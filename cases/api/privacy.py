"""Privacy reports in the API."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.models import Upload, UploadBatch
from cases.services import privacy
from medweb.accounts.current import person


class PrivacyLineSerializer(serializers.Serializer[object]):
    """What was done to one attribute for one reason, and how often; never a value."""

    attribute = serializers.CharField(help_text="Keyword of DICOM, or kind of metadata such as EXIF.")
    group = serializers.CharField()
    action = serializers.CharField()
    reason = serializers.CharField()
    count = serializers.IntegerField()
    why = serializers.CharField(help_text="The reason as a sentence.")


class PrivacyReportSerializer(serializers.Serializer[object]):
    """What was found in uploaded files, removed, changed and kept."""

    rules = serializers.ListField(child=serializers.CharField(), help_text="Editions of the rules.")
    profiles = serializers.ListField(child=serializers.CharField())
    files = serializers.DictField(child=serializers.IntegerField())
    objects = serializers.DictField(child=serializers.IntegerField())
    findings = serializers.DictField(child=serializers.IntegerField(), help_text="Found in the pixels.")
    attributes = PrivacyLineSerializer(many=True)


class UploadReport(APIView):
    @extend_schema(responses=PrivacyReportSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Privacy report of one upload; for those who may edit the case."""
        upload = get_object_or_404(Upload.objects.visible_to(person(request)), pk=pk)
        return Response(privacy.as_json(privacy.of_upload(upload)))


class BatchReport(APIView):
    @extend_schema(responses=PrivacyReportSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Privacy report of all files that were sent at once; for those who may edit the case."""
        batch = get_object_or_404(UploadBatch.objects.visible_to(person(request)), pk=pk)
        return Response(privacy.as_json(privacy.of_batch(batch)))
