"""Comments on layers: the reviewer begins, the author of the layer answers."""

import math
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cases.models import Annotation, Comment
from cases.models.comment import MAX_COMMENT
from cases.permissions import check_user_can_comment
from cases.policies import check_layer_is_open_to_comments
from cases.services import annotations
from medweb.accounts.models import User
from medweb.audit.services import record

MOST_COMMENTS = 500


@dataclass(frozen=True)
class Place:
    """Where a comment points: number of the frame in its series, from 0, and a position in its pixels."""

    frame: int
    x: float
    y: float


@transaction.atomic
def write(
    *,
    annotation: Annotation,
    text: str,
    place: Place | None = None,
    answer_to: Comment | None = None,
    by: User,
) -> Comment:
    """Say something about a layer.

    Raises
    ------
    PermissionDenied
        Neither its author nor who may review it.
    ValidationError
        No words, too many, a place outside of the image, or an answer to another layer's comment.
    """
    check_user_can_comment(by, annotation)
    own = annotation.author_id == by.pk
    check_layer_is_open_to_comments(annotation, own=own)
    if own and answer_to is None:
        raise ValidationError({"answer_to": _("On your own layer you can answer comments; choose one.")})
    words = text.replace("\r\n", "\n").strip()
    if not words or "\0" in words:
        raise ValidationError({"text": _("Write what should be changed; a comment needs words.")})
    if len(words) > MAX_COMMENT:
        told = _("The comment has %(n)d characters; at most %(most)d are accepted.")
        raise ValidationError({"text": told % {"n": len(words), "most": MAX_COMMENT}})
    if answer_to is not None and answer_to.annotation_id != annotation.pk:
        raise ValidationError({"answer_to": _("That comment is about another layer.")})
    if annotation.comments.count() >= MOST_COMMENTS:
        raise ValidationError(_("This layer has %(n)d comments; no more are taken.") % {"n": MOST_COMMENTS})
    frame = None
    if place is not None:
        frame = annotation.series.frames.filter(index=place.frame).first()
        inside = frame is not None and 0 <= place.x <= frame.columns and 0 <= place.y <= frame.rows
        if not inside or not math.isfinite(place.x + place.y):
            raise ValidationError({"frame": _("That place lies outside of the images of this series.")})
    comment = Comment.objects.create(
        annotation=annotation,
        author=by,
        text=words,
        frame=frame,
        x=place.x if place else None,
        y=place.y if place else None,
        # An answer to an answer stands in the same thread.
        answer_to=(answer_to.answer_to or answer_to) if answer_to else None,
    )
    record("comment.write", comment, by=by, annotation=annotation.pk, pinned=place is not None)
    annotations.tell(annotation)
    return comment
