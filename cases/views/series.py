"""Pixels and previews: immutable, cached by the browser, checked on every request."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from cases import blobs
from cases.quick import frame_digests
from medweb.accounts.current import person
from medweb.errors import not_found

IMMUTABLE = "private, max-age=31536000, immutable"


def _digests(request: HttpRequest, pk: int) -> tuple[str, str]:
    found = frame_digests(person(request), pk)
    if found is None:
        raise Http404
    return found


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
    pixels, _preview = _digests(request, pk)
    if digest != pixels[:16]:
        return not_found(request, LookupError())
    return answer(request, pixels, "application/octet-stream", encoding="gzip")


@require_GET
def frame_preview(request: HttpRequest, pk: int, digest: str) -> HttpResponse:
    """Small JPEG in the stored window."""
    _pixels, preview = _digests(request, pk)
    if digest != preview[:16]:
        return not_found(request, LookupError())
    return answer(request, preview, "image/jpeg")


@require_GET
def frame_thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    """The same preview without its digest in the address, for cards; may be cached for a short time."""
    return answer(request, _digests(request, pk)[1], "image/jpeg", cache="private, max-age=600")
