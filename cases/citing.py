"""What a citation says of a case, for its page and for reference managers."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from cases.exchange.citation import Work
from cases.models import Case


def work_of(request: HttpRequest, case: Case) -> Work:
    """What may be said of ``case``, which is covered for its reader."""
    names = tuple(row.name for row in case.authors.all()) or (str(case.author),)
    return Work(
        number=case.pk,
        title=case.title,
        authors=names,
        publisher="MedWeb",
        url=request.build_absolute_uri(reverse("cases:case", args=[case.pk])),
        version=case.revision,
        published=case.published_at.date() if case.published_at else None,
        seen=timezone.localdate(),
    )
