"""When. What must hold before a state may change, whoever asks."""

from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import (
    ANNOTATION_MOVES,
    CASE_MOVES,
    HANDED_IN,
    READING_MOVES,
    REVIEW_MOVES,
    UPLOAD_MOVES,
    AnnotationStatus,
    CaseStatus,
    ReviewQuestion,
)
from cases.models import Annotation, Case, ClearanceReview, Reading, Upload
from cases.querysets import is_blinded
from medweb.accounts.models import Role, User


def check_case_move(case: Case, to: str) -> None:
    if to not in CASE_MOVES[case.status]:
        raise ValidationError(
            _("This case is “%(now)s” and cannot become “%(to)s”.")
            % {"now": case.get_status_display(), "to": to}
        )


def check_may_publish_alone(case: Case, user: User) -> None:
    """With two pairs of eyes nobody publishes a case of their own."""
    if settings.TWO_EYES and case.author_id == user.pk:
        raise ValidationError(
            _("On this server somebody else has to look at a case first. Submit it for review.")
        )


def why_not_alone(case: Case, user: User) -> str:
    """The sentence for the disabled button; empty where ``user`` may publish without a reviewer."""
    try:
        check_may_publish_alone(case, user)
    except ValidationError as error:
        return str(error.messages[0])
    return ""


def case_is_due(case: Case) -> bool:
    """Whether a published case is to be looked at again."""
    return case.is_published and case.review_due_on is not None and case.review_due_on <= timezone.localdate()


def check_text_may_change(case: Case, user: User) -> None:
    """What another person approved is not changed behind their back."""
    if settings.TWO_EYES and case.is_published and case.author_id == user.pk:
        raise ValidationError(
            _(
                "On this server a published case is changed as a draft: withdraw it, change it, and submit "
                "it for review again."
            )
        )


def check_case_review_is_open(case: Case) -> None:
    if case.status != CaseStatus.IN_REVIEW:
        raise ValidationError(
            _("This case is “%(now)s”; only a case in review is approved or returned.")
            % {"now": case.get_status_display()}
        )


def check_checklist_is_fulfilled(fulfilled: Collection[str]) -> None:
    """Every question has to be answered with yes; what is not fulfilled is a reason to return the case."""
    missing = [str(one.label) for one in ReviewQuestion if one not in fulfilled]
    if missing:
        raise ValidationError(
            [_("Not confirmed yet: %(what)s") % {"what": sentence} for sentence in missing]
            + [_("Confirm it, or return the case with a comment that says what is missing.")]
        )


def check_case_is_readable_as_unknown(case: Case, user: User) -> None:
    """Only what is published is read; who wrote a case may try it before."""
    if not case.is_published and case.author_id != user.pk and not user.has_role(Role.ADMINISTRATOR):
        raise ValidationError(_("Only published cases are read as unknowns."))


def check_reading_move(reading: Reading, to: int) -> None:
    if to not in READING_MOVES[reading.stage]:
        raise ValidationError(_("First ask for what comes before it, or for everything at once."))


def check_case_saves_itself(case: Case) -> None:
    """Half a sentence is for nobody's eyes: what others read is saved when its author says so."""
    if case.status != CaseStatus.DRAFT:
        raise ValidationError(_("Others read this case: changes are saved when you press “Save”."))


def check_case_is_publishable(case: Case) -> None:
    """A published case has a history, findings and at least one picture."""
    missing = []
    if not case.history.strip():
        missing.append(_("the history"))
    if not case.findings.strip():
        missing.append(_("the findings"))
    if not case.series.cleared().filter(frame_count__gt=0).exists():
        waits = case.series.filter(frame_count__gt=0).exists()
        missing.append(_("an image that was checked at the desk") if waits else _("at least one image"))
    if missing:
        raise ValidationError(
            _("Before it can be published, this case still needs %(what)s.") % {"what": ", ".join(missing)}
        )


def case_is_publishable(case: Case) -> tuple[bool, str]:
    """Whether it is, and the sentence to show on the disabled button when not."""
    try:
        check_case_is_publishable(case)
    except ValidationError as error:
        return False, str(error.messages[0])
    return True, ""


def check_upload_move(upload: Upload, to: str) -> None:
    if to not in UPLOAD_MOVES[upload.state]:
        raise ValidationError(_("This upload is already %(state)s.") % {"state": upload.get_state_display()})


def check_annotation_move(annotation: Annotation, to: str) -> None:
    if to not in ANNOTATION_MOVES[annotation.status]:
        raise ValidationError(
            _("This layer is already %(state)s.") % {"state": annotation.get_status_display()}
        )


def check_layer_may_change(annotation: Annotation) -> None:
    """In a blinded reading what was handed in stays as it is: its reader sees the others from then on."""
    if annotation.status in HANDED_IN and case_is_blinded(annotation.series.case_id):
        told = _("This reading is blinded, and you have handed in. Ask the author of the case to return it.")
        raise ValidationError(told)


def case_is_blinded(case_id: int) -> bool:
    """Whether who drew what in a case is hidden now."""
    return Case.objects.filter(is_blinded("pk"), pk=case_id).exists()


def check_layer_is_handed_in(annotation: Annotation) -> None:
    """What may be taken into the reference."""
    if annotation.status not in HANDED_IN:
        raise ValidationError(
            _("This layer is “%(state)s”; it has to be handed in first.")
            % {"state": annotation.get_status_display()}
        )


def check_layer_is_open_to_comments(annotation: Annotation, *, own: bool) -> None:
    """Others speak of what was handed in; its author may answer while drawing on."""
    if annotation.submitted_at is None:
        raise ValidationError(_("This layer was never handed in; there is nothing to comment on yet."))
    if annotation.status == AnnotationStatus.DRAFT and not own:
        raise ValidationError(_("Its author is drawing on; comment when the layer is handed in again."))


def check_review_move(review: ClearanceReview, to: str) -> None:
    if to not in REVIEW_MOVES[review.state]:
        raise ValidationError(
            _("This series is already “%(state)s” at the desk.") % {"state": review.get_state_display()}
        )
