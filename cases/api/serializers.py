"""Rows as JSON, and what requests may hold."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cases.enums import HANDED_IN, AnnotationStatus, Split, Visibility
from cases.geometry.schema import MAX_ATTRIBUTE_VALUE, MAX_ATTRIBUTES, MAX_COUNTS_PER_MASK
from cases.geometry.shapes import KINDS
from cases.models import Annotation, Case, Collection, Comment, Frame, Series, Term, Upload
from cases.models.comment import MAX_COMMENT
from cases.names import author_shown
from cases.permissions import user_can_review
from cases.policies import case_is_blinded


class TermSerializer(serializers.ModelSerializer[Term]):
    class Meta:
        model = Term
        fields = ("id", "system", "code", "display")


class CaseSerializer(serializers.ModelSerializer[Case]):
    """``revision`` is required on PATCH: it names the text the change started from."""

    diagnosis = TermSerializer(read_only=True)
    diagnosis_text = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=200,
        help_text="Wording; makes a local term when new",
    )
    author = serializers.CharField(source="author.username", read_only=True)
    series: Any = serializers.SerializerMethodField(help_text="Ids of the series that may be shown")
    stage = serializers.IntegerField(
        source="stage_shown",
        read_only=True,
        allow_null=True,
        help_text="How much of it you have asked for: 0 images and history, 1 findings, 2 diagnosis, "
        "3 everything; what is not revealed is empty here. Null in the answer to your own change",
    )

    class Meta:
        model = Case
        fields = (
            "id", "title", "unknown", "neutral_title", "abstract", "history", "findings", "differential",
            "diagnosis", "diagnosis_text", "certainty", "proof", "discussion", "management", "pearls",
            "modality", "body_region", "organ_system", "age_band", "sex", "level", "keywords", "source",
            "licence", "language", "status", "simulated",
            "author", "series", "stage", "revision", "created_at", "modified_at", "published_at",
        )  # fmt: skip
        read_only_fields = (
            "id", "status", "simulated", "author", "series", "stage", "revision", "created_at", "modified_at",
            "published_at",
        )  # fmt: skip

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_series(self, case: Case) -> list[int]:
        return [series.pk for series in case.series.all() if not series.is_held]

    def to_representation(self, instance: Case) -> dict[str, Any]:
        """As the fields say; walking through them took a third of the time of a list of cases."""
        told: dict[str, Any] = {name: getattr(instance, name) for name in _PLAIN}
        told["diagnosis"] = instance.diagnosis and TermSerializer(instance.diagnosis).data
        told["author"] = instance.author.username
        told["series"] = self.get_series(instance)
        told["stage"] = instance.stage_shown
        for name in _MOMENTS:
            told[name] = _MOMENT.to_representation(getattr(instance, name))
        return told


_MOMENTS = ("created_at", "modified_at", "published_at")
_MOMENT = serializers.DateTimeField()
_OTHERS = frozenset({"diagnosis", "diagnosis_text", "author", "series", "stage", *_MOMENTS})
_PLAIN = tuple(name for name in CaseSerializer.Meta.fields if name not in _OTHERS)
"""Texts, numbers and truth values, which JSON takes as they are."""


class WindowSerializer(serializers.Serializer[Any]):
    center = serializers.FloatField()
    width = serializers.FloatField()


class PresetSerializer(WindowSerializer):
    name = serializers.CharField()


class LabelSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    color = serializers.CharField()
    term = serializers.CharField(help_text="Terminology and code, such as radlex:RID50149; empty for words")


class FrameSerializer(serializers.ModelSerializer[Frame]):
    window = serializers.SerializerMethodField()
    pixels_url = serializers.SerializerMethodField()
    preview_url = serializers.SerializerMethodField()

    class Meta:
        model = Frame
        fields = (
            "id", "index", "rows", "columns", "samples", "dtype", "slope", "intercept", "window",
            "voi_function", "invert", "unit", "pixel_spacing", "position", "orientation", "slice_thickness",
            "laterality", "view", "sides", "uptake_factor", "pixels_url", "preview_url",
        )  # fmt: skip

    @extend_schema_field(WindowSerializer)
    def get_window(self, frame: Frame) -> dict[str, float]:
        return {"center": frame.window_center, "width": frame.window_width}

    def get_pixels_url(self, frame: Frame) -> str:
        return reverse("cases:frame-pixels", args=[frame.pk, frame.digest[:16]])

    def get_preview_url(self, frame: Frame) -> str:
        return reverse("cases:frame-preview", args=[frame.pk, frame.preview_digest[:16]])


class SeriesSerializer(serializers.ModelSerializer[Series]):
    class Meta:
        model = Series
        # Both UIDs are pseudonyms; they tell which series are of one study and lie in one space.
        fields = (
            "id", "case", "modality", "description", "number", "is_localiser", "frame_count", "study_uid",
            "frame_of_reference", "frame_rate",
        )  # fmt: skip


class SeriesDetailSerializer(SeriesSerializer):
    """All the viewer needs: frames in order, window presets, labels."""

    unit = serializers.CharField(read_only=True)
    uptake_problem = serializers.CharField(
        read_only=True, help_text="Why values of PET cannot be shown as SUVbw, in words"
    )
    uptake_presets = PresetSerializer(many=True, read_only=True, help_text="In g/ml, where SUVbw is known")
    presets = PresetSerializer(many=True, read_only=True)
    labels = LabelSerializer(many=True, read_only=True)
    slides = serializers.ListField(
        child=serializers.IntegerField(), read_only=True, help_text="Ids of whole slides; see /api/slides/"
    )
    frames = FrameSerializer(many=True, read_only=True)

    class Meta(SeriesSerializer.Meta):
        fields = (
            *SeriesSerializer.Meta.fields,
            "unit",
            "uptake_problem",
            "uptake_presets",
            "presets",
            "labels",
            "slides",
            "frames",
        )  # type: ignore[assignment]


class UploadSerializer(serializers.ModelSerializer[Upload]):
    file = serializers.FileField(write_only=True, help_text="DICOM, PNG, JPEG, TIFF, BMP, WebP, ZIP or TAR")

    class Meta:
        model = Upload
        fields = (
            "id", "case", "state", "code", "sentence", "byte_count", "taken", "doubled", "refused", "removed",
            "series", "created_at", "finished_at", "file",
        )  # fmt: skip
        read_only_fields = (
            "id", "case", "state", "code", "sentence", "byte_count", "taken", "doubled", "refused", "removed",
            "series", "created_at", "finished_at",
        )  # fmt: skip


class ShapeSerializer(serializers.Serializer[Any]):
    """Documentation of a shape; :mod:`cases.geometry.schema` is what checks it."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    frame = serializers.IntegerField(min_value=0)
    points = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="Pixel coordinates [x, y]; (0, 0) is the top left corner of the top left pixel",
    )
    label = serializers.CharField(max_length=64, allow_blank=True)  # type: ignore[assignment]
    code = serializers.CharField(
        max_length=76, required=False, help_text="Of a label that is a coded term: radlex:RID50149"
    )
    note = serializers.CharField(
        max_length=500, allow_blank=True, required=False, help_text="Of a text: what stands on the image"
    )
    counts = serializers.ListField(
        child=serializers.IntegerField(min_value=0),
        required=False,
        max_length=MAX_COUNTS_PER_MASK,
        help_text="Of a mask: lengths of runs of pixels, row by row in the rectangle between its corners, "
        "in turns outside and inside, beginning outside",
    )
    attributes = serializers.DictField(
        child=serializers.CharField(max_length=MAX_ATTRIBUTE_VALUE, allow_blank=True),
        required=False,
        help_text=f"At most {MAX_ATTRIBUTES} short texts by name",
    )

    def to_representation(self, instance: Any) -> Any:
        """Stored shapes are what the schema wrote: walking through each point of a large layer is slow."""
        return instance


