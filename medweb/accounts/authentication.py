"""``Authorization: Bearer mw_…`` for the API."""

from datetime import timedelta

from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.db import DEFAULT_DB_ALIAS, models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from medweb.accounts.models import ApiToken, User
from medweb.prepared import Prepared, Slot

_OF_TOKEN = [field.attname for field in ApiToken._meta.concrete_fields]
_OF_USER = [field.attname for field in User._meta.concrete_fields]
_with_digest = Prepared(
    lambda: (
        ApiToken.objects.filter(digest=Slot("digest", models.CharField()))
        .order_by()
        .values_list(*_OF_TOKEN, *(f"user__{name}" for name in _OF_USER))
    )
)


def usable_token(key: str) -> ApiToken | None:
    """The token with this key and its person; ``None`` when it is unknown, expired, revoked or nobody's.

    One query that is built once: programs ask with every file they send.
    """
    row = _with_digest.first(digest=ApiToken.digest_of(key))
    if row is None:
        return None
    token = ApiToken.from_db(DEFAULT_DB_ALIAS, _OF_TOKEN, row[: len(_OF_TOKEN)])
    token.user = User.from_db(DEFAULT_DB_ALIAS, _OF_USER, row[len(_OF_TOKEN) :])
    return token if token.user.is_active and token.state() == "active" else None


def is_known(request: HttpRequest, session: SessionBase) -> bool:
    """Whether the token or the session that ``request`` names is somebody's; nothing is written.

    Parameters
    ----------
    request : HttpRequest
        Only its headers are read.
    session : SessionBase
        The one whose key the request's cookie holds.
    """
    keyword, _space, key = request.headers.get("Authorization", "").partition(" ")
    if keyword.lower() == "bearer" and usable_token(key.strip()) is not None:
        return True
    request.session = session
    return bool(get_user(request).is_active)


class TokenAuthentication(BaseAuthentication):
    """Looks the key's digest up; unknown, expired and revoked get one answer, so guessing tells nothing."""

    keyword = b"bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed(_("Send the header as: Authorization: Bearer <token>."))
        token = usable_token(parts[1].decode("latin-1"))
        if token is None:
            raise AuthenticationFailed(_("This token is not valid. Create a new one on your account page."))
        now = timezone.now()
        # Once a minute is enough to see that a token is in use; a write per request is not.
        if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "medweb.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
