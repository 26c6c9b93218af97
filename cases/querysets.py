"""Reading rights: one query per model, never stored rows. A view never starts from ``.all()``."""

from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from cases.enums import (
    HANDED_IN,
    AnnotationStatus,
    CaseStatus,
    Clearance,
    ReadingStage,
    TermSystem,
    Visibility,
)
from medweb.accounts.models import Role, User

if TYPE_CHECKING:
    from cases.models import Annotation, Case, Collection, Comment, Series, Term, Upload, UploadBatch  # noqa: F401  named in strings


READ = (CaseStatus.PUBLISHED, CaseStatus.RETRACTED)
"""States in which others than author and reviewers meet a case."""


class CollectionQuerySet(models.QuerySet["Collection"]):
    def visible_to(self, user: User) -> "CollectionQuerySet":
        """Open collections, one's own, those one is invited to or came to by a link that is still open.

        Administrators see all.
        """
        if not user.is_active:
            return self.none()
        if user.has_role(Role.ADMINISTRATOR):
            return self
        invited = self.model.members.through.objects.filter(collection=OuterRef("pk"), user=user)
        return self.filter(
            Q(visibility=Visibility.EVERYONE) | Q(owner=user) | Exists(invited) | Exists(_guests(user))
        )

    def editable_by(self, user: User) -> "CollectionQuerySet":
        """Own ones; administrators may edit all."""
        if user.has_role(Role.ADMINISTRATOR):
            return self
        if user.has_role(Role.INSTRUCTOR):
            return self.filter(owner=user)
        return self.none()


def _guests(user: User) -> "models.QuerySet[Any]":
    """Rows of people who came to the outer collection by a link.

    The time is the database's: :mod:`cases.quick` builds this SQL once, and a time of ours would stand still.
    """
    from cases.models import ShareLink

    came = ShareLink.guests.through.objects.filter(user=user, sharelink__collection=OuterRef("pk"))
    return came.filter(sharelink__revoked_at=None, sharelink__expires_at__gt=Now()).order_by()


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> "CaseQuerySet":
        """Own cases; published ones, unless they lie in a collection for invited members.

        Instructors also see what waits for a review, by the same rule.

        A members-only collection always restricts: lying in an open one as well does not widen it, so
        nobody can publish a closed case by putting it elsewhere.
        """
        if not user.is_active:
            return self.none()
        if user.has_role(Role.ADMINISTRATOR):
            return self
        shown = Q(status=CaseStatus.PUBLISHED)
        if user.has_role(Role.INSTRUCTOR):
            shown |= Q(status=CaseStatus.IN_REVIEW)
        return self.filter(Q(author=user) | (shown & self._not_closed_to(user)))

    def _not_closed_to(self, user: User) -> Q:
        from cases.models import Collection, CollectionItem

        closed = CollectionItem.objects.filter(case=OuterRef("pk"), collection__visibility=Visibility.MEMBERS)
        invited = closed.filter(collection__in=Collection.objects.visible_to(user))
        return ~Exists(closed) | Exists(invited)

    def retracted_for(self, user: User) -> "CaseQuerySet":
        """Retracted cases that ``user`` could read before: they are told why, and shown nothing else."""
        if not user.is_active:
            return self.none()
        return self.filter(self._not_closed_to(user), status=CaseStatus.RETRACTED)

    def waiting_for(self, user: User) -> "CaseQuerySet":
        """Cases in review that ``user`` may approve or return, never their own."""
        if not user.has_role(Role.INSTRUCTOR, Role.ADMINISTRATOR):
            return self.none()
        return self.visible_to(user).filter(status=CaseStatus.IN_REVIEW).exclude(author=user)

    def due(self) -> "CaseQuerySet":
        """Published cases whose day of re-review has come."""
        return self.filter(status=CaseStatus.PUBLISHED, review_due_on__lte=timezone.localdate())

    def update(self, **values: Any) -> int:
        """Write rows at once; no signal tells the search index of it, so it is told here."""
        from cases.services import searching

        if searching.INDEXED.isdisjoint(values):
            return super().update(**values)
        with transaction.atomic():
            keys = list(self.order_by().values_list("pk", flat=True))
            written = super().update(**values)
            searching.index(self.model.objects.filter(pk__in=keys))
        return written

    def editable_by(self, user: User) -> "CaseQuerySet":
        """Own cases of an instructor; administrators may edit all."""
        if user.has_role(Role.ADMINISTRATOR):
            return self
        if user.has_role(Role.INSTRUCTOR):
            return self.filter(author=user)
        return self.none()


