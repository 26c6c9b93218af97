"""Pages and fragments, as they answer; who sees what in the access table of the whole site."""

import csv
import io
import json
import re

import pytest
from django.urls import reverse

from analysis.models import Analysis, Prediction
from analysis.presentation import csv_text, shown
from analysis.services import analyses, models
from cases import blobs
from medweb.jobs.models import Job
from medweb.jobs.run import claim, work
from medweb.live.topics import allowed
from tests.analysis.building import (
    a_case,
    a_collection,
    add_series,
    box,
    layer,
    person,
    promoted,
    speckle,
    trained,
)

pytestmark = pytest.mark.django_db(transaction=True)
FORBIDDEN = re.compile(r"""\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|<style""", re.IGNORECASE)


def an_analysis(author, *, label="nodule") -> Analysis:
    case = a_case(author)
    series = add_series(case, [speckle(1, bright=True)], unit="HU")
    layer(series, author, [box(5, 5, 25, 25, label=label)])
    job = analyses.request(case=case, by=author)
    assert work(job.pk) == "done"
    return Analysis.objects.get(job_id=job.pk)


def get(client, name, *args, query="", htmx=True, **headers):
    url = reverse(f"analysis:{name}", args=args) + query
    response = client.get(url, headers={"HX-Request": "true", **headers} if htmx else headers)
    if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
        assert not FORBIDDEN.search(response.content.decode()), FORBIDDEN.search(response.content.decode())
    return response


def test_before_any_analysis_the_panel_says_what_to_do(client):
    author, student = person("ann", "instructor"), person("stu", "student")
    case = a_case(author)
    add_series(case, [speckle(1)])
    client.force_login(author)
    assert b"Analyse case" in get(client, "case-panel", case.pk).content
    client.force_login(student)
    text = get(client, "case-panel", case.pk).content.decode()
    assert "Not analysed yet" in text
    assert "<button" not in text


def test_an_instructor_learns_why_the_button_is_blocked(client):
    case = a_case(person("ann", "instructor"))
    add_series(case, [speckle(1)])
    client.force_login(person("bob", "instructor"))
    text = get(client, "case-panel", case.pk).content.decode()
    assert 'aria-disabled="true"' in text
    assert "somebody else" in text


