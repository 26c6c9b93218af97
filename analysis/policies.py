"""When. What must hold before work may start or a state may change, whoever asks."""

from collections import Counter

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from analysis.enums import MODEL_MOVES, LabelSource, ModelState
from analysis.models import ModelVersion
from cases.models import Case, Collection
from cases.querysets import case_is_visible
from medweb.accounts.models import User

SMALLEST_CLASS = 4


def check_case_is_analysable(case: Case) -> None:
    if not case.series.cleared().filter(frame_count__gt=0).exists():
        raise ValidationError(_("This case has no pictures yet. Add one, then analyse."))


def case_is_analysable(case: Case) -> tuple[bool, str]:
    """Whether it is, and the sentence for the disabled button when not."""
    try:
        check_case_is_analysable(case)
    except ValidationError as error:
        return False, str(error.messages[0])
    return True, ""


def label_counts(collection: Collection, source: str, user: User) -> dict[str, int]:
    """Number of cases of each class, largest first, among those ``user`` may see: training takes no others.

    Cases without a label are not counted.
    """
    column = "label" if source == LabelSource.LABEL else "case__diagnosis__display"
    rows = collection.items.filter(case_is_visible(user, "case"))
    values = rows.order_by().values_list(column, flat=True)
    counts = Counter(value for value in values if value)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def check_collection_is_trainable(collection: Collection, source: str, user: User) -> None:
    """At least two classes, each with a few cases that ``user`` may see."""
    counts = label_counts(collection, source, user)
    if len(counts) < 2:
        raise ValidationError(
            _("Training needs cases of at least two classes; this collection has %(n)d. Label more cases.")
            % {"n": len(counts)}
        )
    label, fewest = min(counts.items(), key=lambda pair: pair[1])
    if fewest < SMALLEST_CLASS:
        raise ValidationError(
            _("Class “%(label)s” has %(n)d cases, training needs %(least)d of each. Label more cases.")
            % {"label": label, "n": fewest, "least": SMALLEST_CLASS}
        )


def collection_is_trainable(collection: Collection, source: str, user: User) -> tuple[bool, str]:
    try:
        check_collection_is_trainable(collection, source, user)
    except ValidationError as error:
        return False, str(error.messages[0])
    return True, ""


def check_model_move(model: ModelVersion, to: str) -> None:
    if to in MODEL_MOVES[model.state]:
        return
    if model.state == to == ModelState.PROMOTED:
        raise ValidationError(_("This model is already in use."))
    raise ValidationError(
        _("This model is “%(now)s” and cannot become “%(to)s”.")
        % {"now": model.get_state_display(), "to": ModelState(to).label}
    )


def model_can_move(model: ModelVersion, to: str) -> tuple[bool, str]:
    try:
        check_model_move(model, to)
    except ValidationError as error:
        return False, str(error.messages[0])
    return True, ""
