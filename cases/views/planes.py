"""Pixels of planes through a series: immutable under the name of their stack, checked on every request."""

import imagecodecs
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from cases.imaging.errors import Refused
from cases.imaging.reslice import PLANES, PROJECTIONS
from cases.models import Series
from cases.services import planes
from cases.views.series import IMMUTABLE
from medweb.accounts.current import person
from medweb.errors import bad_request, not_found

# Thicker than any body part.
MAX_SLAB_MM = 1000.0


@require_GET
def plane_pixels(request: HttpRequest, pk: int, key: str, plane: str, index: int) -> HttpResponse:
    """One image of a plane as raw little-endian pixels, ``slab`` millimetres thick."""
    series = get_object_or_404(Series.objects.visible_to(person(request)).cleared(), pk=pk)
    name = next((one for one in PLANES if one == plane), None)
    by = next((one for one in PROJECTIONS if one == request.GET.get("by", "mean")), None)
    try:
        slab = float(request.GET.get("slab", "0"))
    except ValueError:
        slab = -1.0
    if name is None or by is None or not 0.0 <= slab <= MAX_SLAB_MM:
        return bad_request(request, ValueError("plane, slab or by"))
    frames = planes.frames_of(series)
    if planes.key_of(frames) != key:
        return not_found(request, LookupError())
    try:
        volume = planes.volume_of(key, frames)
        image = volume.grid.cut(volume.voxels, name, index, slab_mm=slab, by=by)
    except (Refused, IndexError, FileNotFoundError) as error:
        return not_found(request, error)
    little = image.astype(image.dtype.newbyteorder("<"), copy=False)
    response = HttpResponse(
        imagecodecs.gzip_encode(little.tobytes(), level=1), content_type="application/octet-stream"
    )
    response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = IMMUTABLE
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    patch_vary_headers(response, ["Cookie"])
    return response
