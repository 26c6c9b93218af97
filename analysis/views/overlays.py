"""Values of heat maps: immutable, checked on every request."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from analysis.models import Overlay
from analysis.views.analysis import IMMUTABLE
from cases import blobs


@require_GET
def overlay_values(request: HttpRequest, pk: int, digest: str) -> HttpResponse:
    """Rows of little-endian float32, stored gzipped and inflated by the browser."""
    overlay = get_object_or_404(Overlay.objects.visible_to(request.user), pk=pk)  # type: ignore[arg-type]
    if digest != overlay.digest[:16]:
        raise Http404
    try:
        data = blobs.get(overlay.digest)
    except FileNotFoundError as error:
        raise Http404 from error
    headers = {
        "Cache-Control": IMMUTABLE,
        "Content-Encoding": "gzip",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    response = HttpResponse(data, content_type="application/octet-stream", headers=headers)
    patch_vary_headers(response, ["Cookie"])
    return response
