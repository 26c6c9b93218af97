"""What became of files: one table per batch, as people see it and as scripts read it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Case as When
from django.db.models import Count, F, IntegerField, Value
from django.db.models import When as Then
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from cases.enums import Clearance, UploadState
from cases.models import Case, Upload, UploadBatch
from cases.services import allowance
from medweb.accounts.models import User

PAGE_ROWS = 100
ON_CASE_PAGE = 20
EARLIER_BATCHES = 10
# A verdict carries the moment it was written, and is seen a little later, when its transaction is over.
OVERLAP = timedelta(seconds=5)
MOST_NEWS = 500
GROUPS: dict[str, tuple[str, ...]] = {
    "refused": (UploadState.REFUSED, UploadState.CANCELLED),
    "waiting": (UploadState.RECEIVING, UploadState.QUARANTINED, UploadState.CLEANING),
    "accepted": (UploadState.ACCEPTED,),
}
SORTS = {"file": "pk", "kind": "kind", "size": "byte_count", "fate": "rank"}
# What asks for attention comes first.
RANK = When(
    Then(state__in=GROUPS["refused"], then=Value(0)),
    Then(series__clearance=Clearance.HELD, then=Value(1)),
    Then(state__in=GROUPS["waiting"], then=Value(2)),
    default=Value(3),
    output_field=IntegerField(),
)


def _number(batch: UploadBatch, uploads: Iterable[Upload]) -> None:
    """Set ``number`` of ``uploads``: which file of the batch each is, whatever else is shown."""
    numbers = {
        pk: n for n, pk in enumerate(batch.uploads.order_by("pk").values_list("pk", flat=True), start=1)
    }
    for upload in uploads:
        upload.number = numbers.get(upload.pk)  # type: ignore[attr-defined]


def counts_of(batch: UploadBatch) -> dict[str, int]:
    """How many files have which fate: ``all`` and the keys of :data:`GROUPS`."""
    found = batch.uploads.order_by().values_list("state").annotate(Count("pk"))
    by_state: dict[str, int] = dict(found)
    counts = {name: sum(by_state.get(state, 0) for state in states) for name, states in GROUPS.items()}
    return {"all": sum(by_state.values()), **counts}


def _link(path: str, query: Mapping[str, str], **changes: str) -> str:
    kept = {name: value for name, value in {**query, **changes}.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def table_of(batch: UploadBatch, query: Mapping[str, str], *, most: int = 0) -> dict[str, Any]:
    """Context of ``cases/_fate_table.html`` for a batch, in the order and on the page that ``query`` says.

    ``most`` is how many rows a page has, :data:`PAGE_ROWS` when it is left out.
    """
    path = reverse("cases:batch", args=[batch.pk])
    counts = counts_of(batch)
    show = query.get("show", "") if query.get("show", "") in GROUPS else ""
    sort = query.get("sort", "fate")
    down = sort.startswith("-")
    column = sort.removeprefix("-") if sort.removeprefix("-") in SORTS else "fate"
    rows = batch.uploads.select_related("series").annotate(rank=RANK)
    if show:
        rows = rows.filter(state__in=GROUPS[show])
    order = F(SORTS[column]).desc() if down else F(SORTS[column]).asc()
    page: Page[Any] = Paginator(rows.order_by(order, "pk"), most or PAGE_ROWS).get_page(query.get("page"))
    uploads = list(page.object_list)
    _number(batch, uploads)
    kept = {"show": show, "sort": query.get("sort", "")}
    labels = {"": _("All"), "refused": _("Refused"), "waiting": _("Waiting"), "accepted": _("Accepted")}
    return {
        "batch": batch,
        "counts": counts,
        "uploads": uploads,
        "is_waiting": counts["waiting"] > 0,
        "again_url": _link(path, kept, page=str(page.number) if page.number > 1 else ""),
        "columns": [
            {
                "name": name,
                "url": _link(path, kept, sort=f"-{name}" if name == column and not down else name),
                "direction": ("descending" if down else "ascending") if name == column else "",
            }
            for name in SORTS
        ],
        "filters": [
            {
                "label": label,
                "count": counts[name or "all"],
                "current": name == show,
                "url": _link(path, kept, show=name),
            }
            for name, label in labels.items()
        ],
        "page": {
            "previous_url": _link(path, kept, page=str(page.number - 1)) if page.has_previous() else "",
            "next_url": _link(path, kept, page=str(page.number + 1)) if page.has_next() else "",
            "place": _("%(first)d–%(last)d of %(all)d")
            % {"first": page.start_index(), "last": page.end_index(), "all": page.paginator.count},
        },
        "has_pages": page.has_other_pages(),
    }


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
        "series_url": series_url(upload),
    }


def series_url(upload: Upload) -> str | None:
    """Where the series of ``upload`` is looked at: at the desk while it waits there."""
    if upload.series is None:
        return None
    if upload.series.is_held:
        return reverse("cases:desk-series", args=[upload.series_id])
    return f"{reverse('cases:case', args=[upload.case_id])}?series={upload.series_id}"


def batch_json(batch: UploadBatch, by: User) -> dict[str, object]:
    """A new batch: where it is, where its files go, how much may be sent."""
    return {
        "id": batch.pk,
        "url": reverse("cases:batch", args=[batch.pk]),
        "state_url": reverse("cases:batch-state", args=[batch.pk]),
        "files_url": f"{reverse('cases:file-create', args=[batch.case_id])}?batch={batch.pk}",
        "limits": allowance.limits_of(by).as_json(),
    }


def news_of(batch: UploadBatch, since: str) -> dict[str, object]:
    """Verdicts of a batch that came after ``since`` (``now`` of the answer before), at most 500 at once.

    One request for all files of a batch, however many there are.
    """
    now = timezone.now()
    after: datetime | None = None
    try:
        after = parse_datetime(since)
    except ValueError:
        # A date that no calendar has: told from the beginning.
        after = None
    told = batch.uploads.select_related("series").filter(finished_at__isnull=False)
    if after is not None and timezone.is_aware(after):
        told = told.filter(finished_at__gte=after)
    rows = list(told.order_by("finished_at", "pk")[: MOST_NEWS + 1])
    more = len(rows) > MOST_NEWS
    last = rows[MOST_NEWS - 1].finished_at if more else None
    return {
        "id": batch.pk,
        # Some overlap is harmless: a verdict that is read twice is the same one.
        "now": (last or now - OVERLAP).isoformat(),
        "more": more,
        "counts": counts_of(batch),
        "uploads": [as_json(upload) for upload in rows[:MOST_NEWS]],
    }


def upload_context(case: Case, user: User) -> dict[str, Any]:
    """What a case page needs to take files in and to say what became of them."""
    batches = list(case.batches.annotate(files=Count("uploads")).filter(files__gt=0)[: EARLIER_BATCHES + 1])
    return {
        "limits": allowance.limits_of(user),
        "fates": {**table_of(batches[0], {}, most=ON_CASE_PAGE), "columns": []} if batches else None,
        "earlier": batches[1:],
        "loose": list(case.uploads.filter(batch=None).select_related("series")[:ON_CASE_PAGE]),
    }