def case_is_visible(user: User, case: str) -> Exists:
    """Condition for rows that belong to a case; ``case`` is the path to its key, as ``"series__case"``.

    Asked per row: with ``case__in=Case.objects.visible_to(user)`` SQLite lists every visible case first,
    which took a tenth of a second for the predictions of one case out of 20,000.
    """
    from cases.models import Case

    return Exists(Case.objects.visible_to(user).filter(pk=OuterRef(case)).order_by())


def is_blinded(case: str) -> Exists:
    """Condition for rows of a case that is read blindly now; ``case`` is the path to its key.

    A case that lies in several collections is blinded as long as one of them is: lying in another one must
    not open a reading.
    """
    from cases.models import CollectionItem

    blind = CollectionItem.objects.filter(
        case=OuterRef(case), collection__blinded=True, collection__opened_at__isnull=True
    )
    return Exists(blind.order_by())


def is_hidden_from(user: User, case: str) -> Q:
    """Condition for cases of which ``user`` may see nothing that was made from the reference.

    Blinded, of somebody else, and with a series that has a reference and nothing handed in by ``user``; or
    read as an unknown and not revealed yet.
    """
    from cases.models import Annotation

    own = Annotation.objects.filter(series=OuterRef("series"), author=user, status__in=HANDED_IN)
    taught = Annotation.objects.filter(series__case=OuterRef(case), is_reference=True, status__in=HANDED_IN)
    taught = taught.filter(~Exists(own.order_by())).exclude(author=user).order_by()
    if user.has_role(Role.ADMINISTRATOR):
        return is_veiled_from(user, case)
    return (Q(is_blinded(case)) & Q(Exists(taught))) | is_veiled_from(user, case)


def is_veiled_from(user: User, case: str, *, until: ReadingStage = ReadingStage.EVERYTHING) -> Q:
    """Condition for rows of a case that ``user`` reads as an unknown and has not read up to ``until``.

    Every list, count, search and file that would give an answer away leaves such rows out, or shows of
    them what :mod:`cases.veil` leaves. Who wrote the case and administrators see all, unless they asked to
    read it.

    Parameters
    ----------
    user : User
    case : str
        The path to the key of the case from the rows that are asked for: ``"pk"``, ``"series__case"``.
    until : ReadingStage, optional
        Rows of readers who have come so far are not meant.
    """
    from cases.models import Reading

    own = Reading.objects.filter(user=user).order_by()
    under_way = Q(**{f"{case}__in": own.filter(stage__lt=until).values("case")})
    if user.has_role(Role.ADMINISTRATOR):
        return under_way
    at = "" if case == "pk" else f"{case}__"
    hides = Q(**{f"{at}unknown": True, f"{at}status__in": READ}) & ~Q(**{f"{at}author": user})
    return under_way | (hides & ~Q(**{f"{case}__in": own.values("case")}))


class TermQuerySet(models.QuerySet["Term"]):
    def visible_to(self, user: User) -> "TermQuerySet":
        """Terms of terminologies, loaded ones, and this server's own ones that a visible case has.

        A wording typed for a draft or a closed case is part of that case, the answer even, until it is shown.
        """
        from cases.models import Case

        if not user.is_active:
            return self.none()
        used = Case.objects.visible_to(user).filter(diagnosis=OuterRef("pk")).order_by()
        used = used.exclude(is_veiled_from(user, "pk", until=ReadingStage.DIAGNOSIS))
        return self.filter(~Q(system=TermSystem.LOCAL) | Q(loaded=True) | Exists(used))