def test_a_case_without_pictures_blocks_the_button(client):
    author = person("ann", "instructor")
    case = a_case(author)
    client.force_login(author)
    assert b"This case has no pictures yet" in get(client, "case-panel", case.pk).content
    answer = client.post(reverse("analysis:analyse", args=[case.pk]), headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert b"This case has no pictures yet" in answer.content


def test_analysing_shows_progress_to_watchers_and_cancel_to_who_may(client):
    author, student = person("ann", "instructor"), person("stu", "student")
    case = a_case(author)
    add_series(case, [speckle(1)])
    client.force_login(author)
    answer = client.post(reverse("analysis:analyse", args=[case.pk]), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert b"Waiting for a worker" in answer.content
    job = Job.objects.get()
    run = claim(job.pk)
    assert run is not None
    run.progress(0.4, "Measuring the picture")
    assert b"Cancel the analysis" in get(client, "case-status", case.pk).content
    client.force_login(student)
    text = get(client, "case-status", case.pk).content.decode()
    assert "Measuring the picture" in text
    assert "40 %" in text
    assert "Cancel" not in text


def test_without_htmx_analysing_leads_back_to_the_case(client):
    author = person("ann", "instructor")
    case = a_case(author)
    add_series(case, [speckle(1)])
    client.force_login(author)
    answer = client.post(reverse("analysis:analyse", args=[case.pk]))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("cases:case", args=[case.pk])


def test_without_htmx_a_refusal_is_a_message_on_the_case(client):
    author = person("ann", "instructor")
    case = a_case(author)
    client.force_login(author)
    answer = client.post(reverse("analysis:analyse", args=[case.pk]), follow=True)
    assert b"This case has no pictures yet" in answer.content


def test_the_news_of_models_are_for_those_who_see_them():
    owner, staff = person("ann", "instructor"), person("sam", "staff")
    collection = a_collection(owner, count=1, tests=0)
    name = f"training:{collection.pk}"
    for user, hears in (
        (owner, True),
        (staff, True),
        (person("bob", "instructor"), False),
        (person("stu", "student"), False),
    ):
        assert (allowed(user, [name]) == [name]) is hears, user
    assert allowed(staff, ["training:x", "training:999999"]) == []


def test_a_refused_form_leaves_a_list_that_can_be_read_again(client):
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"), count=12, tests=0)
    client.force_login(staff)
    text = client.post(reverse("analysis:train", args=[collection.pk]), {}).content.decode()
    assert f'hx-get="{reverse("analysis:collection-models", args=[collection.pk])}"' in text


def test_a_failure_shows_its_sentence_and_try_again(client):
    author = person("ann", "instructor")
    case = a_case(author)
    frame = add_series(case, [speckle(1)]).frames.get()
    blobs.delete(frame.digest)
    work(analyses.request(case=case, by=author).pk)
    client.force_login(author)
    text = get(client, "case-panel", case.pk).content.decode()
    assert "Upload the picture again" in text
    assert "Try again" in text


def test_the_panel_shows_pictures_and_numbers(client):
    author, student = person("ann", "instructor"), person("stu", "student")
    analysis = an_analysis(author)
    client.force_login(student)
    text = get(client, "case-panel", analysis.case_id).content.decode()
    assert text.count("<figure>") == 4
    assert "Whole picture" in text
    assert "nodule" in text
    assert "HU" in text
    assert reverse("analysis:analysis-features-csv", args=[analysis.pk]) in text


def test_the_panel_is_a_page_of_its_own_without_htmx(client):
    author = person("ann", "instructor")
    analysis = an_analysis(author)
    client.force_login(author)
    text = get(client, "case-panel", analysis.case_id, htmx=False).content.decode()
    assert "<!doctype html>" in text
    assert f"topics=case:{analysis.case_id}" in text


def test_the_search_filters_features(client):
    author = person("ann", "instructor")
    analysis = an_analysis(author)
    client.force_login(author)
    text = get(client, "case-features", analysis.case_id, query="?q=kurtosis").content.decode()
    assert "kurtosis" in text
    assert "eccentricity" not in text
    assert (
        "No feature is called"
        in get(client, "case-features", analysis.case_id, query="?q=zz").content.decode()
    )


def test_a_toast_comes_with_news_only(client):
    author = person("ann", "instructor")
    analysis = an_analysis(author)
    client.force_login(author)
    assert "HX-Trigger" not in get(client, "case-panel", analysis.case_id)
    news = get(client, "case-panel", analysis.case_id, query="?since=0-0")
    assert json.loads(news["HX-Trigger"])["medweb:toast"]["text"] == "The analysis is ready."
    again = get(client, "case-panel", analysis.case_id, query=f"?since={analysis.pk}-0")
    assert "HX-Trigger" not in again


@pytest.mark.parametrize("name", ["before", "grey", "denoised", "normalised"])
def test_pictures_are_served_for_ever(client, name):
    author = person("ann", "instructor")
    analysis = an_analysis(author)
    client.force_login(author)
    answer = get(client, "analysis-picture", analysis.pk, name)
    assert answer["Content-Type"] == "image/png"
    assert "immutable" in answer["Cache-Control"]


def test_drafts_are_hidden_on_every_path(client):
    author = person("ann", "instructor")
    analysis = an_analysis(author)
    analysis.case.status = "draft"
    analysis.case.save()
    client.force_login(person("stu", "student"))
    for name, args in (
        ("case-panel", [analysis.case_id]),
        ("case-status", [analysis.case_id]),
        ("case-features", [analysis.case_id]),
        ("analysis-picture", [analysis.pk, "before"]),
        ("analysis-features-csv", [analysis.pk]),
    ):
        assert get(client, name, *args).status_code == 404, name
    for url in (f"/api/analyses/{analysis.pk}/", f"/api/cases/{analysis.case_id}/analyses/"):
        assert client.get(url).status_code == 404


def test_the_table_as_csv_is_safe_to_open(client):
    author = person("ann", "instructor")
    analysis = an_analysis(author, label='=HYPERLINK("http://evil")')
    client.force_login(author)
    answer = get(client, "analysis-features-csv", analysis.pk)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:5] == ["family", "feature", "unit", "ibsi_code", "Whole picture (Image 1)"]
    assert rows[0][5].startswith("'=HYPERLINK")
    by_name = {row[1]: row for row in rows[1:]}
    assert by_name["shape.area"][4] == ""
    assert float(by_name["shape.area"][5]) == 100.0
    assert by_name["intensity.mean"][2] == "HU"
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_that_looks_like_a_formula_is_quoted(start):
    assert csv_text(f"{start}cmd") == f"'{start}cmd"


def test_numbers_are_short():
    assert [shown(v) for v in (0.0, -3.0, 0.000012345, 2.5e9)] == ["0", "-3", "1.234e-05", "2.5e+09"]


def test_predictions_are_shown_with_what_moved_them(client):
    staff, owner, student = person("sam", "staff"), person("ann", "instructor"), person("stu", "student")
    collection = a_collection(owner)
    promoted(collection, staff)
    case = collection.items.get(position=0).case
    client.force_login(student)
    text = get(client, "case-panel", case.pk).content.decode()
    assert "Prediction: " in text
    assert "For education, not for diagnosis." in text
    assert "What moved it" in text
    assert "/models/" not in text
    prediction = Prediction.objects.get(case=case)
    top = max(prediction.probabilities.values())
    assert f"{100 * top:.1f} %" in text
    client.force_login(staff)
    assert "/models/" in get(client, "case-panel", case.pk).content.decode()


def test_pages_of_models(client):
    staff, owner = person("sam", "staff"), person("ann", "instructor")
    collection = a_collection(owner)
    client.force_login(staff)
    assert b"No model yet" in get(client, "collection-models", collection.pk, htmx=False).content
    (model,) = trained(collection, staff, feature_set="seed")
    text = get(client, "collection-models", collection.pk, htmx=False).content.decode()
    assert "Candidate" in text
    assert "Random forest" in text
    assert collection.title in get(client, "models", htmx=False).content.decode()
    page = get(client, "model", model.pk, htmx=False).content.decode()
    for words in (
        "Held-out test",
        "Cross-validation",
        "Confusion matrix",
        "Specificity",
        "intact",
        "Promote",
    ):
        assert words in page, words
    head = get(client, "model", model.pk, **{"HX-Target": "model-head"}).content.decode()
    assert "<!doctype" not in head
    chart = get(client, "model-chart", model.pk, "roc", "dark")
    assert chart["Content-Type"] == "image/svg+xml"
    assert "sandbox" in chart["Content-Security-Policy"]
    assert get(client, "model-chart", model.pk, "roc", "pink").status_code == 404
    assert get(client, "model-chart", model.pk, "nothing", "dark").status_code == 404


def test_promoting_on_the_page(client):
    staff, owner = person("sam", "staff"), person("ann", "instructor")
    (model,) = trained(a_collection(owner), staff, feature_set="seed")
    client.force_login(owner)
    assert client.post(reverse("analysis:model-promote", args=[model.pk])).status_code == 403
    client.force_login(staff)
    answer = client.post(reverse("analysis:model-promote", args=[model.pk]), headers={"HX-Request": "true"})
    assert "In use" in answer.content.decode()
    assert "asked" in json.loads(answer["HX-Trigger"])["medweb:toast"]["text"]
    again = client.post(reverse("analysis:model-promote", args=[model.pk]), headers={"HX-Request": "true"})
    assert json.loads(again["HX-Trigger"])["medweb:toast"]["level"] == "danger"
    status = get(client, "collection-training", model.collection_id).content.decode()
    assert "Predict the cases of a collection" in status
    assert client.post(reverse("analysis:model-retire", args=[model.pk])).status_code == 302


def test_a_refused_model_file_leaves_its_page_open(client):
    staff = person("sam", "staff")
    (model,) = trained(a_collection(person("ann", "instructor")), staff, feature_set="seed")
    blobs._path(model.file_digest).write_bytes(b"\x80\x04 a pickle")
    client.force_login(staff)
    text = get(client, "model", model.pk, htmx=False).content.decode()
    assert "was refused" in text
    assert 'aria-disabled="true"' in text


def test_retraining_from_the_form(client):
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"), count=18, tests=0)
    client.force_login(staff)
    url = reverse("analysis:train", args=[collection.pk])
    empty = client.post(url, {"label_source": "label", "imbalance": "none", "feature_set": "seed"})
    assert empty.status_code == 422
    assert b"Choose at least one algorithm." in empty.content
    choices = {"label_source": "label", "imbalance": "none", "feature_set": "seed", "algorithms": ["forest"]}
    missing = client.post(url, {**choices, "label_source": "diagnosis"})
    assert missing.status_code == 422
    assert b"at least two classes" in missing.content
    assert client.post(url, choices).status_code == 302
    job = Job.objects.get(kind="analysis.train")
    run = claim(job.pk)
    assert run is not None
    run.progress(0.5, "Random forest: fold 2")
    assert b"fold 2" in get(client, "collection-training", collection.pk).content


def test_a_failed_training_says_why_on_the_page(client):
    staff = person("sam", "staff")
    collection = a_collection(person("ann", "instructor"), count=18, tests=4)
    collection.cases.update(patient_key="one")
    with pytest.raises(AssertionError, match="both training and test"):
        trained(collection, staff, feature_set="seed")
    client.force_login(staff)
    assert b"both training and test" in get(client, "collection-training", collection.pk).content


def test_instructors_see_why_they_cannot_retrain(client):
    owner = person("ann", "instructor")
    collection = a_collection(owner, count=18, tests=0)
    client.force_login(owner)
    text = get(client, "collection-models", collection.pk, htmx=False).content.decode()
    assert "Only staff can train models" in text
    assert client.post(reverse("analysis:train", args=[collection.pk]), {}).status_code == 403


def test_students_have_no_models_page(client):
    staff = person("sam", "staff")
    (model,) = trained(a_collection(person("ann", "instructor")), staff, feature_set="seed")
    models.promote(model=model, by=staff)
    client.force_login(person("stu", "student"))
    for name, args in (
        ("models", []),
        ("collection-models", [model.collection_id]),
        ("collection-training", [model.collection_id]),
        ("model", [model.pk]),
        ("model-chart", [model.pk, "roc", "light"]),
    ):
        assert get(client, name, *args).status_code == 403, name
