"""A case as a reference."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from cases.citing import work_of
from cases.exchange.citation import Work, to_bibtex, to_ris, to_text
from cases.views.case import visible_case
from medweb.accounts.current import person

FORMS: dict[str, tuple[str, Callable[[Work], str]]] = {
    "bib": ("application/x-bibtex; charset=utf-8", to_bibtex),
    "ris": ("application/x-research-info-systems; charset=utf-8", to_ris),
    "txt": ("text/plain; charset=utf-8", to_text),
}


@require_GET
def case_citation(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The case for a reference manager, or as a line of text."""
    if form not in FORMS:
        raise Http404
    kind, write = FORMS[form]
    response = HttpResponse(write(work_of(request, visible_case(person(request), pk))), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="case-{pk}.{form}"'
    return response
