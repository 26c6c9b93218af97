"""Reading a case as an unknown: images first, the rest step by step."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import ReadingStage
from cases.models import Case, Reading
from cases.permissions import check_user_can_draw
from cases.policies import check_case_is_readable_as_unknown, check_reading_move
from cases.veil import first_stage
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.live.publish import publish

_TIMES = {
    ReadingStage.FINDINGS: "findings_at",
    ReadingStage.DIAGNOSIS: "diagnosis_at",
    ReadingStage.EVERYTHING: "finished_at",
}


@transaction.atomic
def begin(*, case: Case, by: User) -> Reading:
    """Show ``by`` only images and history from now on; again from the start when it was read before.

    Raises
    ------
    PermissionDenied
    ValidationError
        A draft, for anybody but who may see it as its author.
    """
    check_user_can_draw(by, case)
    check_case_is_readable_as_unknown(case, by)
    reading = Reading.objects.select_for_update().filter(case=case, user=by).first()
    if reading is None:
        # Two windows that ask at once mean the same.
        reading, made = Reading.objects.get_or_create(case=case, user=by)
        if not made:
            return reading
    else:
        reading.stage, reading.begun_at = ReadingStage.IMAGES, timezone.now()
        reading.findings_at = reading.diagnosis_at = reading.finished_at = None
        reading.times += 1
        reading.save()
    record("reading.begin", case, by=by)
    _tell(case, by)
    return reading


@transaction.atomic
def reveal(*, case: Case, stage: ReadingStage, by: User) -> Reading:
    """Show ``by`` the case up to ``stage``; nothing happens when that is shown already.

    Raises
    ------
    PermissionDenied
    ValidationError
        A stage in between would be left out.
    """
    check_user_can_draw(by, case)
    reading, _made = Reading.objects.select_for_update().get_or_create(
        case=case, user=by, defaults={"stage": first_stage(by, case)}
    )
    if reading.stage >= stage:
        return reading
    check_reading_move(reading, stage)
    reading.stage = stage
    setattr(reading, _TIMES[stage], timezone.now())
    reading.save()
    record("reading.reveal", case, by=by, stage=int(stage))
    _tell(case, by)
    return reading


def _tell(case: Case, by: User) -> None:
    """Other windows of the same person show the same; nobody else hears of it."""
    publish(f"user:{by.pk}", "case-changed", case=case.pk)
    publish(f"user:{by.pk}", "annotations-changed", case=case.pk)
    publish(f"user:{by.pk}", "analysis-changed", case=case.pk)


def stage_named(sent: str) -> ReadingStage:
    """The stage that a request names by its number.

    Raises
    ------
    ValidationError
    """
    try:
        return ReadingStage(int(sent))
    except ValueError:
        raise ValidationError(_("There is no such step; choose one of those on the page.")) from None
