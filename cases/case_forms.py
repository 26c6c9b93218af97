"""The form in which a case is written. What it may hold is decided by the services."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from cases.enums import AgeBand, Certainty, Licence, OrganSystem, PatientSex
from cases.models import Case
from cases.references import line_of
from cases.text import lines_of

# Languages that cases are written in most; any other tag that a case has already is offered too.
_LANGUAGES = (
    "en", "de", "es", "fr", "it", "nl", "pl", "pt", "tr", "ru", "ar", "ja", "ko", "zh-hans", "zh-hant",
)  # fmt: skip

_MAY_BE_UNSAID: dict[str, type[TextChoices]] = {
    "organ_system": OrganSystem,
    "age_band": AgeBand,
    "sex": PatientSex,
    "certainty": Certainty,
    "licence": Licence,
}


def language_choices(stored: str = "") -> list[tuple[str, str]]:
    """Languages by their own names, as tags of BCP 47."""
    found = []
    for code in _LANGUAGES:
        head, _dash, script = code.partition("-")
        found.append((f"{head}-{script.title()}" if script else head, get_language_info(code)["name_local"]))
    if stored and stored not in dict(found):
        found.append((stored, stored))
    return found


def language_name(tag: str) -> str:
    """A language by its own name; a tag that is not offered names itself."""
    return dict(language_choices()).get(tag, tag)


class RowsWidget(forms.Widget):
    """Rows of inputs called ``<name>-<column>``; a template draws them (``cases/_rows_*.html``)."""

    use_fieldset = True

    def __init__(self, *columns: str) -> None:
        super().__init__()
        self.columns = columns

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        lists = [data.getlist(f"{name}-{column}") for column in self.columns]
        found = [dict(zip(self.columns, row, strict=True)) for row in zip_longest(*lists, fillvalue="")]
        # A form that comes back with errors would have one more empty row each time.
        return [row for row in found if any(text.strip() for text in row.values())]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        # Without the mark, a form whose rows were all removed looks as if it had never had any.
        return name not in data


class RowsField(forms.Field):
    """A list of rows; those in which nothing was written are left out."""

    def clean(self, value: Any) -> list[dict[str, Any]]:
        return [row for row in value or [] if any(text.strip() for text in row.values())]


class LinesField(RowsField):
    """Lines of a differential: a term is a key that a list of terms wrote, or nothing."""

    def clean(self, value: Any) -> list[dict[str, Any]]:
        return [
            {"text": row["text"], "term": key_of(row["term"])} for row in value or [] if row["text"].strip()
        ]


def key_of(text: str) -> int | None:
    """A key as a hidden input carries it; what is none counts as nothing chosen."""
    return int(text) if text.isdecimal() and len(text) < 18 else None


def _text(rows: int, template: str = "") -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "data-markdown": template})


class CaseForm(forms.ModelForm):
    """All that is written about a case. A diagnosis that no term has makes a term of this server."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    diagnosis_text = forms.CharField(
        label=_("Diagnosis"),
        required=False,
        max_length=200,
        help_text=_("Type, and choose a known term from the list; new words are kept as they are."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-behaviour": "term-field"}),
    )
    diagnosis_term = forms.CharField(required=False, widget=forms.HiddenInput)
    differentials = LinesField(
        label=_("Differential diagnosis"),
        required=False,
        widget=RowsWidget("text", "term"),
        help_text=_("Most likely first. Several lines can be pasted at once."),
    )
    authors = RowsField(
        label=_("Authors"), required=False, widget=RowsWidget("name", "affiliation"),
        help_text=_("As they are to be cited, in this order."),
    )  # fmt: skip
    references = forms.CharField(
        label=_("References"),
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line. A DOI in any spelling is recognised and linked: 10.1148/rg.230034"),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)

    class Meta:
        model = Case
        fields = (
            "title", "unknown", "neutral_title", "abstract", "history", "age_band", "sex",
            "findings", "certainty", "proof", "discussion", "management", "pearls",
            "modality", "body_region", "organ_system", "level", "language", "keywords", "licence", "source",
        )  # fmt: skip
        widgets = {
            "abstract": _text(3),
            "history": _text(4),
            "findings": _text(6),
            "discussion": _text(8),
            "management": _text(4),
            "pearls": _text(4),
        }
        labels = {
            "unknown": _("Readers see it as an unknown"),
            "neutral_title": _("Heading while it is unknown"),
            "abstract": _("Summary"),
            "age_band": _("Age of the patient"),
            "sex": _("Sex of the patient"),
            "proof": _("How it is known"),
            "pearls": _("Teaching points"),
            "organ_system": _("Organ system"),
            "licence": _("Licence"),
        }
        help_texts = {
            "title": _("What a reader sees in the library. Do not name the patient."),
            "unknown": _("History and images first; the answer when the reader asks for it."),
            "neutral_title": _("Must not tell the answer. Left empty, it is “Unknown case” and a number."),
            "abstract": _("What the case teaches, in two or three sentences."),
            "history": _("Complaint and course, as the request form would say it."),
            "findings": _("“slice 23” or “series 2 image 5” leads the reader to that image."),
            "proof": _("Histology, operation, follow-up for two years, typical appearance …"),
            "pearls": _("One a line, beginning with a dash."),
            "keywords": _("Comma-separated."),
            "source": _("Where the images come from."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        case = self.instance
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = language_choices(case.language)
        for name, enum in _MAY_BE_UNSAID.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("Not said")), *enum.choices]
        if not case.pk:
            return
        initial: dict[str, Any] = {
            "revision": case.revision,
            "differentials": _stored_lines(case),
            "authors": [{"name": row.name, "affiliation": row.affiliation} for row in case.authors.all()],
            "references": "\n".join(line_of(row.text, row.doi) for row in case.references.all()),
        }
        if case.diagnosis:
            initial |= {"diagnosis_text": case.diagnosis.display, "diagnosis_term": str(case.diagnosis.pk)}
        self.initial = {**self.initial, **initial}

    def service_fields(self) -> dict[str, Any]:
        """Cleaned values of what was sent, in the names of :mod:`cases.services.cases`."""
        sent: dict[str, Any] = {
            name: value
            for name, value in self.cleaned_data.items()
            if not self.fields[name].widget.value_omitted_from_data(
                self.data, self.files, self.add_prefix(name)
            )
        }
        # A box that is not ticked is not sent: only what stands beside it tells that it was there.
        if "neutral_title" not in sent:
            sent.pop("unknown", None)
        sent.pop("revision", None)
        if "references" in sent:
            sent["references"] = sent["references"].splitlines()
        if "language" in sent:
            sent["language"] = sent["language"] or "en"
        if "diagnosis_term" in sent:
            sent["diagnosis_term"] = key_of(sent["diagnosis_term"])
        return sent

    def take_errors(self, error: ValidationError) -> None:
        """Show errors of the services beside their fields, the rest above the form."""
        found: Mapping[str, list[str]] = (
            error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
        )
        shown_at = {"diagnosis": "diagnosis_text", "differential": "differentials"}
        for name, texts in found.items():
            field = shown_at.get(name, name)
            for text in texts:
                self.add_error(field if field in self.fields else None, text)


def _stored_lines(case: Case) -> list[dict[str, Any]]:
    terms = {row.text: row.term for row in case.differentials.select_related("term")}
    return [{"text": line, "term": terms.get(line)} for line in lines_of(case.differential)]
