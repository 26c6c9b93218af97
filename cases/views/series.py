"""Pixels and previews: immutable, cached by the browser, checked on every request."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from cases import blobs
from cases.models import Frame, Series
from medweb.accounts.current import person
from medweb.errors import not_found

IMMUTABLE = "private, max-age=31536000, immutable"


def _frame(request: HttpRequest, pk: int) -> Frame:
    # What waits at the desk is shown there and nowhere else, to its editors neither: these answers are kept
    # by browsers for a year.
    visible = Series.objects.visible_to(person(request)).cleared()
    return get_object_or_404(Frame.objects.filter(series__in=visible), pk=pk)


def answer(
    request: HttpRequest, digest: str, content_type: str, *, cache: str = IMMUTABLE, encoding: str = ""
) -> HttpResponse:
    """A stored blob as an answer; 404 when it is gone."""
    try:
        data = blobs.get(digest)
    except FileNotFoundError as error:
        return not_found(request, error)
    response = HttpResponse(data, content_type=content_type)
    response["Cache-Control"] = cache
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    if encoding:
        response["Content-Encoding"] = encoding
    patch_vary_headers(response, ["Cookie"])
    return response


@require_GET
def frame_pixels(request: HttpRequest, pk: int, digest: str) -> HttpResponse:
    """Raw little-endian pixels, stored gzipped and inflated by the browser; never through Python twice."""
    frame = _frame(request, pk)
    if digest != frame.digest[:16]:
        return not_found(request, LookupError())
    return answer(request, frame.digest, "application/octet-stream", encoding="gzip")


@require_GET
def frame_preview(request: HttpRequest, pk: int, digest: str) -> HttpResponse:
    """Small JPEG in the stored window."""
    frame = _frame(request, pk)
    if digest != frame.preview_digest[:16]:
        return not_found(request, LookupError())
    return answer(request, frame.preview_digest, "image/jpeg")


@require_GET
def frame_thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    """The same preview without its digest in the address, for cards; may be cached for a short time."""
    return answer(request, _frame(request, pk).preview_digest, "image/jpeg", cache="private, max-age=600")
