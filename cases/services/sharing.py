"""Links that open a collection to people who were not invited."""

from datetime import timedelta

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import Visibility
from cases.models import Case, Collection, ShareLink
from cases.permissions import check_user_can_edit_collection
from medweb.accounts.models import User
from medweb.audit.services import record

DAYS = (1, 7, 30, 180)
"""How long a link may last."""
MOST_LINKS = 50
_SALT = "cases.share-link"


def token_of(link: ShareLink) -> str:
    """What stands in the address of a link."""
    return signing.Signer(salt=_SALT).sign(str(link.pk))


def link_of(token: str) -> ShareLink | None:
    """The link that an address names while it is open; ``None`` for a made-up, ended or taken back one."""
    try:
        key = int(signing.Signer(salt=_SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    link = ShareLink.objects.select_related("collection", "collection__owner").filter(pk=key).first()
    return link if link is not None and link.is_open else None


@transaction.atomic
def share(*, collection: Collection, days: int, by: User) -> ShareLink:
    """Make a link that lets signed-in people read the collection for some days."""
    check_user_can_edit_collection(by, collection)
    if days not in DAYS:
        raise ValidationError({"days": _("Choose for how long the link is to work.")})
    if collection.visibility == Visibility.MEMBERS:
        others = collection.cases.exclude(pk__in=Case.objects.editable_by(by))
        if others.exists():
            raise ValidationError(
                _("“%(title)s” holds cases of other authors; only they or an administrator can share them.")
                % {"title": collection.title}
            )
    if collection.links.filter(revoked_at=None, expires_at__gt=timezone.now()).count() >= MOST_LINKS:
        raise ValidationError(_("There are many open links already; take one back first."))
    now = timezone.now()
    link = ShareLink.objects.create(
        collection=collection, made_by=by, created_at=now, expires_at=now + timedelta(days=days)
    )
    record("collection.share", collection, by=by, link=link.pk, days=days)
    return link


@transaction.atomic
def revoke(*, link: ShareLink, by: User) -> None:
    """Take a link back: whoever came by it loses the collection at once."""
    check_user_can_edit_collection(by, link.collection)
    if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record("collection.take-back-link", link.collection, by=by, link=link.pk)


@transaction.atomic
def come_in(*, link: ShareLink, by: User) -> None:
    """Read a collection by a link; who may read it anyway stays what they are."""
    if not Collection.objects.visible_to(by).filter(pk=link.collection_id).exists():
        link.guests.add(by)
    record("collection.open-link", link.collection, by=by, link=link.pk)
