"""The tus protocol 1.0.0 for files of any size: a file comes in pieces and goes on where it stopped.

https://tus.io/protocols/resumable-upload, with the extensions creation, creation-with-upload, termination,
expiration and checksum. Pages (session) and programs (token) speak it with the same functions.
"""

import base64
import binascii
import functools
from collections.abc import Callable, Iterator
from datetime import UTC
from email.utils import format_datetime
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from cases.models import Case, Upload, UploadBatch
from cases.services import quarantine, receiving
from medweb.accounts.models import User
from medweb.errors import CODES, PROBLEM_TYPE
from medweb.limits import MEGABYTE

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
CONTENT_TYPE = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460
READ_BYTES = MEGABYTE

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class Wrong(Exception):
    """A request that the protocol does not allow, with the status and sentence of its answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def problem(status: int, sentence: str, **headers: str) -> HttpResponse:
    """``sentence`` as problem+json, also for the status codes that only tus knows."""
    title = "Checksum Mismatch" if status == CHECKSUM_MISMATCH else HTTPStatus(status).phrase
    code = {CHECKSUM_MISMATCH: "wrong-checksum", 400: "invalid", 409: "wrong-offset"}.get(status)
    answer = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code or CODES.get(status, "error"),
        "detail": sentence,
    }
    return JsonResponse(
        answer,
        status=status,
        content_type=PROBLEM_TYPE,
        headers=headers,
        json_dumps_params={"ensure_ascii": False},
    )


def refusal(error: Exception) -> HttpResponse:
    """The answer to an error of :mod:`cases.services.receiving`; errors of other kinds are raised again."""
    match error:
        case Wrong():
            return problem(error.status, error.sentence)
        case PermissionDenied():
            return problem(403, str(error))
        case receiving.Elsewhere():
            return problem(409, error.messages[0], **{"Upload-Offset": str(error.offset)})
        case ValidationError():
            statuses = {
                quarantine.DiskFull: 507,
                quarantine.TooLarge: 413,
                quarantine.TooMany: 416,
                quarantine.WrongChecksum: CHECKSUM_MISMATCH,
                receiving.Gone: 410,
            }
            return problem(statuses.get(type(error), 400), " ".join(error.messages))
        case UnreadablePostError():
            return problem(400, _("The connection broke. Go on where it stopped."))
    raise error


def protocol(view: "View[P]") -> "View[P]":
    """Headers that every request and every answer must have; errors as answers.

    A method of another name in ``X-HTTP-Method-Override`` is ignored.
    """

    @functools.wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method == "OPTIONS":
            response = HttpResponse(status=204)
            response["Tus-Version"] = VERSION
            response["Tus-Extension"] = EXTENSIONS
            response["Tus-Max-Size"] = str(settings.UPLOAD_MAX_BYTES)
            response["Tus-Checksum-Algorithm"] = "sha256"
        elif request.headers.get("Tus-Resumable") != VERSION:
            response = problem(
                412, _("Speak tus 1.0.0: send the header Tus-Resumable: 1.0.0."), **{"Tus-Version": VERSION}
            )
        else:
            try:
                response = view(request, *args, **kwargs)
            except (Wrong, PermissionDenied, ValidationError, UnreadablePostError) as error:
                response = refusal(error)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    return answered


def body_of(request: HttpRequest) -> Iterator[bytes]:
    """The body as it was sent, a megabyte at a time.

    Not ``request.body``: that makes another copy of it, and refuses what is larger than a form may be.
    """
    while chunk := request.read(READ_BYTES):
        yield chunk


def check_not_packed(request: HttpRequest) -> None:
    """Raise for a compressed body: nobody inflates here, and its bytes are not the file's."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Wrong(415, _("Send the bytes of the file as they are, without Content-Encoding."))


def declared_length(request: HttpRequest) -> int:
    """Bytes the body says it has; 0 when it says nothing."""
    value = request.META.get("CONTENT_LENGTH") or ""
    return int(value) if value.isdecimal() and len(value) < 16 else 0


def _number(request: HttpRequest, name: str) -> int:
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdecimal() and len(value) < 16):
        raise Wrong(400, _("The header %(name)s must be a whole number.") % {"name": name})
    return int(value)


def _check_content_type(request: HttpRequest) -> None:
    check_not_packed(request)
    if request.content_type != CONTENT_TYPE:
        raise Wrong(415, _("Send the bytes as %(type)s.") % {"type": CONTENT_TYPE})


def _checksum(request: HttpRequest) -> bytes | None:
    value = request.headers.get("Upload-Checksum")
    if value is None:
        return None
    algorithm, _space, packed = value.strip().partition(" ")
    if algorithm != "sha256":
        raise Wrong(400, _("Checksums are taken by sha256 only."))
    try:
        digest = base64.b64decode(packed, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 32:
        raise Wrong(400, _("The checksum must be the 32 bytes of a SHA-256, in Base64."))
    return digest


def batch_of(request: HttpRequest, case: Case, by: User) -> UploadBatch | None:
    """The batch that the query names, ``None`` when it names none; Http404 for one of another case."""
    value = request.GET.get("batch", "")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise Wrong(400, _("The batch must be a number."))
    return get_object_or_404(UploadBatch.objects.visible_to(by).filter(case=case), pk=int(value))


def _expires(upload: Upload) -> str:
    return format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)


def create(request: HttpRequest, case: Case, by: User, address: Callable[[Upload], str]) -> HttpResponse:
    """``POST``: a new upload, with all, some or none of its bytes. ``Upload-Metadata`` is read by nobody."""
    if "Upload-Defer-Length" in request.headers:
        raise Wrong(400, _("Say the size of the file in Upload-Length."))
    length, sent = _number(request, "Upload-Length"), declared_length(request)
    has_body = sent > 0 or "Transfer-Encoding" in request.headers
    if has_body:
        _check_content_type(request)
    checksum, batch = _checksum(request), batch_of(request, case, by)
    if has_body and sent == length and checksum is None:
        # The usual way of small files: one request, one row, written once.
        upload = receiving.receive(case=case, chunks=body_of(request), by=by, batch=batch, declared=length)
        offset = length
    else:
        upload, offset = receiving.begin(case=case, batch=batch, byte_count=length, by=by), 0
        if has_body:
            try:
                offset = receiving.append(
                    upload=upload, offset=0, chunks=body_of(request), checksum=checksum, by=by
                )
            except BaseException:
                # The sender does not know yet where to go on.
                receiving.abandon(upload=upload, by=by)
                raise
    response = HttpResponse(status=201)
    response["Location"] = address(upload)
    response["Upload-Offset"] = str(offset)
    response["Upload-Expires"] = _expires(upload)
    return response


def at(request: HttpRequest, upload: Upload, by: User) -> HttpResponse:
    """``HEAD``, ``PATCH`` and ``DELETE`` of one upload."""
    if request.method == "HEAD":
        response = HttpResponse(status=200)
        response["Upload-Offset"] = str(receiving.arrived(upload=upload, by=by))
        response["Upload-Length"] = str(upload.byte_count)
    elif request.method == "PATCH":
        _check_content_type(request)
        offset = receiving.append(
            upload=upload,
            offset=_number(request, "Upload-Offset"),
            chunks=body_of(request),
            checksum=_checksum(request),
            by=by,
        )
        response = HttpResponse(status=204)
        response["Upload-Offset"] = str(offset)
    else:
        try:
            receiving.abandon(upload=upload, by=by)
        except ValidationError as error:
            raise Wrong(409, " ".join(error.messages)) from error
        return HttpResponse(status=204)
    response["Upload-Expires"] = _expires(upload)
    return response
