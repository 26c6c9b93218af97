"""Notices: who gets which, what they lead to, what is muted, and e-mails that go out once."""

import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.enums import Digest, NoticeKind
from cases.models import Case, DigestMail, Notice, NoticeSetting
from cases.services import annotations, collections, digests, notices, remarks, reviews
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db
EVERY_KIND = list(NoticeKind.values)


@pytest.fixture
def case(author):
    return rows.bare(author, title="A nodule")


@pytest.fixture
def page(client):
    """``page(user, name, *args)``: text of a page as that person gets it."""

    def get(user, name, *args, query=""):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client.get(reverse(f"cases:{name}", args=args) + query).content.decode()

    return get


def kinds_of(user):
    return list(Notice.objects.visible_to(user).order_by("id").values_list("kind", flat=True))


def mention(case, user, n=1):
    for _n in range(n):
        notices.tell(kind=NoticeKind.MENTION, to=[user], case=case, by=case.author)


class TestKinds:
    def test_handing_in_returning_and_accepting_tell_the_other(self, author, student):
        case = rows.published(author)
        series = case.series.get()
        layer = annotations.start(series=series, shapes=[rows.shape()], by=student)
        layer = annotations.submit(annotation=layer, revision=1, by=student)
        assert kinds_of(author) == [NoticeKind.HANDED_IN]
        reviews.send_back(annotation=layer, revision=2, text="Too wide.", by=author)
        layer = annotations.submit(annotation=layer, revision=2, by=student)
        reviews.accept(annotation=layer, revision=3, by=author)
        assert kinds_of(student) == [NoticeKind.RETURNED, NoticeKind.ACCEPTED]
        # Taking shapes of an accepted layer is no news.
        reviews.merge(annotation=layer, revision=3, by=author)
        assert kinds_of(student) == [NoticeKind.RETURNED, NoticeKind.ACCEPTED]

    def test_a_reference_tells_nobody(self, author):
        case = rows.published(author)
        layer = annotations.start(series=case.series.get(), shapes=[rows.shape()], by=author)
        annotations.submit(annotation=layer, revision=1, by=author)
        assert not Notice.objects.exists()

    def test_every_kind_has_words_and_a_place(self, case, author, student, client):
        for kind in NoticeKind.values:
            notices.tell(kind=kind, to=[student], case=case, by=author)
        client.force_login(student, backend="django.contrib.auth.backends.ModelBackend")
        text = client.get(reverse("cases:notices")).content.decode()
        assert text.count("A nodule") == len(NoticeKind.values)
        for row in Notice.objects.filter(user=student):
            assert client.get(reverse("cases:notice", args=[row.pk])).status_code == 302

    def test_who_may_not_see_the_case_and_who_did_it_are_not_told(self, author, student):
        draft = rows.draft(author, images=0)
        assert notices.tell(kind=NoticeKind.CASE_DUE, to=[student, author], case=draft, by=author) == []

    def test_who_handed_in_is_not_named_in_a_blinded_reading(self, author, student, page):
        case = rows.published(author)
        blind = collections.create(title="Reading", blinded=True, by=author)
        collections.put(collection=blind, case=case, by=author)
        layer = annotations.start(series=case.series.get(), shapes=[rows.shape()], by=student)
        annotations.submit(annotation=layer, revision=1, by=student)
        text = page(author, "notices")
        assert "A layer was handed in" in text
        assert "sam" not in text

    def test_an_unknown_is_named_by_its_neutral_title(self, case, author, student, page):
        mention(case, student)
        mention(case, rows.person(name="ada"))
        Case.objects.update(unknown=True)
        text = page(student, "notices")
        assert "A nodule" not in text
        assert f"Unknown case {case.pk}" in text
        Case.objects.update(neutral_title="A young man with cough")
        assert "A young man with cough" in page(student, "notices")
        notices.tell(kind=NoticeKind.CASE_PUBLISHED, to=[author], case=case)
        assert "A nodule" in page(author, "notices")


