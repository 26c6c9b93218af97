"""Files come in, each by its own requests; one table per batch tells the fate of each."""

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.models import Case, Upload, UploadBatch
from cases.permissions import check_user_can_edit_case, user_can_edit_case
from cases.services import receiving
from cases.views import tus
from cases.views.case import visible_case
from cases.views.fates import as_json, batch_json, news_of, table_of, upload_context
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.navigation import live_url
from medweb.prepared import Prepared, Slot

_case = Prepared(
    lambda: (
        Case.objects.filter(pk=Slot("pk", models.BigIntegerField())).order_by().values_list("id", "author_id")
    )
)


def editable_case(user: User, pk: int) -> Case:
    """The case, if ``user`` may send files to it; Http404 or PermissionDenied otherwise.

    Asked once per file: the usual answer costs one look at the row, the others find out which it is.
    """
    row = _case.first(pk=pk)
    if row is not None:
        case = Case.from_db(DEFAULT_DB_ALIAS, ["id", "author_id"], row)
        if user_can_edit_case(user, case):
            return case
    case = visible_case(user, pk)
    check_user_can_edit_case(user, case)
    return case


@require_POST
def batch_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a batch: the answer says where its files go and how much may be sent."""
    user = person(request)
    batch = receiving.open_batch(case=editable_case(user, pk), by=user)
    return JsonResponse(batch_json(batch, user), status=201)


def _batch(request: HttpRequest, pk: int) -> UploadBatch:
    rows = UploadBatch.objects.visible_to(person(request)).select_related("case")
    return get_object_or_404(rows, pk=pk)


@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Page: the fate of each file of a batch."""
    found = _batch(request, pk)
    context = {
        "case": found.case,
        "fates": table_of(found, request.GET.dict()),
        "live_url": live_url(f"case:{found.case_id}", f"user:{person(request).pk}"),
    }
    return render(request, "cases/batch.html", context)


@require_GET
def batch_state(request: HttpRequest, pk: int) -> HttpResponse:
    """New verdicts of a batch, for the script that has sent it."""
    return JsonResponse(news_of(_batch(request, pk), request.GET.get("since", "")))


@require_http_methods(["POST", "OPTIONS"])
@tus.protocol
def file_create(request: HttpRequest, pk: int) -> HttpResponse:
    """tus: a new file."""
    user = person(request)
    return tus.create(
        request, editable_case(user, pk), user, lambda row: reverse("cases:file", args=[row.pk])
    )


@require_http_methods(["HEAD", "PATCH", "DELETE", "OPTIONS"])
@tus.protocol
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """tus: a file that is arriving."""
    return tus.at(request, _upload(request, pk), person(request))


@require_POST
def upload_create(request: HttpRequest, pk: int) -> HttpResponse:
    """One small file as multipart field ``file``. Its name is read by nobody."""
    user = person(request)
    case = editable_case(user, pk)
    sent = request.FILES.get("file")
    if sent is None:
        return tus.problem(400, _("Send the file as multipart field “file”."))
    try:
        upload = receiving.receive(case=case, chunks=sent.chunks(), by=user)
    except ValidationError as error:
        return tus.refusal(error)
    return JsonResponse(as_json(upload), status=201)


def _upload(request: HttpRequest, pk: int) -> Upload:
    return get_object_or_404(
        Upload.objects.visible_to(person(request)).select_related("case", "series"), pk=pk
    )


@require_GET
def upload_state(request: HttpRequest, pk: int) -> HttpResponse:
    return JsonResponse(as_json(_upload(request, pk)))


@require_POST
def upload_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    upload = _upload(request, pk)
    try:
        receiving.abandon(upload=upload, by=person(request))
    except ValidationError as error:
        return JsonResponse({"detail": " ".join(error.messages)}, status=409)
    return JsonResponse(as_json(upload))


@require_GET
def upload_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Fragment: the last batch of a case with the fate of its files, and the way to earlier ones."""
    user = person(request)
    case = visible_case(user, pk)
    check_user_can_edit_case(user, case)
    return render(request, "cases/_upload_list.html", {"case": case, **upload_context(case, user)})
