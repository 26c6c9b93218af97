"""Training, promoting and predicting, with the real learners on small synthetic pictures."""

import time

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from analysis import policies
from analysis.enums import MODEL_MOVES, ModelState
from analysis.models import Analysis, ModelVersion, Prediction, TrainingRun
from analysis.services import analyses, models, predictions, queries, training
from cases import blobs
from cases.models import Case, CollectionItem, Term
from medweb.audit.models import AuditEvent
from medweb.jobs.models import Job
from medweb.jobs.run import LostClaim, Run, claim, work
from tests.analysis.building import a_case, a_collection, add_series, person, promoted, speckle, trained

pytestmark = pytest.mark.django_db(transaction=True)


def test_training_makes_numbered_candidates_that_tell_classes_apart():
    staff, owner = person("sam", "staff"), person("ann", "instructor")
    collection = a_collection(owner, count=48, tests=12)
    svm, forest = trained(collection, staff, algorithms=("forest", "svm"))
    assert [(m.number, m.algorithm, m.state) for m in (svm, forest)] == [
        (1, "svm", "candidate"),
        (2, "forest", "candidate"),
    ]
    for model in (svm, forest):
        assert model.labels == ["clear", "opacity"]
        assert model.metrics["cross_validated"]["n"] == 36
        assert model.metrics["held_out"]["n"] == 12
        assert model.metrics["held_out"]["macro_auc"] > 0.85
        assert blobs.get(model.charts["roc"]["dark"]).lstrip().startswith(b"<")
        assert set(model.charts["confusion"]) == {"light", "dark"}
        assert model.importance[0][1] > 0
    run = svm.training_run
    assert len(run.manifest) == 48
    assert training.manifest_is_intact(run)
    assert {row["split"] for row in run.manifest} == {"train", "test"}
    assert run.environment["scikit-learn"]
    again = trained(collection, staff, feature_set="seed")
    assert again[0].number == 3
    assert again[0].training_run.manifest_digest == run.manifest_digest


def test_a_changed_manifest_is_noticed():
    staff = person("sam", "staff")
    (model,) = trained(a_collection(person("ann", "instructor")), staff, feature_set="seed")
    run = model.training_run
    run.manifest[0]["label"] = "other"
    assert not training.manifest_is_intact(run)


def test_test_rows_are_never_fitted():
    """Other pictures in the test rows leave the stored model as it is."""
    staff, owner = person("sam", "staff"), person("ann", "instructor")
    first, second = a_collection(owner), a_collection(owner)
    for item in second.items.filter(split="test"):
        item.case.series.all().delete()
        add_series(item.case, [speckle(1000 + item.position)])
    fitted = [trained(c, staff, feature_set="seed")[0] for c in (first, second)]
    assert fitted[0].metrics["held_out"] != fitted[1].metrics["held_out"]
    assert fitted[0].metrics["cross_validated"] == fitted[1].metrics["cross_validated"]
    assert fitted[0].importance == fitted[1].importance


def test_a_patient_on_both_sides_stops_the_training_with_a_sentence():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    Case.objects.filter(items__collection=collection).update(patient_key="the same")
    _run, job = training.request(collection=collection, algorithms=["svm"], feature_set="seed", by=staff)
    assert work(job.pk) == "failed"
    job.refresh_from_db()
    assert "both training and test" in job.error
    assert not ModelVersion.objects.exists()


def test_diagnoses_can_be_the_labels():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    terms = {n: Term.objects.create(code=n, display=n) for n in ("Pneumonia", "Healthy")}
    for item in collection.items.all():
        item.case.diagnosis = terms["Pneumonia" if item.label == "opacity" else "Healthy"]
        item.case.save()
    (model,) = trained(collection, staff, feature_set="seed", label_source="diagnosis")
    assert model.labels == ["Healthy", "Pneumonia"]


def test_cases_that_cannot_be_used_are_counted():
    staff = person("sam", "staff")
    owner = person("ann", "instructor")
    collection = a_collection(owner)
    bare = a_case(owner)
    CollectionItem.objects.create(collection=collection, case=bare, label="opacity", position=90)
    nameless = a_case(owner)
    add_series(nameless, [speckle(1)])
    CollectionItem.objects.create(collection=collection, case=nameless, position=91)
    hidden = a_case(owner, published=False)
    add_series(hidden, [speckle(1)])
    CollectionItem.objects.create(collection=collection, case=hidden, label="opacity", position=92)
    (model,) = trained(collection, staff, feature_set="seed")
    assert model.training_run.left_out == {"no-picture": 1, "no-label": 1}
    assert hidden.pk not in {row["case"] for row in model.training_run.manifest}


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"algorithms": []}, "algorithms"),
        ({"algorithms": ["net"]}, "algorithms"),
        ({"imbalance": "x"}, "imbalance"),
        ({"feature_set": "x"}, "feature_set"),
        ({"label_source": "x"}, "label_source"),
    ],
)
def test_unknown_choices_name_the_field(choice, field):
    collection = a_collection(person("ann", "instructor"), count=3, tests=0)
    with pytest.raises(ValidationError) as error:
        training.request(collection=collection, by=person("sam", "staff"), **choice)
    assert field in error.value.message_dict