class AnnotationSerializer(serializers.ModelSerializer[Annotation]):
    layer = serializers.SerializerMethodField()
    author = serializers.SerializerMethodField()
    can_edit = serializers.SerializerMethodField()
    can_review = serializers.SerializerMethodField()
    comments = serializers.SerializerMethodField(help_text="How many you may read; see /api/comments/")
    shapes = ShapeSerializer(many=True, read_only=True)

    class Meta:
        model = Annotation
        fields = (
            "id", "series", "layer", "author", "status", "revision", "shapes", "can_edit", "can_review",
            "comments", "modified_at", "submitted_at",
        )  # fmt: skip

    def _mine(self, annotation: Annotation) -> bool:
        return bool(annotation.author_id == self.context["request"].user.pk)

    @extend_schema_field(serializers.ChoiceField(choices=["mine", "reference", "other"]))
    def get_layer(self, annotation: Annotation) -> str:
        if self._mine(annotation):
            return "mine"
        return "reference" if annotation.is_reference else "other"

    def get_author(self, annotation: Annotation) -> str:
        return author_shown(annotation, self.context["request"].user)

    def get_can_edit(self, annotation: Annotation) -> bool:
        # Asked at every save, and all but always answered by the state alone.
        if not self._mine(annotation) or annotation.status not in HANDED_IN:
            return self._mine(annotation)
        blinded = getattr(annotation, "blinded", None)
        if blinded is None:
            blinded = case_is_blinded(annotation.series.case_id)
        return not blinded

    def get_can_review(self, annotation: Annotation) -> bool:
        handed_in = annotation.status != AnnotationStatus.DRAFT
        return handed_in and user_can_review(self.context["request"].user, annotation)

    def get_comments(self, annotation: Annotation) -> int:
        if not self._mine(annotation) and not self.get_can_review(annotation):
            return 0
        if annotation.submitted_at is None:
            # Nobody speaks of what was never handed in.
            return 0
        count = getattr(annotation, "comment_count", None)
        return annotation.comments.count() if count is None else int(count)


