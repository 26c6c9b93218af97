"""How results look in the API."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analysis.enums import Algorithm, FeatureSet, Imbalance, LabelSource, ModelState
from analysis.models import Analysis, AnalysisRegion, ModelVersion, Overlay, Prediction, TrainingRun
from analysis.services import training
from medweb.jobs.api import JobSerializer


class QueuedSerializer(serializers.Serializer[Any]):
    """The answer to a request for work: watch ``/api/jobs/{id}/`` until its state is ``done``."""

    job = JobSerializer(read_only=True)


class PictureSerializer(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField()
    caption = serializers.CharField()
    rows = serializers.IntegerField()
    columns = serializers.IntegerField()
    url = serializers.CharField()


class RegionSerializer(serializers.ModelSerializer[AnalysisRegion]):
    frame = serializers.IntegerField(source="frame_id", allow_null=True, read_only=True)
    features = serializers.SerializerMethodField()

    class Meta:
        model = AnalysisRegion
        fields = ("position", "source", "frame", "shape_id", "kind", "label", "features")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.FloatField(allow_null=True)))
    def get_features(self, region: AnalysisRegion) -> dict[str, float | None]:
        values: dict[str, float | None] = region.features.values
        return values


class AnalysisSerializer(serializers.ModelSerializer[Analysis]):
    pictures = serializers.SerializerMethodField()

    class Meta:
        model = Analysis
        fields: tuple[str, ...] = (
            "id",
            "case",
            "job_id",
            "settings_digest",
            "seconds",
            "created_at",
            "pictures",
        )
        read_only_fields = fields

    @extend_schema_field(PictureSerializer(many=True))
    def get_pictures(self, analysis: Analysis) -> list[dict[str, Any]]:
        return [
            {
                **{name: entry[name] for name in ("name", "caption", "rows", "columns")},
                "url": reverse("analysis:analysis-picture", args=[analysis.pk, entry["name"]]),
            }
            for entry in analysis.pictures
        ]


class AnalysisDetailSerializer(AnalysisSerializer):
    regions = RegionSerializer(many=True, read_only=True)

    class Meta(AnalysisSerializer.Meta):
        fields: tuple[str, ...] = (*AnalysisSerializer.Meta.fields, "regions")
        read_only_fields = fields


class ExplanationSerializer(serializers.Serializer[dict[str, Any]]):
    """One feature that moved a prediction: its value, the usual one, and the change of probability."""

    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    usual = serializers.FloatField(allow_null=True)
    effect = serializers.FloatField(allow_null=True)


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    collection = serializers.IntegerField(source="model.collection_id", read_only=True)
    probabilities = serializers.DictField(child=serializers.FloatField(), read_only=True)
    explanation = ExplanationSerializer(many=True, read_only=True)

    class Meta:
        model = Prediction
        fields = ("id", "case", "model", "collection", "label", "probabilities", "explanation", "created_at")
        read_only_fields = fields


class TrainingRequestSerializer(serializers.Serializer[dict[str, Any]]):
    collection = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    label_source = serializers.ChoiceField(choices=LabelSource.choices, default=LabelSource.LABEL)
    algorithms = serializers.ListField(
        # In words, not as an enum: the schema would otherwise know the same choices by two names.
        child=serializers.CharField(max_length=12, help_text=", ".join(Algorithm.values)),
        allow_empty=False,
        max_length=8,
        required=False,
    )
    imbalance = serializers.ChoiceField(choices=Imbalance.choices, default=Imbalance.BALANCED)
    feature_set = serializers.ChoiceField(choices=FeatureSet.choices, default=FeatureSet.PICTURE)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=training.SEED)


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    algorithms = serializers.ListField(child=serializers.CharField(), read_only=True)
    left_out = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    environment = serializers.DictField(child=serializers.CharField(), read_only=True)
    models = serializers.PrimaryKeyRelatedField[ModelVersion](many=True, read_only=True)
    rows = serializers.SerializerMethodField(help_text="Number of cases trained and tested on.")

    class Meta:
        model = TrainingRun
        fields = (
            "id",
            "collection",
            "job_id",
            "label_source",
            "algorithms",
            "imbalance",
            "feature_set",
            "seed",
            "rows",
            "left_out",
            "manifest_digest",
            "code_version",
            "environment",
            "models",
            "created_at",
        )
        read_only_fields = fields

    def get_rows(self, run: TrainingRun) -> int:
        return len(run.manifest)


class QueuedTrainingSerializer(QueuedSerializer):
    training_run = TrainingRunSerializer(read_only=True)


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    state = serializers.CharField(read_only=True, help_text=", ".join(ModelState.values))
    labels = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ModelVersion
        fields: tuple[str, ...] = (
            "id",
            "collection",
            "training_run",
            "number",
            "algorithm",
            "state",
            "feature_set",
            "labels",
            "settings_digest",
            "file_digest",
            "promoted_at",
            "created_at",
        )
        read_only_fields = fields


class MetricsSerializer(serializers.Serializer[dict[str, Any]]):
    """Evaluations as stored: confusion matrix, scores of each class, curves, 95 % intervals."""

    cross_validated = serializers.DictField(read_only=True)
    held_out = serializers.DictField(read_only=True, allow_null=True)


class ModelDetailSerializer(ModelSerializer):
    metrics = MetricsSerializer(read_only=True)
    importance = serializers.SerializerMethodField()

    class Meta(ModelSerializer.Meta):
        fields: tuple[str, ...] = (*ModelSerializer.Meta.fields, "metrics", "importance")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.FloatField()))
    def get_importance(self, model: ModelVersion) -> dict[str, float]:
        return dict(model.importance)


class OverlaySerializer(serializers.ModelSerializer[Overlay]):
    """A heat map: ``url`` answers rows of little-endian float32, from the top left."""

    name = serializers.SerializerMethodField()
    collection = serializers.CharField(source="prediction.model.collection.title", read_only=True)
    series = serializers.IntegerField(source="frame.series_id", read_only=True)
    frame = serializers.IntegerField(source="frame.index", read_only=True)
    unit = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    outlines = serializers.ListField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.FloatField())),
        read_only=True,
    )

    class Meta:
        model = Overlay
        fields = (
            "id", "prediction", "name", "collection", "label", "series", "frame", "rows", "columns", "low",
            "high", "unit", "outlines", "url",
        )  # fmt: skip
        read_only_fields = fields

    def get_name(self, overlay: Overlay) -> str:
        return str(overlay.prediction.model)

    def get_unit(self, _overlay: Overlay) -> str:
        return _("percentage points")

    def get_url(self, overlay: Overlay) -> str:
        return reverse("analysis:overlay-values", args=[overlay.pk, overlay.digest[:16]])
