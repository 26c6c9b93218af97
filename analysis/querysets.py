"""Reading rights of results: derived from those of cases and collections, never stored."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef

from analysis.enums import ModelState
from cases.enums import Clearance
from cases.models import Collection, Series
from cases.querysets import case_is_visible, is_hidden_from, is_veiled_from
from medweb.accounts.models import Role, User

if TYPE_CHECKING:
    from analysis.models import Analysis, ModelVersion, Overlay, Prediction, TrainingRun  # noqa: F401  named in strings


def collections_with_models_for(user: User) -> "models.QuerySet[Collection]":
    """Collections whose models ``user`` may look at: visible ones for staff, own ones for instructors."""
    visible = Collection.objects.visible_to(user)
    if user.has_role(Role.STAFF, Role.ADMINISTRATOR):
        return visible
    if user.has_role(Role.INSTRUCTOR):
        return visible.filter(owner=user)
    return visible.none()


class AnalysisQuerySet(models.QuerySet["Analysis"]):
    def visible_to(self, user: User) -> "AnalysisQuerySet":
        """Analyses of the cases one may see; none of pictures that wait at the desk again."""
        from analysis.models import AnalysisRegion

        held = AnalysisRegion.objects.filter(
            analysis=OuterRef("pk"), frame__series__clearance=Clearance.HELD
        ).order_by()
        # Regions and pictures show where the reference lies.
        return self.filter(case_is_visible(user, "case"), ~Exists(held)).exclude(is_hidden_from(user, "case"))


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    def visible_to(self, user: User) -> "TrainingRunQuerySet":
        return self.filter(collection__in=collections_with_models_for(user))


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def visible_to(self, user: User) -> "ModelVersionQuerySet":
        return self.filter(collection__in=collections_with_models_for(user))

    def promoted(self) -> "ModelVersionQuerySet":
        return self.filter(state=ModelState.PROMOTED)


class PredictionQuerySet(models.QuerySet["Prediction"]):
    def visible_to(self, user: User) -> "PredictionQuerySet":
        """Predictions of visible cases by models of visible collections.

        The second half matters: the name of a members-only collection must not leak through a case that
        also lies in an open one. None of a case whose pictures all wait at the desk,
        and of none that is read as an unknown.
        """
        shown = Series.objects.cleared().filter(case=OuterRef("case"))
        held = Series.objects.filter(case=OuterRef("case"), clearance=Clearance.HELD)
        return self.filter(
            case_is_visible(user, "case"),
            Exists(shown.order_by()) | ~Exists(held.order_by()),
            ~is_veiled_from(user, "case"),
            model__collection__in=Collection.objects.visible_to(user),
        )

    def current(self) -> "PredictionQuerySet":
        """Those of the models in use, and only while the case still lies in their collection."""
        return self.filter(
            model__state=ModelState.PROMOTED, case__items__collection=models.F("model__collection")
        )


class OverlayQuerySet(models.QuerySet["Overlay"]):
    def visible_to(self, user: User) -> "OverlayQuerySet":
        """Of predictions that the case panel shows, on pictures that do not wait at the desk."""
        from analysis.models import Prediction

        shown = Prediction.objects.visible_to(user).current().values("pk")
        return self.filter(prediction__in=shown, frame__series__clearance=Clearance.CLEARED)
