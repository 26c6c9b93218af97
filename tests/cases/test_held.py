"""What waits at the desk is nowhere else: path by path, for everybody, its editors included."""

import json
import re
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import NoReverseMatch, reverse

from analysis.loading import drawn_regions, representative_frame
from analysis.models import Analysis, AnalysisRegion, FeatureVector, Prediction
from analysis.policies import case_is_analysable
from analysis.services import queries
from cases.enums import Clearance
from cases.models import Annotation, Case, Frame, Series
from cases.policies import case_is_publishable
from cases.services import annotations, cases, collections, desk
from medweb.accounts.models import Role, User
from medweb.jobs.models import Job, State
from medweb.jobs.run import work
from tests.builders import held, rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]
WORD = "Wordoftheheldseries"


@pytest.fixture
def author() -> User:
    return rows.instructor("ann")


@pytest.fixture
def case(author: User, stores) -> Case:
    return rows.published(author)


@pytest.fixture
def series(case: Case, author: User) -> Series:
    """Held after somebody drew on it: a later image was suspect."""
    series = held.held(case)
    Series.objects.filter(pk=series.pk).update(description=WORD, clearance=Clearance.CLEARED)
    series.refresh_from_db()
    for by in (author, rows.person(name="sue")):
        layer = annotations.start(series=series, shapes=[rows.shape(label=WORD)], by=by)
        annotations.submit(annotation=layer, revision=1, by=by)
    Series.objects.filter(pk=series.pk).update(clearance=Clearance.HELD)
    series.refresh_from_db()
    return series


@pytest.fixture
def everybody(author: User) -> list[User]:
    return [
        rows.person(Role.STUDENT), rows.instructor(), rows.person(Role.STAFF), author,
        rows.person(Role.ADMINISTRATOR),
    ]  # fmt: skip


@pytest.fixture
def traces(series: Series) -> Callable[[str], list[str]]:
    """``traces(text)``: what of the held series a text tells."""
    frame, instance = series.frames.get(), series.instances.get()
    words = [
        WORD, frame.digest[:16], frame.preview_digest[:16], instance.digest[:16], instance.sop_uid,
        series.series_uid, f"/frames/{frame.pk}/", f"series={series.pk}", f"/series/{series.pk}/",
    ]  # fmt: skip
    return lambda text: [word for word in words if word in text]


def of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def pages(case: Case, collection_pk: int) -> list[str]:
    return [
        reverse("cases:library"),
        reverse("cases:library") + "?q=nodule",
        reverse("cases:case", args=[case.pk]),
        reverse("cases:case-text", args=[case.pk]),
        reverse("cases:collections"),
        reverse("cases:collection", args=[collection_pk]),
        reverse("analysis:case-panel", args=[case.pk]),
        reverse("analysis:case-status", args=[case.pk]),
        reverse("analysis:case-features", args=[case.pk]),
        reverse("jobs:jobs"),
        reverse("api-cases"),
        reverse("api-case", args=[case.pk]),
        reverse("api-case-series", args=[case.pk]),
        reverse("api-annotations"),
        reverse("api-case-analyses", args=[case.pk]),
        reverse("api-case-predictions", args=[case.pk]),
        reverse("api-jobs"),
        reverse("api-collections"),
    ]


def test_no_page_and_no_answer_tells(series: Series, case: Case, author: User, everybody, traces) -> None:
    collection = collections.create(title="Lungs", by=author)
    collections.put(collection=collection, case=case, label="sick", by=author)
    for user in everybody:
        client = of(user)
        editor = user.has_role(Role.ADMINISTRATOR) or user == author
        for address in pages(case, collection.pk):
            answer = client.get(address)
            assert answer.status_code == 200, address
            text = answer.content.decode()
            if editor and address == reverse("cases:case", args=[case.pk]):
                # The one place that tells its editors, with a link to the desk and nothing of the pixels.
                assert f"/desk/{series.pk}/" in text
                start = text.index('id="held-note"')
                text = text[:start] + text[text.index("<section", start) :]
            assert traces(text) == [], f"{user} at {address}"


def test_lists_of_the_api_leave_it_out(series: Series, case: Case, everybody) -> None:
    seen = case.series.cleared().get().pk
    for user in everybody:
        client = of(user)
        assert client.get(reverse("api-case", args=[case.pk])).json()["series"] == [seen]
        found = client.get(reverse("api-case-series", args=[case.pk])).json()["results"]
        assert [row["id"] for row in found] == [seen]
        listed = client.get(reverse("api-annotations"), {"series": series.pk}).json()["results"]
        assert listed == []
        (row,) = client.get(reverse("api-cases")).json()["results"]
        assert row["series"] == [seen]
        assert client.get(reverse("api-cases"), {"q": WORD}).json()["results"] == []


