"""Jobs as people and scripts see them: their own, with buttons that answer in the caller's way."""

import json

import pytest
from django.test import Client

from medweb.accounts.models import User
from medweb.jobs import services
from medweb.jobs.models import Job, State
from medweb.jobs.run import work
from tests.analysis.building import person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]


@pytest.fixture
def ann() -> User:
    return person("ann", "student")


def ask(by: User) -> Job:
    return services.enqueue("gone.kind", params={}, by=by)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def state(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


def test_people_see_their_own_jobs_and_staff_sees_all(ann: User, clean_broker: str) -> None:
    mine, other = ask(ann), ask(person("bob"))
    page = signed_in(ann).get("/jobs/")
    assert page.context["page"].rows == [mine]
    assert page.context["live_url"] == f"/live/?topics=user:{ann.pk}"
    staff = signed_in(person("sam", "staff")).get("/jobs/")
    assert staff.context["page"].rows == [other, mine]
    assert "topics=jobs:all,user:" in staff.context["live_url"]


def test_the_list_can_be_narrowed_to_a_state(ann: User, clean_broker: str) -> None:
    failed, queued = ask(ann), ask(ann)
    work(failed.pk)
    client = signed_in(ann)
    for asked, rows in (("failed", [failed]), ("queued", [queued]), ("done", []), ("x", [queued, failed])):
        reply = client.get("/jobs/", {"state": asked})
        assert reply.context["page"].rows == rows
    counts = {value: n for value, _label, n in reply.context["states"]}
    assert counts == {"queued": 1, "running": 0, "done": 0, "failed": 1, "cancelled": 0}


def test_the_list_re_reads_itself_as_a_fragment(ann: User, clean_broker: str) -> None:
    ask(ann)
    reply = signed_in(ann).get("/jobs/", headers={"HX-Request": "true", "HX-Target": "jobs"})
    assert reply.content.decode().lstrip().startswith('<div class="stack" id="jobs"')


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_jobs_of_others_are_not_there(verb: str, ann: User, clean_broker: str) -> None:
    job, client = ask(ann), signed_in(person("bob", "instructor"))
    assert client.post(f"/jobs/{job.pk}/{verb}/").status_code == 404
    assert client.post(f"/api/jobs/{job.pk}/{verb}/").status_code == 404
    assert client.get(f"/api/jobs/{job.pk}/").status_code == 404
    assert client.get("/api/jobs/").json()["results"] == []
    assert state(job) == State.QUEUED


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_link_cannot_change_a_job(verb: str, ann: User, clean_broker: str) -> None:
    job, client = ask(ann), signed_in(ann)
    assert client.get(f"/jobs/{job.pk}/{verb}/").status_code == 405
    assert client.get(f"/api/jobs/{job.pk}/{verb}/").status_code == 405
    assert state(job) == State.QUEUED


def test_buttons_answer_with_a_toast_when_the_page_asks_by_script(ann: User, clean_broker: str) -> None:
    job, client = ask(ann), signed_in(ann)
    heard = []
    for verb in ("cancel", "cancel", "retry", "retry"):
        reply = client.post(f"/jobs/{job.pk}/{verb}/", headers={"HX-Request": "true"})
        assert (reply.status_code, reply.content) == (204, b"")
        heard.append(json.loads(reply["HX-Trigger"])["medweb:toast"])
    assert [toast["level"] for toast in heard] == ["success", "error", "success", "error"]
    assert heard[1]["text"] == "This job is already over."
    assert state(job) == State.QUEUED


def test_buttons_answer_with_a_message_without_script(ann: User, clean_broker: str) -> None:
    job, client = ask(ann), signed_in(ann)
    page = client.post(f"/jobs/{job.pk}/cancel/", follow=True)
    assert page.redirect_chain == [("/jobs/", 302)]
    assert [str(message) for message in page.context["messages"]] == ["The job is cancelled."]
    page = client.post(f"/jobs/{job.pk}/cancel/", follow=True)
    assert [message.level_tag for message in page.context["messages"]] == ["error"]


def test_the_api_cancels_and_retries(ann: User, clean_broker: str) -> None:
    job, client = ask(ann), signed_in(ann)
    assert client.post(f"/api/jobs/{job.pk}/cancel/").json()["state"] == "cancelled"
    again = client.post(f"/api/jobs/{job.pk}/cancel/")
    assert (again.status_code, again.json()["code"]) == (400, "invalid")
    body = client.post(f"/api/jobs/{job.pk}/retry/").json()
    assert (body["state"], body["error"], body["progress"]) == ("queued", "", 0.0)
    assert work(job.pk) == "failed"
    shown = client.get(f"/api/jobs/{job.pk}/").json()
    assert (shown["state"], shown["attempt"]) == ("failed", 1)
    assert "no longer knows" in shown["error"]
    assert "params" not in shown
