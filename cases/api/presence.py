"""Who else has a case open, in the API: the viewer says so every few seconds."""

import re
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api.case import visible_case
from cases.services import presence
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.errors import Problem

_WINDOW = re.compile(r"[0-9a-f]{8,32}")
WORDS = "8 to 32 of 0-9 and a-f, made by chance"


class PresenceSerializer(serializers.Serializer[Any]):
    window = serializers.RegexField(f"^{_WINDOW.pattern}$", help_text=f"Name of the window: {WORDS}")


class PresentPersonSerializer(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = User
        fields = ("id", "name")


class CompanySerializer(serializers.Serializer[presence.Company]):
    """Who else is there, as you may know it."""

    people = PresentPersonSerializer(many=True)
    more = serializers.IntegerField(help_text="How many there are beyond these")
    windows = serializers.IntegerField(help_text="How many other windows of your own show the case")
    beat_seconds = serializers.IntegerField(help_text="When to say so again; 0: never, it is off here")


class CasePresence(APIView):
    @extend_schema(request=PresenceSerializer, responses=CompanySerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Say that you look at the case, and learn who else does.

        You see its editors and your other windows; who may edit the case sees everybody.
        """
        case = visible_case(request, pk)
        sent = PresenceSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            company = presence.beat(case=case, reader=person(request), window=sent.validated_data["window"])
        except presence.TooFast:
            raise Problem(
                429, "too-many-requests", _("That is too often: once in 20 seconds is enough.")
            ) from None
        return Response(CompanySerializer(company).data)

    @extend_schema(
        parameters=[OpenApiParameter("window", OpenApiTypes.STR, required=True, description=WORDS)],
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Say that you have closed the window."""
        case = visible_case(request, pk)
        window = request.query_params.get("window", "")
        if not _WINDOW.fullmatch(window):
            raise Problem(400, "invalid", _("window: %(words)s.") % {"words": WORDS})
        presence.leave(case=case, reader=person(request), window=window)
        return Response(status=status.HTTP_204_NO_CONTENT)
