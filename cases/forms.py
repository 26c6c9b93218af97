"""Forms of people. What they may hold is decided by the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.enums import Split
from cases.models import Case, Collection
from medweb.accounts.models import User


class CaseForm(forms.ModelForm):
    """Text of a case. The diagnosis is typed; a wording that no term has makes a term of this server."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    diagnosis_text = forms.CharField(
        label=_("Diagnosis"),
        required=False,
        max_length=200,
        help_text=_("Choose a known term, or type a new one."),
        widget=forms.TextInput(attrs={"list": "diagnosis-terms", "autocomplete": "off"}),
    )

    class Meta:
        model = Case
        fields = (
            "title",
            "modality",
            "body_region",
            "level",
            "history",
            "findings",
            "differential",
            "discussion",
            "management",
            "keywords",
            "source",
        )
        widgets = {
            "history": forms.Textarea(attrs={"rows": 4}),
            "findings": forms.Textarea(attrs={"rows": 5}),
            "differential": forms.Textarea(attrs={"rows": 5}),
            "discussion": forms.Textarea(attrs={"rows": 8}),
            "management": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "title": _("What a reader sees in the library. Do not name the patient."),
            "history": _("Age, sex and complaint, as the request form would say it."),
            "differential": _("One a line, most likely first."),
            "discussion": _("Markdown: **bold**, lists, tables, links."),
            "keywords": _("Comma-separated."),
            "source": _("Where the images come from, and their licence."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["revision"].initial = self.instance.revision
            if self.instance.diagnosis:
                self.fields["diagnosis_text"].initial = self.instance.diagnosis.display

    def service_fields(self) -> dict[str, Any]:
        """Cleaned values in the names of :mod:`cases.services.cases`."""
        values: dict[str, Any] = {name: self.cleaned_data[name] for name in self.Meta.fields}
        values["diagnosis_text"] = self.cleaned_data["diagnosis_text"]
        return values


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
