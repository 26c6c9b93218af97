"""What is done to all files of a batch at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cases.models import UploadBatch
from cases.services import uploads
from cases.views.fates import upload_context
from medweb.accounts.current import person


@require_POST
def batch_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Call off the files without a verdict; the case page stays where it is, for it may still be sending."""
    user = person(request)
    batch = get_object_or_404(UploadBatch.objects.visible_to(user).select_related("case"), pk=pk)
    count = uploads.cancel_batch(batch=batch, by=user)
    if request.headers.get("HX-Request"):
        context = {"case": batch.case, **upload_context(batch.case, user)}
        return render(request, "cases/_upload_list.html", context)
    said = ngettext(
        "%(n)d file was cancelled. What was taken before stays in the case.",
        "%(n)d files were cancelled. What was taken before stays in the case.",
        count,
    ) % {"n": count}
    messages.success(request, said if count else _("Every file had its verdict already."))
    return redirect("cases:batch", pk=pk)