class AnnotationStartSerializer(serializers.Serializer[Any]):
    series = serializers.IntegerField(min_value=1)
    shapes = ShapeSerializer(many=True)


class AnnotationSaveSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=1, help_text="The revision the drawing started from")
    shapes = ShapeSerializer(many=True)


class AnnotationSubmitSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=1)


class AnnotationVerdictSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=1, help_text="The revision that was looked at")


class AnnotationMergeSerializer(AnnotationVerdictSerializer):
    shapes = serializers.ListField(
        child=serializers.UUIDField(), required=False, help_text="Ids of the chosen shapes; all when left out"
    )


class PlaceSerializer(serializers.Serializer[Any]):
    """All of them, or none."""

    frame = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, allow_null=True, help_text="From 0"
    )
    x = serializers.FloatField(required=False, allow_null=True, help_text="Pixels of the frame")
    y = serializers.FloatField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len({attrs.get(name) is None for name in ("frame", "x", "y")}) > 1:
            raise serializers.ValidationError({"frame": "A place needs frame, x and y, or none of them."})
        return attrs


class AnnotationReturnSerializer(PlaceSerializer):
    revision = serializers.IntegerField(min_value=1, help_text="The revision that was looked at")
    text = serializers.CharField(max_length=MAX_COMMENT, help_text="What should be changed")


class CommentWriteSerializer(PlaceSerializer):
    annotation = serializers.IntegerField(min_value=1)
    text = serializers.CharField(max_length=MAX_COMMENT)
    answer_to = serializers.IntegerField(min_value=1, required=False, allow_null=True)


class CommentSerializer(serializers.ModelSerializer[Comment]):
    author = serializers.SerializerMethodField()
    mine = serializers.SerializerMethodField()
    frame = serializers.SerializerMethodField(help_text="From 0; null without a place")

    class Meta:
        model = Comment
        fields = (
            "id", "annotation", "author", "mine", "text", "frame", "x", "y", "answer_to", "created_at",
        )  # fmt: skip

    def get_author(self, comment: Comment) -> str:
        # Who drew the layer has one name on it, whatever is named.
        if comment.author_id == comment.annotation.author_id:
            return author_shown(comment.annotation, self.context["request"].user)
        return str(comment.author)

    def get_mine(self, comment: Comment) -> bool:
        return bool(comment.author_id == self.context["request"].user.pk)

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_frame(self, comment: Comment) -> int | None:
        frame = comment.frame
        # A localiser that was parted from its stack took its frames along.
        return frame.index if frame and frame.series_id == comment.annotation.series_id else None


class CollectionSerializer(serializers.ModelSerializer[Collection]):
    owner = serializers.CharField(source="owner.username", read_only=True)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)

    class Meta:
        model = Collection
        fields = (
            "id", "title", "slug", "description", "visibility", "blinded", "opened_at", "owner", "created_at",
        )  # fmt: skip
        read_only_fields = ("id", "slug", "opened_at", "owner", "created_at")


class CollectionItemSerializer(serializers.Serializer[Any]):
    case = serializers.IntegerField(min_value=1)
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=80, required=False, allow_blank=True, default=""
    )
    split = serializers.ChoiceField(choices=Split.choices, required=False, allow_blank=True, default="")
