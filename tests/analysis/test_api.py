"""Analyses, predictions and models in the API."""

import pytest

from medweb.jobs.models import Job
from medweb.jobs.run import work
from tests.analysis.building import a_case, a_collection, add_series, box, layer, person, promoted, speckle

pytestmark = pytest.mark.django_db(transaction=True)


def test_analyse_wait_read(client):
    author = person("ann", "instructor")
    case = a_case(author)
    series = add_series(case, [speckle(1)])
    layer(series, author, [box(2, 2, 20, 20)])
    client.force_login(author)
    asked = client.post(f"/api/cases/{case.pk}/analyses/")
    assert asked.status_code == 202
    job = asked.json()["job"]
    assert job["state"] == "queued"
    assert work(job["id"]) == "done"
    (row,) = client.get(f"/api/cases/{case.pk}/analyses/").json()["results"]
    detail = client.get(f"/api/analyses/{row['id']}/").json()
    assert [r["source"] for r in detail["regions"]] == ["image", "region"]
    assert detail["regions"][1]["features"]["shape.area"] > 0
    assert detail["regions"][0]["features"]["shape.area"] is None
    assert client.get(detail["pictures"][0]["url"]).status_code == 200


def test_students_may_not_start_an_analysis(client):
    case = a_case(person("ann", "instructor"))
    add_series(case, [speckle(1)])
    client.force_login(person("stu", "student"))
    answer = client.post(f"/api/cases/{case.pk}/analyses/")
    assert answer.status_code == 403
    assert answer.json()["code"] == "not-allowed"
    assert client.get(f"/api/cases/{case.pk}/analyses/").json()["results"] == []


def test_a_case_without_pictures_is_a_problem_with_a_sentence(client):
    author = person("ann", "instructor")
    client.force_login(author)
    answer = client.post(f"/api/cases/{a_case(author).pk}/analyses/")
    assert answer.status_code == 400
    assert "no pictures" in answer.json()["detail"]


def test_train_promote_predict(client):
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"))
    client.force_login(staff)
    asked = client.post(
        "/api/training-runs/",
        {"collection": collection.pk, "algorithms": ["svm"], "feature_set": "seed"},
        content_type="application/json",
    )
    assert asked.status_code == 202, asked.content
    assert work(asked.json()["job"]["id"]) == "done"
    (run,) = client.get("/api/training-runs/").json()["results"]
    assert run["rows"] == 36
    (model,) = client.get("/api/models/").json()["results"]
    assert run["models"] == [model["id"]]
    detail = client.get(f"/api/models/{model['id']}/").json()
    assert detail["metrics"]["held_out"]["n"] == 8
    assert sum(detail["importance"].values()) == pytest.approx(1.0)
    promoted_answer = client.post(f"/api/models/{model['id']}/promote/")
    assert promoted_answer.status_code == 202
    assert work(promoted_answer.json()["job"]["id"]) == "done"
    case = collection.items.get(position=0).case
    (prediction,) = client.get(f"/api/cases/{case.pk}/predictions/").json()["results"]
    assert prediction["model"] == model["id"]
    assert set(prediction["probabilities"]) == {"clear", "opacity"}
    assert client.post(f"/api/models/{model['id']}/promote/").status_code == 400


@pytest.mark.parametrize(
    "body", [{}, {"collection": "x"}, {"collection": 1, "algorithms": []}, {"collection": 1, "seed": -1}, []]
)
def test_bad_training_requests_are_400(client, body):
    client.force_login(person("sam", "staff"))
    answer = client.post("/api/training-runs/", body, content_type="application/json")
    assert answer.status_code == 400


def test_an_unknown_algorithm_names_the_field(client):
    collection = a_collection(person("ann", "instructor"), count=3, tests=0)
    client.force_login(person("sam", "staff"))
    answer = client.post(
        "/api/training-runs/",
        {"collection": collection.pk, "algorithms": ["net"]},
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "algorithms"
    assert not Job.objects.exists()


def test_models_are_closed_to_students(client):
    staff = person("sam", "staff")
    model = promoted(a_collection(person("ann", "instructor")), staff)
    client.force_login(person("stu", "student"))
    for url in ("/api/models/", "/api/training-runs/", f"/api/models/{model.pk}/"):
        assert client.get(url).status_code == 403, url
    assert client.post(f"/api/models/{model.pk}/promote/").status_code == 403
