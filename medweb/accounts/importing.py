"""Many accounts at once, and the invitation with which each person takes theirs."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from medweb.accounts import roster, services
from medweb.accounts.current import person
from medweb.accounts.models import Role, User

EXAMPLE = "username,display_name,email,roles\nann,Ann Example,ann@example.org,student instructor\n"


def _invited(request: HttpRequest, people: list[User]) -> HttpResponse:
    """The links with which people choose a password, in this one answer."""
    by = person(request)
    links = []
    for user in people:
        uid = urlsafe_base64_encode(force_bytes(user.pk))
        path = reverse("accounts:invitation", args=[uid, services.invite(user=user, by=by)])
        links.append((user, request.build_absolute_uri(path)))
    return _page(request, 201, invited=links)


def _page(request: HttpRequest, status: int = 200, **context: Any) -> HttpResponse:
    defaults: dict[str, Any] = {"text": "", "entries": [], "error": "", "invited": [], "example": EXAMPLE}
    response = render(request, "accounts/import.html", {**defaults, **context}, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
def people_import(request: HttpRequest) -> HttpResponse:
    """Look at a list first; then make all accounts, or none. The links are in that one answer."""
    user = person(request)
    if not user.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only administrators manage people."))
    if request.method == "GET":
        return _page(request)
    text = request.POST.get("text", "")
    try:
        if sent := request.FILES.get("file"):
            text = roster.decoded(sent.read(roster.MOST_CHARACTERS * 4))
        entries = roster.parse(text)
    except ValidationError as error:
        return _page(request, 422, text=text.replace("\0", ""), error=" ".join(error.messages))
    wrong = sum(bool(entry.errors) for entry in entries)
    if request.POST.get("act") != "make" or wrong:
        return _page(request, 422 if wrong else 200, text=text, entries=entries, wrong=wrong)
    try:
        made = services.create_people(entries=entries, by=user)
    except ValidationError as error:
        return _page(request, 422, text=text, entries=entries, error=" ".join(error.messages))
    return _invited(request, made)


@require_POST
def person_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link for somebody who lost the first one, or the password."""
    if not person(request).has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only administrators manage people."))
    return _invited(request, [get_object_or_404(User.objects.filter(is_active=True), pk=pk)])


@method_decorator(login_not_required, name="dispatch")
@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class Invitation(PasswordResetConfirmView):
    """Choose one's first password; Django's own checks of link and password."""

    template_name = "accounts/invitation.html"

    def form_valid(self, form: Any) -> HttpResponse:
        user = self.user
        assert isinstance(user, User)
        services.change_password(password=form.cleaned_data["new_password1"], by=user)
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        messages.success(self.request, _("Your password is set. Sign in with it."))
        return redirect("accounts:sign-in")
