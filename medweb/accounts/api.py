"""Who am I, and my tokens."""

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from medweb.accounts import services
from medweb.accounts.current import person
from medweb.accounts.models import ApiToken, User


class MeSerializer(serializers.ModelSerializer[User]):
    roles = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = User
        fields = ("id", "username", "display_name", "roles")
        read_only_fields = fields

    def to_representation(self, instance: User) -> dict[str, object]:
        return {**super().to_representation(instance), "roles": sorted(instance.roles)}


class Me(APIView):
    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The person this token or session belongs to."""
        return Response(MeSerializer(person(request)).data)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    state = serializers.CharField(read_only=True)
    days = serializers.IntegerField(
        write_only=True, required=False, allow_null=True, min_value=1, max_value=3650
    )

    class Meta:
        model = ApiToken
        fields = ("id", "name", "hint", "state", "created_at", "expires_at", "last_used_at", "days")
        read_only_fields = ("id", "hint", "created_at", "expires_at", "last_used_at")


class NewTokenSerializer(TokenSerializer):
    key = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "key")  # type: ignore[assignment]


class TokenList(generics.ListAPIView[ApiToken]):
    """Your tokens. The key itself is only in the answer that made it."""

    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return ApiToken.objects.filter(user=person(self.request))

    @extend_schema(request=TokenSerializer, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make a token; ``key`` is shown this once."""
        data = TokenSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        token, key = services.create_token(
            name=data.validated_data["name"],
            days=data.validated_data.get("days"),
            by=person(request),
        )
        return Response({**TokenSerializer(token).data, "key": key}, status=status.HTTP_201_CREATED)


class TokenDetail(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke a token at once."""
        token = ApiToken.objects.filter(user=person(request), pk=pk).first()
        if token is None:
            raise Http404
        services.revoke_token(token=token, by=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("me/", Me.as_view(), name="api-me"),
    path("tokens/", TokenList.as_view(), name="api-tokens"),
    path("tokens/<int:pk>/", TokenDetail.as_view(), name="api-token"),
]
