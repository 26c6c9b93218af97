"""Jobs of this app."""

from django.utils.translation import gettext_lazy as _

from analysis.services import analyses, models, predictions, training
from medweb.jobs.registry import job
from medweb.jobs.run import Run


@job(analyses.KIND, queue="analysis", minutes=10, title=_("Analyse a case"))
def analyse_case(run: Run, *, case_id: int) -> None:
    analyses.compute(run, case_id=case_id)


@job(training.KIND, queue="train", minutes=60, title=_("Train models"))
def train(run: Run, *, run_id: int) -> None:
    training.compute(run, run_id=run_id)


@job(models.PREDICT, queue="train", minutes=60, title=_("Predict the cases of a collection"))
def predict_collection(run: Run, *, model_id: int) -> None:
    predictions.compute_collection(run, model_id=model_id)
