"""Whole slides: the page to look at one, and its tiles."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from cases import blobs
from cases.imaging.slide_store import read_tile
from cases.models import Instance, Series, Slide
from cases.permissions import user_can_draw
from cases.views.case import visible_case
from cases.views.series import IMMUTABLE
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.errors import not_found
from medweb.navigation import live_url


def visible_slides(user: User) -> QuerySet[Slide]:
    """Slides whose series ``user`` may see; none that waits at the desk."""
    shown = Series.objects.visible_to(user).cleared()
    return Slide.objects.filter(instance__series__in=shown).select_related("instance__series__case")


def slide_of(user: User, instance: int) -> Slide:
    """The slide stored as that instance; raises Http404 when ``user`` sees none."""
    # A relation, unlike a plain column, hands numbers beyond 64 bits on to the database, which fails.
    return get_object_or_404(visible_slides(user), instance__in=Instance.objects.filter(pk=instance))


def tile_bytes(slide: Slide, digest: str, level: int, x: int, y: int) -> bytes:
    """A tile as a JPEG file.

    Raises
    ------
    LookupError
        When the slide has no such tile, is stored under another digest by now, or its bytes are gone.
    """
    if digest != slide.instance.digest[:16]:
        raise LookupError("another slide is stored here by now")
    try:
        with blobs.opened(slide.instance.digest) as file:
            return read_tile(file, level, x, y)
    except FileNotFoundError as error:
        raise LookupError("the bytes are gone") from error


def tile_answer(data: bytes) -> HttpResponse:
    """The answer with a tile: its address has the digest of the slide, so it never changes."""
    response = HttpResponse(data, content_type="image/jpeg")
    response["Cache-Control"] = IMMUTABLE
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    patch_vary_headers(response, ["Cookie"])
    return response


@require_GET
def slide_tile(request: HttpRequest, pk: int, digest: str, level: int, x: int, y: int) -> HttpResponse:
    """One tile; ``pk`` is that of the instance."""
    slide = slide_of(person(request), pk)
    try:
        return tile_answer(tile_bytes(slide, digest, level, x, y))
    except LookupError as error:
        return not_found(request, error)


@require_GET
def slide_page(request: HttpRequest, pk: int, instance: int) -> HttpResponse:
    """One slide, to zoom and move over."""
    user = person(request)
    case = visible_case(user, pk)
    slide = slide_of(user, instance)
    series = slide.instance.series
    if series.case_id != case.pk:
        return not_found(request, LookupError("a slide of another case"))
    others = visible_slides(user).filter(instance__series__case=case).exclude(pk=slide.pk)
    context = {
        "case": case,
        "slide": slide,
        "series": series,
        "can_draw": user_can_draw(user, case),
        "live_url": live_url(f"case:{case.pk}", f"user:{user.pk}"),
        "others": others.order_by("instance__series__number"),
    }
    return render(request, "cases/slide.html", context)