class SeriesQuerySet(models.QuerySet["Series"]):
    def visible_to(self, user: User) -> "SeriesQuerySet":
        """Those of visible cases; a series that waits at the desk only for those who may edit its case."""
        from cases.models import Case

        rows = self.filter(case_is_visible(user, "case"))
        if user.has_role(Role.ADMINISTRATOR):
            return rows
        editable = Case.objects.editable_by(user).filter(pk=OuterRef("case")).order_by()
        return rows.filter(Q(clearance=Clearance.CLEARED) | Exists(editable))

    def cleared(self) -> "SeriesQuerySet":
        """Series that no one has to look at any more: what readers, cards and analyses may use."""
        return self.filter(clearance=Clearance.CLEARED)


class UploadBatchQuerySet(models.QuerySet["UploadBatch"]):
    def visible_to(self, user: User) -> "UploadBatchQuerySet":
        """Those who may edit the case."""
        from cases.models import Case

        return self.filter(case__in=Case.objects.editable_by(user))


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: User) -> "UploadQuerySet":
        """Those who may edit the case: quarantine is no reading matter for others."""
        from cases.models import Case

        return self.filter(case__in=Case.objects.editable_by(user))


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def visible_to(self, user: User) -> "AnnotationQuerySet":
        """One's own; handed-in reference layers of visible cases; all handed-in ones on one's own cases.

        While a reading is blinded, a reader sees the reference only after handing in on that series.
        What was returned is seen by its author and by who may review it. None on a series that waits at the
        desk: its drawings come back with its pictures.
        """
        if not user.is_active:
            return self.none()
        visible = Q(case_is_visible(user, "series__case")) & Q(series__clearance=Clearance.CLEARED)
        # An unknown shows nobody else's drawing before the findings.
        visible &= Q(author=user) | ~is_veiled_from(user, "series__case", until=ReadingStage.FINDINGS)
        if user.has_role(Role.ADMINISTRATOR):
            return self.filter(visible)
        own = self.model.objects.filter(series=OuterRef("series"), author=user, status__in=HANDED_IN)
        opened = ~Q(is_blinded("series__case")) | Q(Exists(own.order_by()))
        teaches = Q(status__in=HANDED_IN, is_reference=True) & opened
        reviewed = ~Q(status=AnnotationStatus.DRAFT) & Q(series__case__author=user)
        return self.filter(visible & (Q(author=user) | teaches | reviewed))

    def reviewable_by(self, user: User) -> "AnnotationQuerySet":
        """Layers of others that were handed in on cases ``user`` may edit; a reference needs no review."""
        from cases.models import Case

        editable = Case.objects.editable_by(user).filter(pk=OuterRef("series__case")).order_by()
        rows = self.visible_to(user).exclude(author=user).exclude(status=AnnotationStatus.DRAFT)
        return rows.filter(Exists(editable), is_reference=False)

    def with_readers(self) -> "AnnotationQuerySet":
        """Each with what :func:`cases.names.author_shown` asks: ``blinded`` and ``reader_number``."""
        from cases.models import Reader

        letter = Reader.objects.filter(case=OuterRef("series__case"), user=OuterRef("author"))
        return self.annotate(
            blinded=is_blinded("series__case"), reader_number=Subquery(letter.values("number")[:1])
        )

    def with_comment_count(self) -> "AnnotationQuerySet":
        """Each with ``comment_count``; a subquery, because grouping by the shapes would sort megabytes."""
        from cases.models import Comment

        said = Comment.objects.filter(annotation=OuterRef("pk")).order_by().values("annotation")
        total = said.annotate(n=Count("pk")).values("n")
        return self.annotate(comment_count=Coalesce(Subquery(total), 0))

    def waiting(self) -> "AnnotationQuerySet":
        """Handed in, and nobody has said anything yet."""
        return self.filter(status=AnnotationStatus.SUBMITTED)


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: User) -> "CommentQuerySet":
        """Those on one's own layers, and on layers one may review."""
        from cases.models import Annotation

        layers = Annotation.objects.visible_to(user).filter(pk=OuterRef("annotation"), author=user)
        reviewed = Annotation.objects.reviewable_by(user).filter(pk=OuterRef("annotation"))
        return self.filter(Exists(layers.order_by()) | Exists(reviewed.order_by()))
