"""Unread notices by e-mail: never twice, and nothing that the reader may not see when it is sent."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Max
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from cases.enums import Digest
from cases.models import DigestMail, Notice, NoticeSetting
from cases.telling import told
from medweb.accounts.models import User

log = logging.getLogger("cases.digests")
EVERY = {Digest.DAILY: timedelta(days=1), Digest.WEEKLY: timedelta(days=7)}
MOST_LISTED = 30
MOST_AT_ONCE = 50
MOST_TRIES = 5
# What could not be sent for so long is stale: its notices are on the page.
GIVEN_UP_AFTER = timedelta(days=2)
_SALT = "cases.digests.stop"


def token_of(user: User) -> str:
    """What the link that ends the e-mails of ``user`` carries; it opens nothing else."""
    return signing.dumps(user.pk, salt=_SALT)


def user_of(token: str) -> User | None:
    """Whose e-mails ``token`` ends; ``None`` when it was not made here."""
    try:
        pk = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=pk).first()


def make(setting_id: int) -> DigestMail | None:
    """The e-mail that is due for a person, with the notices it holds; ``None`` when none is.

    The row of the setting is locked, so that two schedulers make one e-mail.
    """
    with transaction.atomic():
        setting = (
            NoticeSetting.objects.select_for_update(of=("self",))
            .select_related("user")
            .exclude(digest=Digest.NEVER)
            .filter(pk=setting_id, user__is_active=True)
            .exclude(user__email="")
            .first()
        )
        if setting is None:
            return None
        since = timezone.now() - EVERY[Digest(setting.digest)]
        if DigestMail.objects.filter(user=setting.user, made_at__gt=since).exists():
            return None
        fresh = Notice.objects.visible_to(setting.user).unread().filter(digest=None)
        found = list(fresh.values_list("pk", flat=True))
        if not found:
            return None
        mail = DigestMail.objects.create(user=setting.user)
        Notice.objects.filter(pk__in=found).update(digest=mail)
        return mail


def _message(mail: DigestMail) -> EmailMultiAlternatives | None:
    """The e-mail as its reader may read it now; ``None`` when nothing is left to say, or nobody hears."""
    user = mail.user
    wanted = NoticeSetting.objects.filter(user=user).exclude(digest=Digest.NEVER).exists()
    if not wanted or not user.email or not user.is_active:
        return None
    rows = Notice.objects.visible_to(user).unread().filter(digest=mail).select_related("case", "by")
    total = rows.count()
    if not total:
        return None
    stop = settings.SITE_URL + reverse("cases:digest-stop", args=[token_of(user)])
    context = {
        "name": str(user),
        "rows": [
            {"told": one, "url": settings.SITE_URL + reverse("cases:notice", args=[one.notice.pk])}
            for one in told(list(rows[:MOST_LISTED]), user)
        ],
        "more": max(total - MOST_LISTED, 0),
        "list_url": settings.SITE_URL + reverse("cases:notices"),
        "stop_url": stop,
    }
    subject = ngettext("MedWeb: %(n)d notice for you", "MedWeb: %(n)d notices for you", total) % {"n": total}
    message = EmailMultiAlternatives(
        subject,
        render_to_string("mail/digest.txt", context),
        to=[user.email],
        headers={"List-Unsubscribe": f"<{stop}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("mail/digest.html", context), "text/html")
    return message


def send(mail: DigestMail, connection: BaseEmailBackend | None = None) -> bool:
    """Send one e-mail that nobody has claimed; whether it went out.

    It is claimed before it is sent: a process that dies in between sends it never, and not twice.
    """
    free = DigestMail.objects.filter(pk=mail.pk, claimed_at=None, sent_at=None, tries__lt=MOST_TRIES)
    if not free.update(claimed_at=timezone.now(), tries=F("tries") + 1):
        return False
    message = _message(mail)
    if message is None:
        return False
    message.connection = connection
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.warning("Digest %s was not sent (%s)", mail.pk, type(error).__name__)
        DigestMail.objects.filter(pk=mail.pk).update(claimed_at=None)
        return False
    DigestMail.objects.filter(pk=mail.pk).update(sent_at=timezone.now())
    return True


def send_due() -> int:
    """Make and send what is due, a part of it when it is much; returns how many went out."""
    now = timezone.now()
    wanting = NoticeSetting.objects.exclude(digest=Digest.NEVER).filter(user__is_active=True)
    wanting = wanting.exclude(user__email="").annotate(last=Max("user__digest_mails__made_at"))
    made = 0
    for pk, digest, last in wanting.order_by("pk").values_list("pk", "digest", "last").iterator():
        if made == MOST_AT_ONCE:
            break
        if last is None or last <= now - EVERY[Digest(digest)]:
            made += make(pk) is not None
    waiting = DigestMail.objects.filter(
        claimed_at=None, sent_at=None, tries__lt=MOST_TRIES, made_at__gt=now - GIVEN_UP_AFTER
    ).select_related("user")
    batch = list(waiting.order_by("pk")[:MOST_AT_ONCE])
    if not batch:
        return 0
    connection = get_connection()
    return sum(send(mail, connection) for mail in batch)
