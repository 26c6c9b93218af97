"""Pictures: series -> instance -> frame, in DICOM's words."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cases.enums import Clearance, Modality
from cases.models.case import Case
from cases.querysets import SeriesQuerySet

UNEVEN = "uneven-spacing"
_FACTS = {
    "first-volume": gettext_noop("the first of several volumes in the file"),
    "orientation-unknown": gettext_noop("the file does not say how the patient lay"),
    "overlays": gettext_noop("overlay graphics were removed, because they may show names"),
}


class Series(models.Model):
    """Instances that belong together; frames are numbered through the whole series by geometry."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="series")
    series_uid = models.CharField(max_length=80)
    study_uid = models.CharField(max_length=80, blank=True)
    modality = models.CharField(max_length=2, choices=Modality, default=Modality.OT)
    description = models.CharField(max_length=120, blank=True)
    number = models.PositiveIntegerField(default=1)
    is_localiser = models.BooleanField(default=False)
    clearance = models.CharField(max_length=8, choices=Clearance, default=Clearance.CLEARED)
    notes = models.JSONField(default=list)
    # Pseudonyms that tell two series apart which carry the same UID; empty when not known.
    patient_key = models.CharField(max_length=80, blank=True)
    frame_of_reference = models.CharField(max_length=80, blank=True)
    frame_count = models.PositiveIntegerField(default=0, editable=False)
    # Images a second; null where nothing moves or no header tells.
    frame_rate = models.FloatField(null=True)
    # Shifted as all dates of the patient: only the time between two of them is true.
    study_date = models.DateField(null=True)
    # Why values cannot be shown as uptake, as a code of cases.imaging.suv.
    uptake_problem = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SeriesQuerySet.as_manager()
    personal_fields = frozenset({"description"})

    class Meta:
        ordering = ("case", "number", "id")
        constraints = (
            models.UniqueConstraint(fields=["case", "series_uid"], name="one_series_per_case"),
            models.CheckConstraint(
                condition=models.Q(clearance__in=Clearance.values), name="known_clearance"
            ),
        )
        # The desk counts its queue on every page of an instructor; few of many series are held.
        indexes = (
            models.Index(
                fields=["clearance"], condition=models.Q(clearance=Clearance.HELD), name="series_held"
            ),
        )

    def __str__(self) -> str:
        return self.description or f"{self.modality} {self.number}"

    @property
    def is_held(self) -> bool:
        return self.clearance == Clearance.HELD

    @property
    def facts(self) -> list[str]:
        """What readers should know of how it was recorded, in words."""
        found = [_(_FACTS[note]) for note in self.notes if isinstance(note, str) and note in _FACTS]
        for note in self.notes:
            if isinstance(note, dict) and note.get("code") == UNEVEN:
                ends = {"low": f"{note['min_mm']:g}", "high": f"{note['max_mm']:g}"}
                found.append(_("slices %(low)s to %(high)s mm apart") % ends)
        return found


_KINDS = [("dicom", "DICOM"), ("picture", "Picture"), ("volume", "Volume"), ("slide", "Whole slide")]


class Instance(models.Model):
    """One de-identified DICOM instance or cleaned picture, stored by the hash of its bytes."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="instances")
    sop_uid = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    byte_count = models.BigIntegerField()
    kind = models.CharField(max_length=8, choices=_KINDS)
    number = models.IntegerField(default=0)
    facts = models.JSONField(default=dict)
    # Digest of the clean bytes as they arrived: blacking out text changes them, and the same file sent again
    # must still be known.
    arrived_digest = models.CharField(max_length=64, blank=True)
    # Why a person has to look at the pixels, as codes, and where: boxes as the desk and detector write them,
    # [{frame, x, y, width, height, score, source}].
    suspicion = models.JSONField(default=list)
    boxes = models.JSONField(default=list)

    personal_fields = frozenset({"facts"})

    class Meta:
        ordering = ("series", "number", "id")
        constraints = (models.UniqueConstraint(fields=["series", "sop_uid"], name="one_instance_per_series"),)
        indexes = (models.Index(fields=["digest"], name="instance_digest"),)

    def __str__(self) -> str:
        return f"instance {self.pk}"


class Frame(models.Model):
    """One picture, decoded once: raw pixels packed without loss, and a small preview."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="frames")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="frames")
    index = models.PositiveIntegerField()
    number_in_instance = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    preview_digest = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    samples = models.PositiveSmallIntegerField(default=1)
    dtype = models.CharField(max_length=6)
    slope = models.FloatField(default=1.0)
    intercept = models.FloatField(default=0.0)
    window_center = models.FloatField()
    window_width = models.FloatField()
    voi_function = models.CharField(max_length=12, default="LINEAR")
    invert = models.BooleanField(default=False)
    unit = models.CharField(max_length=16, blank=True)
    pixel_spacing = models.JSONField(null=True)
    position = models.JSONField(null=True)
    orientation = models.JSONField(null=True)
    slice_thickness = models.FloatField(null=True)
    # Codes of the header: side of the body, view, and where rows and columns lead ("P\\F").
    laterality = models.CharField(max_length=1, blank=True)
    view = models.CharField(max_length=8, blank=True)
    sides = models.CharField(max_length=8, blank=True)
    # One of the unit is so many g/ml (SUVbw); weight, dose and times are not kept.
    uptake_factor = models.FloatField(null=True)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("series", "index", "id")
        constraints = (
            models.UniqueConstraint(fields=["instance", "number_in_instance"], name="one_frame_per_number"),
            models.CheckConstraint(condition=models.Q(samples__in=(1, 3)), name="grey_or_rgb"),
            models.CheckConstraint(
                condition=models.Q(dtype__in=("uint8", "int16", "uint16")), name="known_dtype"
            ),
            models.CheckConstraint(
                condition=models.Q(voi_function__in=("LINEAR", "LINEAR_EXACT", "SIGMOID")),
                name="known_voi_function",
            ),
        )
        indexes = (models.Index(fields=["digest"], name="frame_digest"),)

    def __str__(self) -> str:
        return f"frame {self.index}"

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)
