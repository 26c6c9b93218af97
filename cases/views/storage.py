"""Storage: what takes room."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cases.enums import Modality, label_of
from cases.services import storage as services
from cases.veil import cover
from medweb.accounts.current import person
from medweb.accounts.models import Role


@require_GET
def storage(request: HttpRequest) -> HttpResponse:
    """Bytes by kind of image, by case and by person, for staff and administrators."""
    user = person(request)
    if not user.has_role(Role.STAFF, Role.ADMINISTRATOR):
        raise PermissionDenied(_("The storage is for staff and administrators."))
    cases = services.largest_cases(user)
    cover([case for case, _files, _bytes in cases], user)
    context = {
        "short": services.in_short(),
        "modalities": [
            (label_of(Modality, modality), files, total) for modality, files, total in services.by_modality()
        ],
        "cases": cases,
        "people": services.by_person(),
        "each": settings.USER_MAX_BYTES,
    }
    return render(request, "cases/storage.html", context)