class TestPages:
    def test_the_bell_counts_what_is_unread_and_visible(self, case, author, student, page):
        assert "Notices, 0 unread" in page(student, "library")
        mention(case, student, 3)
        assert "Notices, 3 unread" in page(student, "library")
        assert "Notices, 3 unread" in page(student, "notice-bell")
        Case.objects.update(status="draft")
        assert "Notices, 0 unread" in page(student, "notice-bell")

    def test_opening_one_reads_it_and_leads_to_its_place(self, case, author, student, client):
        question = remarks.write(case=case, text="Why?", kind="question", by=student)
        row = Notice.objects.get(user=author)
        client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(reverse("cases:notice", args=[row.pk]))
        assert answer["Location"] == f"/cases/{case.pk}/talk/?thread={question.pk}#remark-{question.pk}"
        row.refresh_from_db()
        assert row.read_at is not None

    def test_a_layer_that_went_back_to_draft_leads_to_its_images(self, author, student, client):
        case = rows.published(author)
        layer = annotations.start(series=case.series.get(), shapes=[rows.shape()], by=student)
        annotations.submit(annotation=layer, revision=1, by=student)
        row = Notice.objects.get(user=author)
        client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
        address = reverse("cases:notice", args=[row.pk])
        assert client.get(address)["Location"] == f"/layers/{layer.pk}/review/"
        annotations.save(annotation=layer, revision=2, shapes=[rows.shape()], by=student)
        assert client.get(address)["Location"] == f"/cases/{case.pk}/?series={layer.series_id}"

    def test_filters_and_marking_all_of_one_kind(self, case, author, student, client):
        mention(case, student)
        notices.tell(kind=NoticeKind.ACCEPTED, to=[student], case=case, by=author)
        client.force_login(student, backend="django.contrib.auth.backends.ModelBackend")

        def shown(query):
            text = client.get(reverse("cases:notices") + query).content.decode()
            return [word for word in ("named you", "accepted your layer") if word in text]

        assert shown("") == ["named you", "accepted your layer"]
        assert shown("?kind=accepted") == ["accepted your layer"]
        client.post(reverse("cases:notices-read"), {"kind": "accepted"})
        assert shown("?unread=1") == ["named you"]
        client.post(reverse("cases:notices-read"))
        assert shown("?unread=1") == []
        assert shown("?kind=nonsense") == ["named you", "accepted your layer"]

    def test_queries_do_not_grow_with_the_notices(self, case, author, student, client):
        client.force_login(student, backend="django.contrib.auth.backends.ModelBackend")
        counted = []
        for n in (1, 20):
            mention(case, student, n)
            client.get(reverse("cases:notices"))
            with CaptureQueriesContext(connection) as asked:
                client.get(reverse("cases:notices"))
            counted.append(len(asked))
        assert counted[0] == counted[1]

    def test_the_api_lists_and_reads(self, case, student, client):
        mention(case, student, 2)
        client.force_login(student, backend="django.contrib.auth.backends.ModelBackend")
        found = client.get(reverse("api-notices")).json()["results"]
        assert [(one["kind"], one["path"]) for one in found] == [
            ("mention", f"/notices/{one['id']}/") for one in found
        ]
        read = client.post(reverse("api-notices-read"), {}, content_type="application/json")
        assert read.json() == {"read": 2}


class TestChoice:
    def test_a_muted_kind_leaves_no_notice(self, case, author, student):
        heard = [kind for kind in EVERY_KIND if kind != NoticeKind.MENTION]
        notices.choose(kinds=heard, digest=Digest.NEVER, email="", by=student)
        mention(case, student)
        notices.tell(kind=NoticeKind.ACCEPTED, to=[student], case=case, by=author)
        assert kinds_of(student) == [NoticeKind.ACCEPTED]

    @pytest.mark.parametrize(
        ("digest", "email", "field"),
        [("hourly", "", "digest"), ("daily", "", "email"), ("never", "no address", "email")],
    )
    def test_a_wrong_choice_comes_back_with_what_was_typed(self, student, client, digest, email, field):
        client.force_login(student, backend="django.contrib.auth.backends.ModelBackend")
        data = {"kinds": ["mention"], "digest": digest, "email": email}
        answer = client.post(reverse("cases:notice-settings"), data)
        assert answer.status_code == 422
        assert email in answer.content.decode()
        with pytest.raises(ValidationError) as error:
            notices.choose(kinds=["mention"], digest=digest, email=email, by=student)
        assert set(error.value.message_dict) == {field}

    def test_the_form_shows_what_was_chosen(self, student, client, page):
        client.force_login(student, backend="django.contrib.auth.backends.ModelBackend")
        data = {"kinds": ["mention"], "digest": "weekly", "email": "sam@example.org"}
        assert client.post(reverse("cases:notice-settings"), data).status_code == 302
        text = page(student, "notice-settings")
        assert re.findall(r'name="(?:kinds|digest)" value="([\w-]+)" checked', text) == ["mention", "weekly"]
        assert 'value="sam@example.org"' in text


