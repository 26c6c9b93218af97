"""Jobs of this app."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.models import ModelVersion, TrainingRun
from analysis.permissions import check_user_can_analyse_case, check_user_can_promote, check_user_can_train
from analysis.services import analyses, models, predictions, training
from cases.models import Case
from medweb.accounts.models import User
from medweb.jobs.registry import job
from medweb.jobs.run import Run


def _may_analyse(user: User, *, case_id: int) -> None:
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise ValidationError(gettext("The case was deleted."))
    check_user_can_analyse_case(user, case)


def _may_train(user: User, *, run_id: int) -> None:
    training_run = TrainingRun.objects.filter(pk=run_id).select_related("collection").first()
    if training_run is None:
        raise ValidationError(gettext("The collection was deleted."))
    check_user_can_train(user, training_run.collection)


def _may_predict(user: User, *, model_id: int) -> None:
    model = ModelVersion.objects.filter(pk=model_id).first()
    if model is None:
        raise ValidationError(gettext("The model was deleted."))
    check_user_can_promote(user, model)


@job(analyses.KIND, queue="analysis", minutes=10, title=_("Analyse a case"), may_run=_may_analyse)
def analyse_case(run: Run, *, case_id: int) -> None:
    analyses.compute(run, case_id=case_id)


@job(training.KIND, queue="train", minutes=60, title=_("Train models"), may_run=_may_train)
def train(run: Run, *, run_id: int) -> None:
    training.compute(run, run_id=run_id)


@job(
    models.PREDICT,
    queue="train",
    minutes=60,
    title=_("Predict the cases of a collection"),
    may_run=_may_predict,
)
def predict_collection(run: Run, *, model_id: int) -> None:
    predictions.compute_collection(run, model_id=model_id)
