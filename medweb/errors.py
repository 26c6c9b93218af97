"""Errors as answers: problem+json for the API, pages for people."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.views import set_rollback

log = logging.getLogger("medweb.errors")
PROBLEM_TYPE = "application/problem+json"

CODES = {
    400: "bad-request",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "too-slow",
    409: "stale-revision",
    410: "gone",
    412: "precondition-failed",
    413: "too-large",
    415: "unsupported-media-type",
    416: "past-the-end",
    429: "too-many-requests",
    503: "busy",
    507: "disk-full",
}


class Problem(exceptions.APIException):
    """An error with a stable code and members of its own (RFC 9457)."""

    def __init__(self, status: int, code: str, detail: str, **members: Any) -> None:
        super().__init__(detail=detail, code=code)
        self.status_code = status
        self.code = code
        self.members = members


def flatten(detail: Any, path: str = "") -> list[dict[str, str]]:
    """DRF's nested error structure as a list of ``{field, message}``, fields like ``shapes[2].points``."""
    if isinstance(detail, dict):
        return [
            row
            for name, part in detail.items()
            for row in flatten(part, f"{path}.{name}" if path else str(name))
        ]
    if isinstance(detail, list):
        rows: list[dict[str, str]] = []
        for number, part in enumerate(detail):
            nested = isinstance(part, (dict, list))
            rows += flatten(part, f"{path}[{number}]" if nested else path)
        return rows
    return [{"field": path, "message": str(detail)}]


def body(status: int, code: str, detail: str, **members: Any) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **members,
    }


def problem(error: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """DRF exception handler: every expected error as problem+json with a stable code."""
    if isinstance(error, Problem):
        answer = body(error.status_code, error.code, str(error.detail), **error.members)
        return _response(error.status_code, answer)
    if isinstance(error, ValidationError):
        errors = (
            flatten(error.message_dict)
            if hasattr(error, "error_dict")
            else [{"field": "", "message": message} for message in error.messages]
        )
        for row in errors:
            row["field"] = "" if row["field"] == "__all__" else row["field"]
        return _response(400, body(400, "invalid", " ".join(error.messages), errors=errors))
    if isinstance(error, exceptions.ValidationError):
        errors = flatten(error.detail)
        detail = "; ".join(f"{row['field']}: {row['message']}".strip(": ") for row in errors)
        return _response(400, body(400, "invalid", detail, errors=errors))
    if isinstance(error, Http404):
        return _response(404, body(404, CODES[404], _("This does not exist, or you may not see it.")))
    if isinstance(error, PermissionDenied):
        return _response(403, body(403, CODES[403], str(error) or _("You may not do this.")))
    if isinstance(error, exceptions.APIException):
        status = error.status_code
        response = _response(status, body(status, CODES.get(status, "error"), str(error.detail)))
        if header := getattr(error, "auth_header", None):
            response["WWW-Authenticate"] = header
        if wait := getattr(error, "wait", None):
            response["Retry-After"] = str(int(wait))
        return response
    return None


def _response(status: int, answer: dict[str, Any]) -> JsonResponse:
    set_rollback()
    return _json(status, answer)


def _json(status: int, answer: dict[str, Any]) -> JsonResponse:
    # Not a DRF response: that is written by the renderer of the view, and the one of the schema writes YAML.
    return JsonResponse(
        answer, status=status, content_type=PROBLEM_TYPE, json_dumps_params={"ensure_ascii": False}
    )


def _page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    if request.path.startswith("/api/"):
        sentence = context.get("sentence") or HTTPStatus(status).phrase
        return _json(status, body(status, CODES.get(status, "error"), sentence))
    return _alone(f"errors/{status}.html", status, context)


def _alone(template: str, status: int, context: dict[str, Any]) -> HttpResponse:
    # Without the request no context processor asks for the session: a broken database has a page, too.
    return HttpResponse(render_to_string(template, context), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, sentence=str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was older than the session, or came from elsewhere."""
    return _alone("errors/csrf.html", 403, {})
