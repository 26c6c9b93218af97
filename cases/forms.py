"""Forms of people. What they may hold is decided by the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.enums import Split
from cases.models import Collection
from medweb.accounts.models import User


class CollectionForm(forms.ModelForm):
    members = forms.ModelMultipleChoiceField(
        label=_("Invited members"),
        queryset=User.objects.filter(is_active=True),
        required=False,
        help_text=_("Only used when the collection is for invited members."),
    )

    class Meta:
        model = Collection
        fields = ("title", "description", "visibility", "blinded", "members")
        widgets = {"description": forms.Textarea(attrs={"rows": 4})}


class CollectionItemForm(forms.Form):
    """Put the case at hand into a collection."""

    collection = forms.ModelChoiceField(label=_("Collection"), queryset=Collection.objects.none())
    label = forms.CharField(
        label=_("Class label"),
        max_length=80,
        required=False,
        help_text=_("What a model should learn for this case."),
    )
    split = forms.ChoiceField(label=_("Split"), choices=Split.choices, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["collection"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Collection.objects.editable_by(user)
