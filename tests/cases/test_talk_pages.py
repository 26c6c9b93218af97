"""The talk of a case on pages and in the API: who is shown what, and what comes back refused."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases.enums import ReadingStage, RemarkKind
from cases.mentions import people_to_name
from cases.models import Case, Notice, Reading, Remark
from cases.services import collections, remarks
from tests.builders import rows

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
BUTTONS = (
    "It is answered", "Save the change", "Delete what you wrote", "Hide the remark", "Send the report",
)  # fmt: skip


@pytest.fixture
def case(author):
    return rows.bare(author, title="A nodule")


@pytest.fixture
def sign_in(client):
    def go(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return go


def talk_of(case):
    return reverse("cases:talk", args=[case.pk])


def test_the_case_page_fetches_its_talk(case, student, sign_in):
    page = sign_in(student).get(reverse("cases:case", args=[case.pk])).content.decode()
    assert f'hx-get="{talk_of(case)}"' in page


def test_the_same_threads_on_a_page_as_a_section_and_as_a_list(case, student, sign_in):
    remarks.write(case=case, text="**Bold** words <script>", by=student)
    client = sign_in(student)
    page, section, listed = (
        client.get(talk_of(case), headers=headers).content.decode()
        for headers in ({}, HTMX, {**HTMX, "HX-Target": "talk-list"})
    )
    for text in (page, section, listed):
        assert "<strong>Bold</strong> words" in text
        assert "<script>" not in text.split('id="talk-list"')[1].split("</ol>")[0]
    assert "<html" in page
    assert "<html" not in section
    assert "Say it" in section
    assert "Say it" not in listed


def test_what_was_typed_comes_back_with_the_reason(case, student, sign_in):
    first = remarks.write(case=case, text="One", by=student)
    for n in range(remarks.MOST_AT_ONCE - 1):
        remarks.write(case=case, text=f"More {n}", by=student)
    data = {"text": "My long answer", "answer_to": first.pk}
    for headers in ({}, HTMX):
        answer = sign_in(student).post(talk_of(case), data, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "My long answer</textarea>" in page
        assert "Wait 10 minutes" in page
        assert page.count('aria-invalid="true"') == 1


def test_buttons_are_there_for_those_who_may(case, author, student, sign_in):
    remarks.write(case=case, text="Why?", kind=RemarkKind.QUESTION, by=student)
    other = rows.person(name="tom")
    seen = {}
    for user in (student, author, other):
        page = sign_in(user).get(talk_of(case), headers=HTMX).content.decode()
        seen[user.username] = [word for word in BUTTONS if word in page]
    assert seen == {
        "sam": ["It is answered", "Save the change", "Delete what you wrote"],
        "ann": ["It is answered", "Hide the remark", "Send the report"],
        "tom": ["Send the report"],
    }


def test_hidden_words_are_shown_to_moderators_alone(case, author, student, sign_in):
    remark = remarks.write(case=case, text="Unspeakable", by=student)
    remarks.hide(remark=remark, reason="Stay friendly", by=author)
    for user, sees in ((author, True), (student, False), (rows.person(), False)):
        client = sign_in(user)
        page = client.get(talk_of(case)).content.decode()
        assert "Stay friendly" in page
        assert ("Unspeakable" in page) is sees
        sent = client.get(reverse("api-case-remarks", args=[case.pk])).json()["results"]
        assert [(one["text"], one["hidden"]) for one in sent] == [("", True)]


def test_deleted_words_are_nowhere(case, author, student, sign_in):
    remark = remarks.write(case=case, text="Unspeakable", by=student)
    remarks.write(case=case, text="An answer", answer_to=remark, by=author)
    remarks.delete(remark=remark, by=student)
    page = sign_in(author).get(talk_of(case)).content.decode()
    assert "Deleted by who wrote it" in page
    assert "An answer" in page
    assert "Unspeakable" not in page


@pytest.mark.parametrize("why", ["blinded", "unknown", "under way"])
def test_who_may_not_know_finds_nothing_of_the_talk_on_any_path(case, author, student, sign_in, why):
    remark = remarks.write(case=case, text="It is a cyst", kind=RemarkKind.QUESTION, by=author)
    remarks.write(case=case, text="@sam a cyst indeed", answer_to=remark, by=author)
    if why == "blinded":
        blind = collections.create(title="Reading", blinded=True, by=author)
        collections.put(collection=blind, case=case, by=author)
    elif why == "unknown":
        Case.objects.update(unknown=True)
    else:
        Reading.objects.create(case=case, user=student, stage=ReadingStage.DIAGNOSIS)
    client = sign_in(student)
    for headers in ({}, HTMX, {**HTMX, "HX-Target": "talk-list"}):
        page = client.get(talk_of(case), headers=headers).content.decode()
        assert "Not open to you yet" in page
        assert "cyst" not in page
    assert client.get(reverse("api-case-remarks", args=[case.pk])).json()["results"] == []
    assert client.get(reverse("cases:talk-people", args=[case.pk])).status_code == 403
    assert client.post(talk_of(case), {"text": "Hello"}).status_code == 403
    for name in ("remark-edit", "remark-delete", "remark-resolve", "remark-report", "remark-hide"):
        assert client.post(reverse(f"cases:{name}", args=[remark.pk]), {"text": "x"}).status_code == 404
    addresses = (("api-remark", "patch"), ("api-remark-resolve", "post"), ("api-remark-report", "post"))
    for name, verb in addresses:
        answer = getattr(client, verb)(
            reverse(name, args=[remark.pk]), {"text": "x"}, content_type="application/json"
        )
        assert answer.status_code == 404
    assert Remark.objects.count() == 2
    assert "cyst" not in client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert not Notice.objects.visible_to(student).exists()
    assert [one.username for one in people_to_name(case, "sam", by=author)] == []


def test_filters_and_a_single_thread(case, author, student, sign_in):
    remarks.write(case=case, text="Plain words", by=student)
    asked = remarks.write(case=case, text="Open matter?", kind=RemarkKind.QUESTION, by=student)
    done = remarks.write(case=case, text="Settled matter?", kind=RemarkKind.QUESTION, by=student)
    remarks.resolve(remark=done, by=author)
    client = sign_in(student)

    def shown(query):
        page = client.get(f"{talk_of(case)}?{query}", headers=HTMX).content.decode()
        return [word for word in ("Plain", "Open matter", "Settled") if word in page]

    assert shown("") == ["Plain", "Open matter", "Settled"]
    assert shown("show=questions") == ["Open matter", "Settled"]
    assert shown("show=open") == ["Open matter"]
    assert shown(f"thread={asked.pk}") == ["Open matter"]
    assert shown("thread=x&show=y") == ["Plain", "Open matter", "Settled"]


def test_queries_do_not_grow_with_the_talk(case, author, student, sign_in, django_assert_num_queries):
    def fill(threads):
        for n in range(threads):
            first = Remark.objects.create(case=case, author=rows.person(), text=f"Thread {n}")
            for _m in range(3):
                Remark.objects.create(case=case, author=rows.person(), text="Answer", answer_to=first)

    client = sign_in(student)
    fill(1)
    client.get(talk_of(case), headers=HTMX)
    with CaptureQueriesContext(connection) as few:
        client.get(talk_of(case), headers=HTMX)
    fill(12)
    with django_assert_num_queries(len(few)):
        assert "Thread 11" in client.get(talk_of(case), headers=HTMX).content.decode()


def test_pages_of_threads(case, author, student, sign_in):
    for n in range(25):
        Remark.objects.create(case=case, author=author, text=f"Thread-{n}-")
    client = sign_in(student)
    page = client.get(talk_of(case)).content.decode()
    assert "Thread-24-" in page
    assert "Thread-4-" not in page
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Thread-4-" in client.get(following).content.decode()


def test_news_name_the_case_and_nothing_else(case, student, monkeypatch, django_capture_on_commit_callbacks):
    sent = []

    class Heard:
        def publish(self, channel, message):
            sent.append((channel.rpartition("live:")[2], json.loads(message)))

    monkeypatch.setattr("medweb.live.publish.client", Heard)
    with django_capture_on_commit_callbacks(execute=True):
        remarks.write(case=case, text="@ann a cyst", by=student)
    assert sent == [
        (f"user:{case.author_id}", {"event": "notices-changed"}),
        (f"case:{case.pk}", {"event": "talk-changed", "case": case.pk}),
    ]


def test_moderation_lists_reports_and_keeps_what_was_typed(case, author, student, sign_in):
    remark = remarks.write(case=case, text="Rude words", by=student)
    report = remarks.report(remark=remark, reason="It is rude.", by=rows.person())
    client = sign_in(author)
    page = client.get(reverse("cases:moderation")).content.decode()
    assert "Rude words" in page
    assert "It is rude." in page
    answer = client.post(reverse("cases:report-hide", args=[report.pk]), {"reason": " "})
    assert answer.status_code == 422
    assert "Write why" in answer.content.decode()
    client.post(reverse("cases:report-hide", args=[report.pk]), {"reason": "Stay friendly."})
    assert "Nothing waits" in client.get(reverse("cases:moderation")).content.decode()


def test_the_api_asks_answers_resolves_and_reports(case, author, student, sign_in):
    client = sign_in(student)
    base = reverse("api-case-remarks", args=[case.pk])
    asked = client.post(base, {"text": "Why?", "kind": "question"}, content_type="application/json").json()
    assert (asked["kind"], asked["resolved"], asked["mine"]) == ("question", False, True)
    client = sign_in(author)
    answer = client.post(base, {"text": "So.", "answer_to": asked["id"]}, content_type="application/json")
    assert answer.json()["answer_to"] == asked["id"]
    address = reverse("api-remark-resolve", args=[asked["id"]])
    assert client.post(address, {}, content_type="application/json").json()["resolved"] is True
    listed = client.get(base).json()["results"]
    assert [one["text"] for one in listed] == ["Why?", "So."]
