"""Files come in, each by its own request; the page shows a verdict for each."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases.models import Upload
from cases.permissions import check_user_can_edit_case
from cases.services import uploads as services
from cases.views.case import visible_case
from medweb.accounts.current import person


def as_json(upload: Upload) -> dict[str, object]:
    """State of an upload as the upload behaviour reads it."""
    return {
        "id": upload.pk,
        "state": upload.state,
        "sentence": upload.sentence,
        "code": upload.code,
        "taken": upload.taken,
        "doubled": upload.doubled,
        "refused": upload.refused,
        "removed": upload.removed,
        "url": reverse("cases:upload", args=[upload.pk]),
        "cancel_url": reverse("cases:upload-cancel", args=[upload.pk]),
        "series_url": (
            f"{reverse('cases:case', args=[upload.case_id])}?series={upload.series_id}"
            if upload.series_id
            else None
        ),
    }


@require_POST
def upload_create(request: HttpRequest, pk: int) -> HttpResponse:
    """One file as multipart field ``file``. Its name is read by nobody."""
    case = visible_case(person(request), pk)
    check_user_can_edit_case(person(request), case)
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"detail": _("Send the file as multipart field “file”.")}, status=400)
    try:
        upload = services.receive(case=case, chunks=file.chunks(), by=person(request))
    except ValidationError as error:
        return JsonResponse({"detail": " ".join(error.messages)}, status=400)
    return JsonResponse(as_json(upload), status=201)


def _upload(request: HttpRequest, pk: int) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(person(request)).select_related("case"), pk=pk)


@require_GET
def upload_state(request: HttpRequest, pk: int) -> HttpResponse:
    return JsonResponse(as_json(_upload(request, pk)))


@require_POST
def upload_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    upload = _upload(request, pk)
    try:
        services.cancel(upload=upload, by=person(request))
    except ValidationError as error:
        return JsonResponse({"detail": " ".join(error.messages)}, status=409)
    return JsonResponse(as_json(upload))


@require_GET
def upload_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Fragment: the last uploads of a case and their verdicts."""
    case = visible_case(person(request), pk)
    check_user_can_edit_case(person(request), case)
    return render(request, "cases/_upload_list.html", {"case": case, "uploads": case.uploads.all()[:20]})
