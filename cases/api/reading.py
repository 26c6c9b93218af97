"""Reading a case as an unknown, in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.case import stored_case
from cases.enums import ReadingStage
from cases.services import unknowns as services
from cases.veil import stage_of
from medweb.accounts.current import person


class ReadingSerializer(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(
        ReadingStage.choices, help_text="0 images and history, 1 findings, 2 diagnosis, 3 everything"
    )


class CaseReading(APIView):
    @extend_schema(responses=ReadingSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """How much of a case is shown to you."""
        return Response({"stage": stage_of(person(request), stored_case(request, pk))})

    @extend_schema(request=ReadingSerializer, responses=ReadingSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Ask for the next stage or for everything; 0 begins anew, as an unknown."""
        user, case = person(request), stored_case(request, pk)
        data = ReadingSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        stage = ReadingStage(data.validated_data["stage"])
        if stage == ReadingStage.IMAGES:
            services.begin(case=case, by=user)
        else:
            services.reveal(case=case, stage=stage, by=user)
        return Response({"stage": stage_of(user, case)})
