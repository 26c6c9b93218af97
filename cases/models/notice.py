"""What a person is told, and how."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.enums import Digest, NoticeKind
from cases.models.annotation import Annotation
from cases.models.case import Case
from cases.models.remark import Remark
from cases.talk_querysets import NoticeQuerySet


class DigestMail(models.Model):
    """One e-mail of unread notices. The row is made with what it holds, and claimed before it is sent.

    A mail server that fails leaves ``claimed_at`` empty again; a process that dies in between leaves it set,
    so that nobody gets the same mail twice.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digest_mails")
    made_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["user", "-made_at"], name="digest_last"),)

    def __str__(self) -> str:
        return f"digest {self.pk}"


class Notice(models.Model):
    """Ids of what happened, for one person. Words are made when it is read, by what may be seen then."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=16, choices=NoticeKind)
    case = models.ForeignKey(Case, null=True, on_delete=models.CASCADE, related_name="+")
    remark = models.ForeignKey(Remark, null=True, on_delete=models.CASCADE, related_name="notices")
    annotation = models.ForeignKey(Annotation, null=True, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    digest = models.ForeignKey(DigestMail, null=True, on_delete=models.SET_NULL, related_name="notices")

    objects = NoticeQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(kind__in=NoticeKind.values), name="known_notice_kind"),
        )
        indexes = (
            models.Index(fields=["user", "-id"], name="notice_newest"),
            models.Index(fields=["user"], condition=models.Q(read_at=None), name="notice_unread"),
        )

    def __str__(self) -> str:
        return f"notice {self.pk}"


class NoticeSetting(models.Model):
    """What a person wants to be told; without a row: everything, and no e-mail."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_setting"
    )
    muted = models.JSONField(default=list, blank=True)
    digest = models.CharField(max_length=6, choices=Digest, default=Digest.NEVER)

    personal_fields = frozenset[str]()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(digest__in=Digest.values), name="known_digest"),
        )

    def __str__(self) -> str:
        return f"notices of {self.user_id}"
