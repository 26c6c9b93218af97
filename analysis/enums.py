"""Closed lists of this app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RegionSource(models.TextChoices):
    IMAGE = "image", _("Whole picture")
    REGION = "region", _("Drawn region")


class LabelSource(models.TextChoices):
    LABEL = "label", _("Label in the collection")
    DIAGNOSIS = "diagnosis", _("Diagnosis of the case")


class Algorithm(models.TextChoices):
    SVM = "svm", _("Support vector machine")
    SVM_LINEAR = "svm-linear", _("Support vector machine, linear")
    FOREST = "forest", _("Random forest")


class Imbalance(models.TextChoices):
    BALANCED = "balanced", _("Class weights")
    OVERSAMPLE = "oversample", _("Repeat cases of smaller classes")
    UNDERSAMPLE = "undersample", _("Leave out cases of larger classes")
    NONE = "none", _("Nothing")


class FeatureSet(models.TextChoices):
    PICTURE = "picture", _("Whole picture: grey levels, edges, texture, gradients, thumbnail")
    STANDARD = "standard", _("Measured values: grey levels, edges, texture in stored units")
    SEED = "seed", _("Baseline: grey level and edge summary")


class ModelState(models.TextChoices):
    CANDIDATE = "candidate", _("Candidate")
    PROMOTED = "promoted", _("In use")
    RETIRED = "retired", _("Retired")


MODEL_MOVES: dict[str, frozenset[str]] = {
    ModelState.CANDIDATE: frozenset({ModelState.PROMOTED, ModelState.RETIRED}),
    ModelState.PROMOTED: frozenset({ModelState.RETIRED}),
    # Going back to an earlier model must stay possible when a new one disappoints.
    ModelState.RETIRED: frozenset({ModelState.PROMOTED}),
}
