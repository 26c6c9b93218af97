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


class OrganSystem(models.TextChoices):
    NERVOUS = "nervous", _("Central nervous system")
    HEAD_AND_NECK = "head-and-neck", _("Head and neck")
    RESPIRATORY = "respiratory", _("Respiratory")
    CARDIAC = "cardiac", _("Cardiac")
    VASCULAR = "vascular", _("Vascular")
    BREAST = "breast", _("Breast")
    GASTROINTESTINAL = "gastrointestinal", _("Gastrointestinal")
    HEPATOBILIARY = "hepatobiliary", _("Hepatobiliary and pancreas")
    URINARY = "urinary", _("Urinary")
    REPRODUCTIVE = "reproductive", _("Reproductive and obstetric")
    MUSCULOSKELETAL = "musculoskeletal", _("Musculoskeletal")
    ENDOCRINE = "endocrine", _("Endocrine")
    BLOOD_AND_LYMPH = "blood-and-lymph", _("Blood and lymph")
    SKIN = "skin", _("Skin")
    OTHER = "other", _("Other")


class AgeBand(models.TextChoices):
    """Ages of patients in bands; from 90 on years alone would tell who it is, so they are one band."""

    FETUS = "fetus", _("Fetus")
    NEWBORN = "newborn", _("Newborn, under 28 days")
    INFANT = "infant", _("Infant, under 1 year")
    CHILD = "child", _("Child, 1 to 12 years")
    ADOLESCENT = "adolescent", _("Adolescent, 13 to 17 years")
    FROM_18 = "18-29", _("18 to 29 years")
    FROM_30 = "30-44", _("30 to 44 years")
    FROM_45 = "45-59", _("45 to 59 years")
    FROM_60 = "60-74", _("60 to 74 years")
    FROM_75 = "75-89", _("75 to 89 years")
    FROM_90 = "90", _("90 years and older")


class PatientSex(models.TextChoices):
    """Defined terms of Patient's Sex (0010,0040)."""

    FEMALE = "F", _("Female")
    MALE = "M", _("Male")
    OTHER = "O", _("Other")


class Certainty(models.TextChoices):
    """How sure the diagnosis is."""

    SUSPECTED = "suspected", _("Suspected")
    PROBABLE = "probable", _("Probable")
    CERTAIN = "certain", _("Certain")


class Licence(models.TextChoices):
    """Under which terms text and images of a case may be used elsewhere."""

    INSTITUTION = "institution", _("For teaching in this institution only")
    CC0 = "cc0", _("CC0 1.0, no rights reserved")
    CC_BY = "cc-by", _("CC BY 4.0")
    CC_BY_SA = "cc-by-sa", _("CC BY-SA 4.0")
    CC_BY_NC = "cc-by-nc", _("CC BY-NC 4.0")
    CC_BY_NC_SA = "cc-by-nc-sa", _("CC BY-NC-SA 4.0")
    CC_BY_NC_ND = "cc-by-nc-nd", _("CC BY-NC-ND 4.0")
    OTHER = "other", _("Other, as the source says")


LICENCE_URLS: dict[str, str] = {
    Licence.CC0: "https://creativecommons.org/publicdomain/zero/1.0/",
    Licence.CC_BY: "https://creativecommons.org/licenses/by/4.0/",
    Licence.CC_BY_SA: "https://creativecommons.org/licenses/by-sa/4.0/",
    Licence.CC_BY_NC: "https://creativecommons.org/licenses/by-nc/4.0/",
    Licence.CC_BY_NC_SA: "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    Licence.CC_BY_NC_ND: "https://creativecommons.org/licenses/by-nc-nd/4.0/",
}


class CaseStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in-review", _("In review")
    PUBLISHED = "published", _("Published")
    RETRACTED = "retracted", _("Retracted")


CASE_MOVES: dict[str, frozenset[str]] = {
    CaseStatus.DRAFT: frozenset({CaseStatus.IN_REVIEW, CaseStatus.PUBLISHED}),
    CaseStatus.IN_REVIEW: frozenset({CaseStatus.DRAFT, CaseStatus.PUBLISHED}),
    CaseStatus.PUBLISHED: frozenset({CaseStatus.DRAFT, CaseStatus.RETRACTED}),
    # Somebody who mends what was wrong begins with a draft again.
    CaseStatus.RETRACTED: frozenset({CaseStatus.DRAFT}),
}
NEVER_PUBLISHED = (CaseStatus.DRAFT, CaseStatus.IN_REVIEW)
"""States in which a case may have no day of publication."""


