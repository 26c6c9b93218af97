"""What waits to be reviewed, of all cases of a person."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from cases.models import Annotation
from cases.permissions import check_user_can_use_reviews
from cases.views.layers import PAGE_ROWS, table_rows
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.navigation import counts, live_url
from medweb.paging import page_of

SORTS = {
    "oldest": (gettext_lazy("Longest waiting"), ("submitted_at", "id")),
    "newest": (gettext_lazy("Newest"), ("-submitted_at", "-id")),
}


@counts("cases:reviews")
def count(user: User) -> int:
    """How many layers wait for ``user``."""
    return Annotation.objects.reviewable_by(user).waiting().count()


@require_GET
def reviews(request: HttpRequest) -> HttpResponse:
    """Layers that wait on one's cases, the longest waiting first."""
    user = person(request)
    check_user_can_use_reviews(user)
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "oldest"
    found = Annotation.objects.reviewable_by(user).waiting().with_comment_count().with_readers()
    found = found.select_related("author", "series__case")
    page = page_of(request, found, size=PAGE_ROWS, ordering=SORTS[sort][1])
    context = {
        "page": page,
        "rows": table_rows(page.rows, user),
        "sort": sort,
        "sorts": [(name, label) for name, (label, _ordering) in SORTS.items()],
        "total": count(user),
        "live_url": live_url(f"user:{user.pk}"),
    }
    return render(request, "cases/reviews.html", context)