def test_addresses_of_its_frames_and_drawings_do_not_exist(series: Series, everybody) -> None:
    frame = series.frames.get()
    layers = list(Annotation.objects.filter(series=series))
    for user in everybody:
        client = of(user)
        for address in (
            reverse("cases:frame-pixels", args=[frame.pk, frame.digest[:16]]),
            reverse("cases:frame-preview", args=[frame.pk, frame.preview_digest[:16]]),
            reverse("cases:frame-thumbnail", args=[frame.pk]),
            reverse("api-series", args=[series.pk]),
            *(reverse("api-annotation", args=[layer.pk]) for layer in layers),
        ):
            assert client.get(address).status_code == 404, f"{user} at {address}"
        for layer in layers:
            sent = {"revision": layer.revision, "shapes": []}
            address = reverse("api-annotation", args=[layer.pk])
            assert client.put(address, sent, content_type="application/json").status_code == 404
        sent = {"series": series.pk, "shapes": []}
        address = reverse("api-annotations")
        assert client.post(address, sent, content_type="application/json").status_code == 404


def test_the_desk_is_closed_to_all_but_editors(series: Series, everybody, author: User) -> None:
    frame = series.frames.get()
    for user in everybody:
        allowed = user == author or user.has_role(Role.ADMINISTRATOR)
        client = of(user)
        for address in (
            reverse("cases:desk-series", args=[series.pk]),
            reverse("cases:desk-pixels", args=[frame.pk]),
            reverse("cases:desk-preview", args=[frame.pk]),
            reverse("api-desk-series", args=[series.pk]),
        ):
            answer = client.get(address)
            assert (answer.status_code == 200) is allowed, f"{user} at {address}"
            if not allowed:
                assert WORD not in answer.content.decode()


def test_cards_count_and_show_the_cleared_series_only(series: Series, case: Case, everybody) -> None:
    shown = case.series.cleared().get().frames.get()
    for user in everybody:
        text = of(user).get(reverse("cases:library")).content.decode()
        # On its card, and it may be the case of the day.
        assert set(re.findall(r"/frames/(\d+)/thumbnail", text)) == {str(shown.pk)}
        assert "Annotated" not in text


def test_a_case_of_held_series_only_has_no_picture(author: User, stores) -> None:
    case = rows.draft(author, images=0)
    series = held.held(case)
    assert representative_frame(case) is None
    assert not case_is_analysable(case)[0]
    publishable, sentence = case_is_publishable(case)
    assert not publishable
    assert "desk" in sentence
    with pytest.raises(ValidationError):
        cases.publish_case(case=case, by=author)
    text = of(author).get(reverse("cases:library")).content.decode()
    assert "thumbnail" not in text
    assert series.is_held


def test_analyses_use_cleared_series_only(series: Series, case: Case) -> None:
    frame = representative_frame(case)
    assert frame is not None
    assert frame.series_id != series.pk
    assert drawn_regions(case) == []


def test_results_of_pictures_that_wait_again_are_hidden_and_then_forgotten(
    series: Series, case: Case, author: User
) -> None:
    frame = series.frames.get()
    vector = FeatureVector.objects.create(image_digest="1" * 64, settings_digest="0" * 64, values={})
    analysis = Analysis.objects.create(case=case, job_id=1, settings_digest="0" * 64, pictures=[])
    AnalysisRegion.objects.create(analysis=analysis, frame=frame, source="image", features=vector)
    assert queries.latest_analysis(case, author) is None
    desk.approve(series=series, revision=0, boxes=[], by=author)
    work(Job.objects.get(key=desk.key(series.pk), state=State.QUEUED).pk)
    series.refresh_from_db()
    assert not series.is_held
    assert not Analysis.objects.exists()
    assert not Prediction.objects.exists()


def test_news_and_jobs_name_ids_of_the_case_only(series: Series, author: User) -> None:
    desk.approve(series=series, revision=0, boxes=[], by=author)
    job = Job.objects.get(key=desk.key(series.pk))
    assert WORD not in json.dumps([job.params, job.topics, job.stage, str(job.key)])
    assert job.topics == [f"case:{series.case_id}"]


def test_there_is_no_admin_site() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:index")


def test_after_the_black_out_it_is_there_for_readers(series: Series, case: Case, author: User) -> None:
    desk.approve(series=series, revision=0, boxes=[], by=author)
    work(Job.objects.get(key=desk.key(series.pk), state=State.QUEUED).pk)
    reader = of(rows.person(Role.STUDENT))
    assert WORD in reader.get(reverse("cases:case", args=[case.pk])).content.decode()
    frame = Frame.objects.get(series=series)
    assert reader.get(reverse("cases:frame-pixels", args=[frame.pk, frame.digest[:16]])).status_code == 200