def test_cases_one_may_not_see_are_not_counted():
    """A class that only drafts have is told neither by the count nor by the sentence that blocks training."""
    staff, owner = person("sam", "staff"), person("ann", "instructor")
    collection = a_collection(owner, count=6, tests=0)
    term = Term.objects.create(code="rare", display="Rare")
    hidden = a_case(owner, published=False, diagnosis=term)
    CollectionItem.objects.create(collection=collection, case=hidden, label="rare", position=92)
    assert policies.label_counts(collection, "label", staff) == {"clear": 4, "opacity": 2}
    assert policies.label_counts(collection, "label", owner)["rare"] == 1
    assert policies.label_counts(collection, "diagnosis", staff) == {}
    assert queries.label_tables([collection], staff)[collection.pk] == [("clear", 4), ("opacity", 2)]
    _ok, sentence = policies.collection_is_trainable(collection, "label", staff)
    assert "rare" not in sentence


def test_too_few_labels_are_a_sentence_before_any_job():
    collection = a_collection(person("ann", "instructor"), count=6, tests=0)
    with pytest.raises(ValidationError, match="“opacity” has 2 cases"):
        training.request(collection=collection, by=person("sam", "staff"))
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize("role", ["student", "instructor"])
def test_only_staff_may_train(role):
    user = person("ann", role)
    with pytest.raises(PermissionDenied):
        training.request(collection=a_collection(user, count=3, tests=0), by=user)


def test_asking_twice_is_one_training():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"), count=18, tests=0)
    assert training.request(collection=collection, by=staff) == training.request(
        collection=collection, by=staff
    )
    assert TrainingRun.objects.count() == 1


def test_a_stale_trainer_writes_nothing():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"), count=24, tests=0)
    run, job = training.request(collection=collection, algorithms=["svm"], feature_set="seed", by=staff)
    stale = claim(job.pk)
    assert stale is not None
    Job.objects.filter(pk=job.pk).update(state="queued", lease_until=None)
    assert work(job.pk) == "done"
    with pytest.raises(LostClaim):
        training.compute(stale, run_id=run.pk)
    assert ModelVersion.objects.count() == 1


def test_promoting_retires_the_one_before_and_predicts_the_collection():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    first = promoted(collection, staff)
    assert Prediction.objects.filter(model=first).count() == collection.items.count()
    second = promoted(collection, staff)
    first.refresh_from_db()
    assert (first.state, second.state) == ("retired", "promoted")
    case = collection.items.get(position=0).case
    (current,) = case.predictions.current()
    assert current.model == second
    assert current.label == max(current.probabilities, key=current.probabilities.get)
    assert sum(current.probabilities.values()) == pytest.approx(1.0)
    assert current.explanation
    assert list(
        AuditEvent.objects.filter(verb__in=["model.promote", "model.retire"])
        .order_by("id")
        .values_list("verb", flat=True)
    ) == ["model.promote", "model.retire", "model.promote"]


def test_the_database_allows_one_promoted_model():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    promoted(collection, staff)
    (candidate,) = trained(collection, staff, feature_set="seed")
    candidate.state, candidate.promoted_at = "promoted", timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        candidate.save()


def test_promoting_twice_is_refused_with_a_sentence():
    staff = person("sam", "staff")
    model = promoted(a_collection(person("ann", "instructor")), staff)
    with pytest.raises(ValidationError, match="already in use"):
        models.promote(model=model, by=staff)


def test_instructors_see_their_models_but_do_not_promote():
    owner, staff = person("ann", "instructor"), person("sam", "staff")
    (model,) = trained(a_collection(owner), staff, feature_set="seed")
    assert list(ModelVersion.objects.visible_to(owner)) == [model]
    with pytest.raises(PermissionDenied):
        models.promote(model=model, by=owner)


def test_every_move_between_states_is_decided():
    assert set(MODEL_MOVES) == set(ModelState.values)
    assert set().union(*MODEL_MOVES.values()) <= set(ModelState.values)


def test_retiring_takes_predictions_from_the_cases():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    model = promoted(collection, staff)
    models.retire(model=model, by=staff)
    assert not Prediction.objects.current().exists()


def test_a_case_taken_out_of_the_collection_loses_its_prediction():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    promoted(collection, staff)
    item = collection.items.get(position=0)
    item.delete()
    assert not item.case.predictions.current().exists()


def test_analysing_asks_the_model_in_use():
    staff = person("sam", "staff")
    owner = person("ann", "instructor")
    collection = a_collection(owner)
    model = promoted(collection, staff)
    case = a_case(owner)
    add_series(case, [speckle(5, bright=True)])
    CollectionItem.objects.create(collection=collection, case=case, position=99)
    job = analyses.request(case=case, by=staff)
    assert work(job.pk) == "done"
    assert case.predictions.get().model == model


