"""Who makes this request, with the type that the log-in middleware and DRF's permission guarantee."""

from typing import cast

from django.http import HttpRequest
from rest_framework.request import Request

from medweb.accounts.models import User


def person(request: HttpRequest | Request) -> User:
    """The signed-in person; only for views that require log-in."""
    return cast(User, request.user)
