"""What a model says about a case."""

from django.db import models
from django.utils import timezone

from analysis.models.model import ModelVersion
from analysis.querysets import PredictionQuerySet
from cases.models import Case


class Prediction(models.Model):
    """One model's answer for one case; predicting again replaces it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="predictions")
    model = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="predictions")
    label = models.CharField(max_length=200)
    probabilities = models.JSONField()
    explanation = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    objects = PredictionQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("case", "-id")
        constraints = (models.UniqueConstraint(fields=["case", "model"], name="one_prediction_per_model"),)

    def __str__(self) -> str:
        return f"prediction {self.pk}"
