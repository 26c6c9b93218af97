"""Signing in, one's account, and people."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from medweb.accounts import demo, services
from medweb.accounts.current import person
from medweb.accounts.forms import PersonForm, RolesForm, TokenForm
from medweb.accounts.models import ApiToken, Role, User
from medweb.paging import page_of


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        accounts = demo.shown()
        shown = {"demo_accounts": accounts, "demo_password": demo.PASSWORD if accounts else ""}
        return {**super().get_context_data(**kwargs), **shown}


@login_not_required
def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Too many wrong passwords; the same answer whether or not the account exists."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    return render(request, "accounts/locked_out.html", {"minutes": minutes}, status=429)


def _account(request: HttpRequest, status: int = 200, **context: Any) -> HttpResponse:
    user = person(request)
    defaults = {
        "password_form": PasswordChangeForm(user),
        "token_form": TokenForm(),
        "tokens": user.api_tokens.all()[:50],
    }
    return render(request, "accounts/account.html", {**defaults, **context}, status=status)


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    return _account(request)


@require_POST
def password_change(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = PasswordChangeForm(user, request.POST)
    if not form.is_valid():
        return _account(request, 422, password_form=form)
    services.change_password(password=form.cleaned_data["new_password1"], by=user)
    update_session_auth_hash(request, user)
    messages.success(request, _("Your password is changed. Other devices are signed out."))
    return redirect("accounts:account")


@require_POST
def token_create(request: HttpRequest) -> HttpResponse:
    """The key is in this one answer and nowhere else, so there is no redirect."""
    form = TokenForm(request.POST)
    if form.is_valid():
        try:
            _token, key = services.create_token(
                name=form.cleaned_data["name"],
                days=form.cleaned_data["days"],
                by=person(request),
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            response = _account(request, 201, new_key=key)
            response["Cache-Control"] = "no-store"
            return response
    return _account(request, 422, token_form=form)


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    token = get_object_or_404(ApiToken.objects.filter(user=user), pk=pk)
    services.revoke_token(token=token, by=user)
    messages.success(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return redirect("accounts:account")


def _check_administrator(request: HttpRequest) -> User:
    user = person(request)
    if not user.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only administrators manage people."))
    return user


def _people(request: HttpRequest, form: PersonForm, status: int = 200) -> HttpResponse:
    rows = User.objects.prefetch_related("role_grants")
    page = page_of(request, rows, size=50, ordering=("username",))
    context = {"page": page, "form": form, "role_choices": Role.choices}
    return render(request, "accounts/people.html", context, status=status)


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    _check_administrator(request)
    return _people(request, PersonForm())


@require_POST
def person_create(request: HttpRequest) -> HttpResponse:
    administrator = _check_administrator(request)
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _people(request, form, 422)
    services.create_user(
        username=form.cleaned_data["username"],
        display_name=form.cleaned_data["display_name"],
        password=form.cleaned_data["password1"],
        roles=form.cleaned_data["roles"],
        by=administrator,
    )
    messages.success(request, _("The account is made."))
    return redirect("accounts:people")


@require_http_methods(["POST"])
def person_roles(request: HttpRequest, pk: int) -> HttpResponse:
    administrator = _check_administrator(request)
    user = get_object_or_404(User, pk=pk)
    form = RolesForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose among the roles shown."))
        return redirect("accounts:people")
    services.set_roles(user=user, roles=set(form.cleaned_data["roles"]), by=administrator)
    messages.success(request, _("The roles of %(who)s are saved.") % {"who": user})
    return redirect("accounts:people")