def tampered(model: ModelVersion) -> None:
    blob = blobs.get(model.file_digest)
    model.file_digest = blobs.put(blob[:-1] + bytes([blob[-1] ^ 1]))
    model.save()
    predictions._loaded.clear()


def test_the_progress_of_a_case_does_not_name_its_collections(monkeypatch):
    """Whoever sees the case reads the stage of its job; the collection may be for members only."""
    staff, owner = person("sam", "staff"), person("ann", "instructor")
    collection = a_collection(owner, title="Secret club")
    promoted(collection, staff)
    stages = []
    monkeypatch.setattr(Run, "progress", lambda self, done, stage="": stages.append(stage))
    assert work(analyses.request(case=collection.items.get(position=0).case, by=staff).pk) == "done"
    assert "Asking the models in use" in stages
    assert not [stage for stage in stages if "Secret" in stage]


def test_a_changed_model_file_costs_the_prediction_not_the_analysis():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    tampered(promoted(collection, staff))
    Prediction.objects.all().delete()
    case = collection.items.get(position=0).case
    job = analyses.request(case=case, by=staff)
    assert work(job.pk) == "done"
    assert Analysis.objects.filter(case=case).exists()
    assert not Prediction.objects.exists()


def test_a_changed_model_file_is_refused_with_a_sentence():
    staff = person("sam", "staff")
    (model,) = trained(a_collection(person("ann", "instructor")), staff, feature_set="seed")
    tampered(model)
    job = models.promote(model=model, by=staff)
    assert work(job.pk) == "failed"
    job.refresh_from_db()
    assert "was refused" in job.error


def test_a_model_of_other_features_is_not_asked():
    staff = person("sam", "staff")
    (model,) = trained(a_collection(person("ann", "instructor")), staff, feature_set="seed")
    model.settings_digest = "0" * 64
    with pytest.raises(predictions.ModelUnusable, match="Retrain"):
        predictions.load_model(model)


def test_a_model_that_cannot_be_asked_is_not_put_into_use():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    earlier = promoted(collection, staff)
    (model,) = trained(collection, staff, feature_set="seed")
    blobs.delete(model.file_digest)
    with pytest.raises(ValidationError, match="is missing"):
        models.promote(model=model, by=staff)
    earlier.refresh_from_db()
    model.refresh_from_db()
    assert (earlier.state, model.state) == ("promoted", "candidate")


def test_predictions_by_a_model_that_was_replaced_meanwhile_are_dropped():
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    (model,) = trained(collection, staff, feature_set="seed")
    job = models.promote(model=model, by=staff)
    models.retire(model=model, by=staff)
    assert work(job.pk) == "failed"
    assert not Prediction.objects.exists()


def test_members_only_collections_do_not_leak_through_shared_cases():
    staff, owner, student = person("sam", "staff"), person("ann", "instructor"), person("stu", "student")
    collection = a_collection(owner)
    model = promoted(collection, staff)
    other = a_collection(owner, count=1, tests=0)
    case = collection.items.get(position=0).case
    CollectionItem.objects.create(collection=other, case=case, position=5)
    other.members.add(student)
    assert Prediction.objects.visible_to(student).filter(case=case).exists()
    for closed in (collection, other):
        closed.visibility = "members"
        closed.save()
    assert Case.objects.visible_to(student).filter(pk=case.pk).exists()
    assert not Prediction.objects.visible_to(student).filter(case=case).exists()
    assert not ModelVersion.objects.visible_to(student).exists()
    assert not ModelVersion.objects.visible_to(staff).exists()
    assert ModelVersion.objects.visible_to(owner).get() == model


def test_another_instructor_does_not_see_the_models():
    staff, owner = person("sam", "staff"), person("ann", "instructor")
    trained(a_collection(owner), staff, feature_set="seed")
    assert not ModelVersion.objects.visible_to(person("bob", "instructor")).exists()
    assert TrainingRun.objects.visible_to(staff).exists()


def test_deleting_a_model_deletes_its_files():
    staff = person("sam", "staff")
    (model,) = trained(a_collection(person("ann", "instructor")), staff, feature_set="seed")
    chart = model.charts["roc"]["light"]
    later = time.time() + blobs.GRACE.total_seconds() + 60
    blobs.delete_unnamed(now=later)
    assert blobs.exists(model.file_digest)
    assert blobs.exists(chart)
    model.delete()
    blobs.delete_unnamed(now=later)
    assert not blobs.exists(model.file_digest)
    assert not blobs.exists(chart)


def test_large_collections_get_predictions_first_and_explanations_with_the_analysis(monkeypatch):
    monkeypatch.setattr(predictions, "EXPLAINED_AT_ONCE", 10)
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    promoted(collection, staff)
    case = collection.items.get(position=0).case
    before = case.predictions.get()
    assert before.explanation == []
    assert work(analyses.request(case=case, by=staff).pk) == "done"
    after = case.predictions.get()
    assert after.explanation
    assert after.probabilities == pytest.approx(before.probabilities)
