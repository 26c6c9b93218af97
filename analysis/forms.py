"""Forms of this app."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from analysis.enums import Algorithm, FeatureSet, Imbalance, LabelSource


class TrainForm(forms.Form):
    """What to train, from which labels."""

    label_source = forms.ChoiceField(label=_("Labels"), choices=LabelSource.choices)
    algorithms = forms.MultipleChoiceField(
        label=_("Algorithms"),
        choices=Algorithm.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each becomes a candidate of its own."),
        error_messages={"required": _("Choose at least one algorithm.")},
    )
    imbalance = forms.ChoiceField(
        label=_("Classes of unequal size"),
        choices=Imbalance.choices,
        help_text=_("Applied to training rows only, never to rows that are judged."),
    )
    feature_set = forms.ChoiceField(label=_("Features"), choices=FeatureSet.choices)

    DEFAULTS: dict[str, Any] = {
        "label_source": LabelSource.LABEL,
        "algorithms": [Algorithm.SVM, Algorithm.FOREST],
        "imbalance": Imbalance.BALANCED,
        "feature_set": FeatureSet.PICTURE,
    }