class TestDigest:
    @pytest.fixture
    def reader(self, student):
        notices.choose(kinds=EVERY_KIND, digest=Digest.DAILY, email="sam@example.org", by=student)
        return student

    def test_one_mail_with_what_is_unread_and_never_twice(self, case, reader):
        mention(case, reader, 2)
        assert digests.send_due() == 1
        assert digests.send_due() == 0
        (sent,) = mail.outbox
        assert (sent.to, sent.subject) == (["sam@example.org"], "MedWeb: 2 notices for you")
        html = sent.alternatives[0][0]
        for text in (sent.body, html):
            assert text.count("named you in the talk") == 2
            assert text.count("A nodule") == 2
            assert "/notices/stop/" in text
        # The next day only what is new.
        DigestMail.objects.update(made_at=timezone.now() - timedelta(days=1))
        assert digests.send_due() == 0
        mention(case, reader)
        assert digests.send_due() == 1
        assert mail.outbox[1].subject == "MedWeb: 1 notice for you"

    def test_weekly_waits_a_week(self, case, reader):
        NoticeSetting.objects.update(digest=Digest.WEEKLY)
        mention(case, reader)
        assert digests.send_due() == 1
        mention(case, reader)
        for days, sent in ((6, 0), (7, 1)):
            DigestMail.objects.update(made_at=timezone.now() - timedelta(days=days))
            assert digests.send_due() == sent

    def test_what_was_read_or_hidden_meanwhile_is_not_in_it(self, case, author, reader):
        mention(case, reader)
        other = rows.bare(author, title="Another matter")
        mention(other, reader)
        (made,) = [digests.make(reader.notice_setting.pk)]
        Case.objects.filter(pk=case.pk).update(status="draft")
        assert digests.send(made)
        assert "A nodule" not in mail.outbox[0].body
        assert "Another matter" in mail.outbox[0].body
        assert "Cough for three weeks" not in str(mail.outbox[0].message())

    def test_nothing_left_to_say_sends_nothing(self, case, reader):
        mention(case, reader)
        made = digests.make(reader.notice_setting.pk)
        notices.read_all(by=reader)
        assert not digests.send(made)
        assert digests.send_due() == 0
        assert mail.outbox == []

    def test_a_server_that_fails_is_asked_again_and_not_for_ever(self, case, reader, monkeypatch):
        def fails(self, messages):
            raise SMTPServerDisconnected

        mention(case, reader)
        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fails)
            assert digests.send_due() == 0
            assert DigestMail.objects.get().claimed_at is None
        assert digests.send_due() == 1
        DigestMail.objects.update(sent_at=None, claimed_at=None, tries=digests.MOST_TRIES)
        assert digests.send_due() == 0

    def test_a_claimed_mail_is_not_sent_by_another_process(self, case, reader):
        mention(case, reader)
        made = digests.make(reader.notice_setting.pk)
        assert digests.make(reader.notice_setting.pk) is None
        assert digests.send(made)
        assert not digests.send(made)
        assert len(mail.outbox) == 1

    def test_nobody_is_written_to_who_did_not_ask(self, case, student):
        mention(case, student)
        assert digests.send_due() == 0
        notices.choose(kinds=EVERY_KIND, digest=Digest.DAILY, email="sam@example.org", by=student)
        student.is_active = False
        student.save()
        assert digests.send_due() == 0
        assert mail.outbox == []

    def test_the_link_ends_them_without_signing_in(self, case, reader, client):
        mention(case, reader)
        digests.send_due()
        link = re.search(r"/notices/stop/\S+", mail.outbox[0].body).group()
        assert mail.outbox[0].extra_headers["List-Unsubscribe"].endswith(f"{link}>")
        assert "End the e-mails?" in client.get(link).content.decode()
        assert NoticeSetting.objects.get().digest == Digest.DAILY
        assert "No more e-mails" in client.post(link).content.decode()
        assert NoticeSetting.objects.get().digest == Digest.NEVER
        assert AuditEvent.objects.filter(verb="notice.unsubscribe").count() == 1
        assert client.get(f"{link[:-3]}xx/").status_code == 404


def test_old_notices_go(case, student):
    mention(case, student, 2)
    Notice.objects.filter(pk=Notice.objects.first().pk).update(made_at=timezone.now() - timedelta(days=400))
    assert notices.expire() == 1
    assert Notice.objects.count() == 1
