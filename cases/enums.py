"""Closed lists. Names follow DICOM (CS 0008,0060), RadLex and this project's glossary."""

from django.db import models
from django.utils.translation import gettext_lazy as _


def label_of(choices: type[models.TextChoices], value: str) -> str:
    """Words of a stored value in the reader's language; a value that is no choice names itself."""
    try:
        return str(choices(value).label)
    except ValueError:
        return value


class Modality(models.TextChoices):
    """Modality (0008,0060), the part of its defined terms that teaching cases use."""

    CT = "CT", _("Computed tomography")
    MR = "MR", _("Magnetic resonance")
    CR = "CR", _("Computed radiography")
    DX = "DX", _("Digital radiography")
    MG = "MG", _("Mammography")
    US = "US", _("Ultrasound")
    XA = "XA", _("X-ray angiography")
    NM = "NM", _("Nuclear medicine")
    PT = "PT", _("Positron emission tomography")
    SM = "SM", _("Slide microscopy")
    GM = "GM", _("General microscopy")
    XC = "XC", _("External-camera photography")
    OP = "OP", _("Ophthalmic photography")
    ES = "ES", _("Endoscopy")
    OT = "OT", _("Other")


class BodyRegion(models.TextChoices):
    HEAD = "head", _("Head")
    NECK = "neck", _("Neck")
    CHEST = "chest", _("Chest")
    BREAST = "breast", _("Breast")
    ABDOMEN = "abdomen", _("Abdomen")
    PELVIS = "pelvis", _("Pelvis")
    SPINE = "spine", _("Spine")
    UPPER_LIMB = "upper-limb", _("Upper limb")
    LOWER_LIMB = "lower-limb", _("Lower limb")
    HEART = "heart", _("Heart")
    BLOOD = "blood", _("Blood")
    CELLS = "cells", _("Cells and tissue")
    OTHER = "other", _("Other")


class Level(models.TextChoices):
    BEGINNER = "beginner", _("Beginner")
    INTERMEDIATE = "intermediate", _("Intermediate")
    ADVANCED = "advanced", _("Advanced")


class CaseStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")


CASE_MOVES: dict[str, frozenset[str]] = {
    CaseStatus.DRAFT: frozenset({CaseStatus.PUBLISHED}),
    CaseStatus.PUBLISHED: frozenset({CaseStatus.DRAFT}),
}


class Clearance(models.TextChoices):
    """Whether the pixels of a series may be shown to readers."""

    CLEARED = "cleared", _("Cleared")
    HELD = "held", _("Waiting at the de-identification desk")


CLEARANCE_MOVES: dict[str, frozenset[str]] = {
    # A later image of the same series may be suspect.
    Clearance.CLEARED: frozenset({Clearance.HELD}),
    Clearance.HELD: frozenset({Clearance.CLEARED}),
}


class UploadState(models.TextChoices):
    RECEIVING = "receiving", _("Being received")
    QUARANTINED = "quarantined", _("In quarantine")
    CLEANING = "cleaning", _("Being cleaned")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    CANCELLED = "cancelled", _("Cancelled")


UPLOAD_MOVES: dict[str, frozenset[str]] = {
    UploadState.RECEIVING: frozenset({UploadState.QUARANTINED, UploadState.REFUSED, UploadState.CANCELLED}),
    UploadState.QUARANTINED: frozenset({UploadState.CLEANING, UploadState.REFUSED, UploadState.CANCELLED}),
    UploadState.CLEANING: frozenset(
        {UploadState.QUARANTINED, UploadState.ACCEPTED, UploadState.REFUSED, UploadState.CANCELLED}
    ),
    UploadState.ACCEPTED: frozenset(),
    UploadState.REFUSED: frozenset({UploadState.QUARANTINED}),
    UploadState.CANCELLED: frozenset({UploadState.QUARANTINED}),
}


class AnnotationStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    ACCEPTED = "accepted", _("Accepted")
    RETURNED = "returned", _("Returned")


ANNOTATION_MOVES: dict[str, frozenset[str]] = {
    AnnotationStatus.DRAFT: frozenset({AnnotationStatus.SUBMITTED}),
    # Drawing on after submitting reopens the draft; the submitted revision stays in the history.
    AnnotationStatus.SUBMITTED: frozenset(
        {AnnotationStatus.DRAFT, AnnotationStatus.ACCEPTED, AnnotationStatus.RETURNED}
    ),
    AnnotationStatus.ACCEPTED: frozenset({AnnotationStatus.DRAFT, AnnotationStatus.RETURNED}),
    # Somebody who answers the comment and changes nothing hands the same drawing in again.
    AnnotationStatus.RETURNED: frozenset({AnnotationStatus.DRAFT, AnnotationStatus.SUBMITTED}),
}
HANDED_IN = (AnnotationStatus.SUBMITTED, AnnotationStatus.ACCEPTED)
"""States of a layer that others than its author may use; what is returned is between author and reviewer."""


class Visibility(models.TextChoices):
    EVERYONE = "everyone", _("Everyone who signs in")
    MEMBERS = "members", _("Invited members only")


class Split(models.TextChoices):
    NONE = "", _("Not fixed")
    TRAIN = "train", _("Training")
    VALIDATION = "val", _("Validation")
    TEST = "test", _("Test")


class TermSystem(models.TextChoices):
    RADLEX = "radlex", "RadLex"
    ICD10 = "icd10", "ICD-10"
    SNOMED = "snomed", "SNOMED CT"
    LOCAL = "local", _("This server")


class ReviewState(models.TextChoices):
    """How far a series is at the de-identification desk."""

    OPEN = "open", _("Waiting")
    PROPOSED = "proposed", _("Waiting for a second person")
    APPROVED = "approved", _("Being blacked out")
    DONE = "done", _("Cleared")


REVIEW_MOVES: dict[str, frozenset[str]] = {
    ReviewState.OPEN: frozenset({ReviewState.PROPOSED, ReviewState.APPROVED}),
    ReviewState.PROPOSED: frozenset({ReviewState.OPEN, ReviewState.APPROVED}),
    # A black-out that fails, or that images came after, is asked for again.
    ReviewState.APPROVED: frozenset({ReviewState.OPEN, ReviewState.DONE}),
    # A later image of the series may be suspect.
    ReviewState.DONE: frozenset({ReviewState.OPEN}),
}
