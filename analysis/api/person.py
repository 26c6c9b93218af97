"""Who asks."""

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from medweb.accounts.models import User


def person(request: Request) -> User:
    """The signed-in person of a request."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
