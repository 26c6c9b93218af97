"""Forms about one's own account, and about people."""

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.utils.translation import gettext_lazy as _

from medweb.accounts.models import Role, User


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What will use it, for example “upload script”.")
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=lambda value: int(value) if value else None,
        empty_value=None,
        required=False,
        initial="90",
        choices=[("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year")), ("", _("No end"))],
    )


class PersonForm(BaseUserCreationForm):
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, widget=forms.CheckboxSelectMultiple, initial=[Role.STUDENT]
    )

    class Meta:
        model = User
        fields = ("username", "display_name")


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
