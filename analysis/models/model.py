"""Trained classifiers and how they came to be."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from analysis.enums import Algorithm, FeatureSet, Imbalance, LabelSource, ModelState
from analysis.querysets import ModelVersionQuerySet, TrainingRunQuerySet
from cases.models import Collection


class TrainingRun(models.Model):
    """One request to train. ``manifest`` freezes the rows it was trained on; the digest names them."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="training_runs")
    label_source = models.CharField(max_length=10, choices=LabelSource, default=LabelSource.LABEL)
    algorithms = models.JSONField(default=list)
    imbalance = models.CharField(max_length=12, choices=Imbalance, default=Imbalance.BALANCED)
    feature_set = models.CharField(max_length=12, choices=FeatureSet, default=FeatureSet.PICTURE)
    seed = models.PositiveIntegerField(default=0)
    job_id = models.BigIntegerField(null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    manifest = models.JSONField(default=list)
    manifest_digest = models.CharField(max_length=64, blank=True)
    left_out = models.JSONField(default=dict)
    code_version = models.CharField(max_length=64, blank=True)
    environment = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    objects = TrainingRunQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(label_source__in=LabelSource.values), name="known_label_source"
            ),
            models.CheckConstraint(
                condition=models.Q(imbalance__in=Imbalance.values), name="known_imbalance"
            ),
            models.CheckConstraint(
                condition=models.Q(feature_set__in=FeatureSet.values), name="known_feature_set"
            ),
            models.UniqueConstraint(fields=["job_id"], name="one_training_run_per_job"),
        )

    def __str__(self) -> str:
        return f"training run {self.pk}"


class ModelVersion(models.Model):
    """One trained classifier of a collection. Its file lies in the blob store, signed."""

    training_run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="models")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="models")
    number = models.PositiveIntegerField()
    algorithm = models.CharField(max_length=12, choices=Algorithm)
    state = models.CharField(max_length=10, choices=ModelState, default=ModelState.CANDIDATE)
    feature_set = models.CharField(max_length=12, choices=FeatureSet)
    settings_digest = models.CharField(max_length=64)
    feature_names = models.JSONField()
    labels = models.JSONField()
    metrics = models.JSONField()
    charts = models.JSONField(default=dict)
    importance = models.JSONField(default=list)
    file_digest = models.CharField(max_length=64)
    promoted_at = models.DateTimeField(null=True)
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = ModelVersionQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("collection", "-number")
        constraints = (
            models.UniqueConstraint(fields=["collection", "number"], name="one_model_per_number"),
            models.UniqueConstraint(
                fields=["collection"],
                condition=models.Q(state=ModelState.PROMOTED),
                name="one_promoted_model_per_collection",
            ),
            models.CheckConstraint(condition=models.Q(state__in=ModelState.values), name="known_model_state"),
            models.CheckConstraint(
                condition=models.Q(algorithm__in=Algorithm.values), name="known_algorithm"
            ),
            models.CheckConstraint(
                condition=models.Q(feature_set__in=FeatureSet.values), name="known_model_feature_set"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ModelState.PROMOTED) | models.Q(promoted_at__isnull=False),
                name="promoted_models_have_a_date",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_algorithm_display()} #{self.number}"
