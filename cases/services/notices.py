"""Telling people what concerns them."""

from collections.abc import Collection as Container
from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import Digest, NoticeKind
from cases.models import Annotation, Case, Notice, NoticeSetting, Remark
from cases.talk_querysets import NoticeQuerySet, cases_with_talk
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.live.publish import publish

# Longer than anybody looks back; the trail of what happened is the audit log.
KEPT_DAYS = 365


@transaction.atomic
def tell(
    *,
    kind: str,
    to: Iterable[User],
    case: Case | None = None,
    remark: Remark | None = None,
    annotation: Annotation | None = None,
    by: User | None = None,
) -> list[Notice]:
    """Leave a notice for each of ``to`` who may see what it is about and wants to be told.

    Parameters
    ----------
    kind : NoticeKind
    to : iterable of User
        Who did it is left out, and so is whoever muted the kind.
    case, remark, annotation : optional
        What it is about; kept as keys. The case follows from the others.
    by : User, optional
        Who did it; ``None`` for the program itself.

    Returns
    -------
    list of Notice
        Those that were made; they arrive on open pages when the transaction commits.
    """
    if case is None:
        if remark is not None:
            case = remark.case
        elif annotation is not None:
            case = annotation.series.case
    people = {user.pk: user for user in to if user.is_active and (by is None or user.pk != by.pk)}
    muted = dict(NoticeSetting.objects.filter(user__in=people).values_list("user", "muted"))
    made = []
    for user in people.values():
        if kind in muted.get(user.pk, ()) or not _may_know(user, case, talk=remark is not None):
            continue
        made.append(
            Notice.objects.create(
                user=user, kind=kind, case=case, remark=remark, annotation=annotation, by=by
            )
        )
        publish(f"user:{user.pk}", "notices-changed")
    return made


def _may_know(user: User, case: Case | None, *, talk: bool) -> bool:
    if case is None:
        return True
    rows = cases_with_talk(user) if talk else Case.objects.visible_to(user)
    return rows.filter(pk=case.pk).exists()


@transaction.atomic
def read(*, notice: Notice, by: User) -> None:
    """Mark one as read."""
    _read(Notice.objects.filter(pk=notice.pk), by)


@transaction.atomic
def read_all(*, kinds: Container[str] = (), by: User) -> int:
    """Mark all unread ones of ``by`` as read, or those of ``kinds``; returns how many."""
    rows = Notice.objects.unread()
    return _read(rows.filter(kind__in=list(kinds)) if kinds else rows, by)


def _read(rows: NoticeQuerySet, by: User) -> int:
    changed = rows.filter(user=by, read_at=None).update(read_at=timezone.now())
    if changed:
        # Other windows of the same person count down as well.
        publish(f"user:{by.pk}", "notices-changed")
    return changed


@transaction.atomic
def choose(*, kinds: Container[str], digest: str, email: str, by: User) -> NoticeSetting:
    """Say what ``by`` wants to be told, and how often by e-mail.

    Raises
    ------
    ValidationError
        An unknown choice, or an e-mail is wanted and there is no address to send it to.
    """
    if digest not in Digest.values:
        raise ValidationError({"digest": _("Choose never, once a day or once a week.")})
    email = email.strip()
    if email:
        validate_address(email)
    elif digest != Digest.NEVER:
        raise ValidationError({"email": _("Write the address that the e-mail should go to.")})
    setting, _made = NoticeSetting.objects.update_or_create(
        user=by,
        defaults={"muted": [kind for kind in NoticeKind.values if kind not in kinds], "digest": digest},
    )
    if email != by.email:
        by.email = email
        by.save(update_fields=["email"])
        record("user.change-email", by, by=by)
    record("notice.choose", setting, by=by, digest=digest, muted=len(setting.muted))
    return setting


def validate_address(email: str) -> None:
    """Raise a sentence at the field ``email`` unless it is an address."""
    try:
        validate_email(email)
    except ValidationError:
        told = _("“%(email)s” is no e-mail address; it looks like name@example.org.")
        raise ValidationError({"email": told % {"email": email[:80]}}) from None


@transaction.atomic
def stop_digest(*, user: User) -> None:
    """End the e-mails of ``user``: what the link in each of them does, without signing in."""
    setting, _made = NoticeSetting.objects.get_or_create(user=user)
    if setting.digest != Digest.NEVER:
        setting.digest = Digest.NEVER
        setting.save(update_fields=["digest"])
        record("notice.unsubscribe", setting, by=user)


def expire() -> int:
    """Delete notices that are too old to matter; returns how many."""
    old = Notice.objects.filter(made_at__lt=timezone.now() - timedelta(days=KEPT_DAYS))
    return old.delete()[0]