class CaseReviewState(models.TextChoices):
    """How a round of review stands."""

    OPEN = "open", _("Waiting for a reviewer")
    APPROVED = "approved", _("Approved")
    RETURNED = "returned", _("Returned with comments")
    TAKEN_BACK = "taken-back", _("Taken back by the author")


CASE_REVIEW_MOVES: dict[str, frozenset[str]] = {
    CaseReviewState.OPEN: frozenset(
        {CaseReviewState.APPROVED, CaseReviewState.RETURNED, CaseReviewState.TAKEN_BACK}
    ),
    # The next handing in is a round of its own.
    CaseReviewState.APPROVED: frozenset(),
    CaseReviewState.RETURNED: frozenset(),
    CaseReviewState.TAKEN_BACK: frozenset(),
}


class CaseSection(models.TextChoices):
    """What of a case a note of its review speaks of."""

    WHOLE = "whole", _("The case as a whole")
    IMAGES = "images", _("Images and drawings")
    TITLE = "title", _("Title")
    ABSTRACT = "abstract", _("Abstract")
    HISTORY = "history", _("History")
    FINDINGS = "findings", _("Findings")
    DIFFERENTIAL = "differential", _("Differential diagnosis")
    DIAGNOSIS = "diagnosis", _("Diagnosis and its proof")
    DISCUSSION = "discussion", _("Discussion")
    MANAGEMENT = "management", _("Management")
    PEARLS = "pearls", _("Pearls")
    REFERENCES = "references", _("References and source")


class ReviewQuestion(models.TextChoices):
    """What a reviewer looks at; a case is approved when each is answered with yes."""

    ANONYMITY = "anonymity", _("Nothing in images, title or text tells who the patient is.")
    IMAGES = "images", _("The images suffice to see what the case teaches.")
    FINDINGS = "findings", _("The findings describe what can be seen, and the drawing shows where.")
    DIAGNOSIS = "diagnosis", _("The diagnosis is proven, or its certainty is stated.")
    DIFFERENTIAL = "differential", _("The differential diagnosis is complete enough for the level.")
    REFERENCES = "references", _("Statements that need a reference have one.")
    LICENCE = "licence", _("Licence and source allow the images to be shown here.")
    WORDING = "wording", _("A reader of the stated level understands the text.")


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


class ReadingStage(models.IntegerChoices):
    """How much of an unknown a reader has asked for; each stage shows all of those before it."""

    IMAGES = 0, _("Images and history")
    FINDINGS = 1, _("Findings")
    DIAGNOSIS = 2, _("Diagnosis")
    EVERYTHING = 3, _("Discussion")


# A reader may stop asking and see all at once, and may begin anew.
READING_MOVES: dict[int, frozenset[int]] = {
    ReadingStage.IMAGES: frozenset({ReadingStage.FINDINGS, ReadingStage.EVERYTHING}),
    ReadingStage.FINDINGS: frozenset({ReadingStage.IMAGES, ReadingStage.DIAGNOSIS, ReadingStage.EVERYTHING}),
    ReadingStage.DIAGNOSIS: frozenset({ReadingStage.IMAGES, ReadingStage.EVERYTHING}),
    ReadingStage.EVERYTHING: frozenset({ReadingStage.IMAGES}),
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


class RemarkKind(models.TextChoices):
    REMARK = "remark", _("Remark")
    QUESTION = "question", _("Question")


class NoticeKind(models.TextChoices):
    """What a person is told of."""

    MENTION = "mention", _("Somebody names me")
    ANSWER = "answer", _("An answer where I wrote")
    QUESTION = "question", _("A question on my case")
    HANDED_IN = "handed-in", _("A layer was handed in on my case")
    RETURNED = "returned", _("My layer was returned")
    ACCEPTED = "accepted", _("My layer was accepted")
    CASE_SUBMITTED = "case-submitted", _("A case waits for my review")
    CASE_RETURNED = "case-returned", _("My case was returned")
    CASE_PUBLISHED = "case-published", _("My case was published")
    CASE_DUE = "case-due", _("My case is due for re-review")
    CASE_RETRACTED = "case-retracted", _("A case was retracted")
    REPORT = "report", _("A remark was reported")


class Digest(models.TextChoices):
    """How often unread notices go out by e-mail."""

    NEVER = "never", _("Never")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")
