"""A job is tried again only by who may still ask for it."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from analysis.models import ModelVersion, TrainingRun
from analysis.services import analyses, models, training
from medweb.accounts.models import User
from medweb.jobs import services as jobs
from medweb.jobs.models import Job
from tests.analysis.building import a_case, a_collection, add_series, person, speckle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]


def analysis(by: User) -> Job:
    case = a_case(by)
    add_series(case, [speckle(1)])
    return analyses.request(case=case, by=by)


def a_training(by: User) -> Job:
    return training.request(collection=a_collection(person("ann", "instructor")), by=by)[1]


def prediction(by: User) -> Job:
    collection = a_collection(person("ann", "instructor"), count=1, tests=0)
    model = ModelVersion.objects.create(
        training_run=TrainingRun.objects.create(collection=collection, requested_by=by),
        collection=collection,
        number=1,
        algorithm="svm",
        feature_set="seed",
        settings_digest="0" * 64,
        file_digest="0" * 64,
        **{name: {} for name in ("feature_names", "labels", "metrics")},
    )
    return jobs.enqueue(models.PREDICT, params={"model_id": model.pk}, by=by)


@pytest.mark.parametrize(
    ("ask", "role", "subject"),
    [(analysis, "instructor", "case"), (a_training, "staff", "collection"), (prediction, "staff", "model")],
)
def test_rights_are_asked_anew(ask, role, subject):
    asker = person("sam", role)
    job = ask(asker)
    jobs.cancel(job=job, by=asker)
    asker.role_grants.all().delete()
    with pytest.raises(PermissionDenied):
        jobs.retry(job=job, by=User.objects.get(pk=asker.pk))
    administrator = person("ada", "administrator")
    assert jobs.retry(job=job, by=administrator).state == "queued"
    jobs.cancel(job=job, by=administrator)
    for name in job.params:
        job.params[name] = 10**6
    with pytest.raises(ValidationError, match=f"The {subject} was deleted"):
        jobs.retry(job=job, by=administrator)
