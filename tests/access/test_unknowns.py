"""Every address that answers about a case, asked by somebody who reads the case as an unknown.

Each hidden field holds a word that stands nowhere else; no answer may have it before its stage. The addresses
are those of the access table, so a new one is asked as soon as it is in the table, where it has to be.
"""

import gzip
import io
import json
import logging
import zipfile
from collections.abc import Iterator
from unittest.mock import patch

from django.conf import settings
from django.test import Client, TestCase
from django.urls import reverse

from analysis.models import Overlay, Prediction
from cases.enums import ReadingStage, TermSystem
from cases.models import (
    Annotation,
    Bookmark,
    Case,
    CaseLabel,
    CaseReference,
    CollectionItem,
    Differential,
    Notice,
    Remark,
    Term,
    Visit,
)
from cases.services import unknowns
from cases.services.exchange import FORMATS
from cases.veil import SHOWN_FROM, SHOWN_ROWS_FROM
from medweb.accounts.models import Role
from tests.access.row import Row
from tests.access.table import TABLE
from tests.builders import world
from tests.builders.world import World

TEXTS = [name for name in SHOWN_FROM if name not in ("diagnosis", "certainty", "organ_system")]
WORDS: dict[str, ReadingStage] = {
    **{f"zzv{name}": SHOWN_FROM[name] for name in TEXTS},
    "zzvterm": SHOWN_FROM["diagnosis"],
    "zzvcode": SHOWN_FROM["diagnosis"],
    "zzvpalette": SHOWN_ROWS_FROM["labels"],
    "zzvdifferentials": SHOWN_ROWS_FROM["differentials"],
    "zzvreferences": SHOWN_ROWS_FROM["references"],
    "zzvremark": SHOWN_ROWS_FROM["remarks"],
    "zzvdrawn": ReadingStage.FINDINGS,
    "zzvclass": ReadingStage.EVERYTHING,
    "zzvpredicted": ReadingStage.EVERYTHING,
    "zzvoverlay": ReadingStage.EVERYTHING,
}
# Endless answers: what the stream says is names and ids, written in code.
STREAMS = {"live:stream"}


def make_unknown(w: World) -> Case:
    """Let the published case of ``w`` hide a word in everything that it can hide."""
    case = w.hidden
    term = Term.objects.create(system=TermSystem.LOCAL, code="zzvcode", display="zzvterm")
    fields = {name: f"zzv{name}" for name in TEXTS}
    fields["title"] = "zzvtitle"
    Case.objects.filter(pk=case.pk).update(
        **fields, unknown=True, neutral_title="A cough that stays", diagnosis=term,
        certainty="certain", organ_system="endocrine",
    )  # fmt: skip
    CaseLabel.objects.create(case=case, key=1, label="zzvpalette", colour="#56B4E9")
    Differential.objects.create(case=case, position=0, text="zzvdifferentials")
    CaseReference.objects.create(case=case, position=0, text="zzvreferences")
    remark = Remark.objects.create(case=case, author=w.people[Role.INSTRUCTOR], text="zzvremark")
    for reader in (w.people[Role.STUDENT], w.people[Role.STAFF]):
        Bookmark.objects.create(user=reader, case=case)
        Visit.objects.create(user=reader, case=case)
        Notice.objects.create(user=reader, kind="mention", case=case, remark=remark, by=remark.author)
        Notice.objects.create(user=reader, kind="case-published", case=case, by=remark.author)
    # Readers keep what they drew themselves.
    readers = [w.people[Role.STUDENT], w.people[Role.STAFF]]
    for layer in Annotation.objects.filter(series__case=case).exclude(author__in=readers):
        layer.shapes = [{**shape, "label": "zzvdrawn"} for shape in layer.shapes]
        layer.save()
        layer.revisions.update(shapes=layer.shapes)
    CollectionItem.objects.filter(case=case).update(label="zzvclass")
    for prediction in Prediction.objects.filter(case=case):
        prediction.label, prediction.probabilities = "zzvpredicted", {"zzvpredicted": 0.75, "well": 0.25}
        prediction.save()
    Overlay.objects.filter(prediction__case=case).update(label="zzvoverlay")
    case.refresh_from_db()
    return case


def unpacked(data: bytes) -> Iterator[bytes]:
    """``data``, and what is packed in it."""
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from unpacked(archive.read(name))


class Unknowns(TestCase):
    """One world whose published case is an unknown."""

    w: World
    case: Case

    @classmethod
    def setUpTestData(cls) -> None:
        cls.w = world.build("a")
        cls.case = make_unknown(cls.w)

    def setUp(self) -> None:
        logging.disable(logging.WARNING)
        self.addCleanup(logging.disable, logging.NOTSET)
        closing = patch("medweb.live.views.connections.close_all")
        closing.start()
        self.addCleanup(closing.stop)

    def client_of(self, role: str) -> Client:
        client = Client()
        client.force_login(self.w.people[role], backend=settings.AUTHENTICATION_BACKENDS[1])
        return client

    def addresses(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Every address of the table that is read, and those that ask for the hidden words."""
        rows: list[Row] = [row for row in TABLE if row.method == "GET" and row.name not in STREAMS]
        for row in rows:
            address = reverse(row.name, args=row.args(self.w))
            query = row.query(self.w)
            yield (f"{address}?{query}" if query else address), row.headers
            if row.name in ("analysis:case-panel", "cases:library"):
                yield address, {"HX-Request": "true"}
        for form in FORMATS:
            yield reverse("cases:drawings-file", args=[self.w.series.pk, form]), {}
            yield reverse("api-series-drawings", args=[self.w.series.pk, form]), {}
        term = Term.objects.get(code="zzvcode")
        asked = ("organ_system=endocrine", "q=A+cough", "status=published")
        for query in (
            f"diagnosis={term.pk}",
            f"collection={self.w.club.pk}",
            *asked,
        ):
            yield f"{reverse('cases:library')}?{query}", {}
            yield f"{reverse('api-cases')}?{query}", {}
        yield f"{reverse('api-annotations')}?series={self.w.series.pk}", {}

    def seen(self, role: str) -> dict[str, list[str]]:
        """Hidden words with the addresses that said them."""
        client, found = self.client_of(role), {word: [] for word in WORDS}
        for address, headers in self.addresses():
            response = client.get(address, headers=headers)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            told = b"\n".join([json.dumps(dict(response.items())).encode(), *unpacked(body)]).lower()
            # The response to "?diagnosis=5" may repeat what was asked, so words are never asked for here.
            for word in WORDS:
                if word.encode() in told:
                    found[word].append(address)
        return found

    def hits(self, role: str) -> list[str]:
        """Words whose search finds the unknown."""
        client, found = self.client_of(role), []
        for word in WORDS:
            for asked in (word, word[:-1]):
                answer = client.get(reverse("api-cases"), {"q": asked}).json()
                if any(row["id"] == self.case.pk for row in answer["results"]):
                    found.append(word)
                page = client.get(reverse("cases:library"), {"q": asked}).content.decode()
                if reverse("cases:case", args=[self.case.pk]) in page:
                    found.append(word)
                # "Did you mean" must not spell it out either.
                wrong = client.get(reverse("cases:library"), {"q": f"{word[:-1]}qq"}).content.decode()
                if word in wrong:
                    found.append(word)
                terms = client.get(reverse("api-terms"), {"q": asked}).json()
                if terms["results"]:
                    found.append(word)
        return found

    def advance(self, role: str, stage: ReadingStage) -> None:
        user = self.w.people[role]
        for step in ReadingStage:
            if ReadingStage.IMAGES < step <= stage:
                unknowns.reveal(case=self.case, stage=step, by=user)

    def check(self, role: str, stage: ReadingStage) -> dict[str, list[str]]:
        self.advance(role, stage)
        found = self.seen(role)
        early = {word: places for word, places in found.items() if places and WORDS[word] > stage}
        assert not early, early
        return found

    def test_a_student_who_has_asked_for_nothing(self) -> None:
        self.check(Role.STUDENT, ReadingStage.IMAGES)
        assert self.hits(Role.STUDENT) == []

    def test_after_the_findings(self) -> None:
        found = self.check(Role.STUDENT, ReadingStage.FINDINGS)
        assert found["zzvfindings"]
        assert found["zzvdrawn"]
        assert found["zzvpalette"]
        assert self.hits(Role.STUDENT) == []

    def test_after_the_diagnosis(self) -> None:
        found = self.check(Role.STUDENT, ReadingStage.DIAGNOSIS)
        assert found["zzvtitle"]
        assert found["zzvterm"]
        assert found["zzvdifferential"]

    def test_staff_are_readers(self) -> None:
        """Who trains models sees no more of an unknown than a student, but for the sums of a training.

        How many cases of each class a collection has is what training starts from; no sum names a case.
        """
        found = self.seen(Role.STAFF)
        club = self.w.club.pk
        sums = {reverse("analysis:models"), reverse("analysis:collection-models", args=[club])}
        assert set(found.pop("zzvclass")) <= sums
        assert not any(found.values()), found
        assert self.hits(Role.STAFF) == []

    def test_in_the_end_every_word_is_said(self) -> None:
        """A walk that meets no word at all would prove nothing."""
        found = self.check(Role.STUDENT, ReadingStage.EVERYTHING)
        silent = {word for word, places in found.items() if not places}
        # A line of the differential is shown from the text, which has its own word.
        assert silent <= {"zzvdifferentials"}
        assert "zzvtitle" in self.hits(Role.STUDENT)

    def test_who_wrote_the_case_sees_it_until_asking_to_read_it(self) -> None:
        assert self.seen(Role.INSTRUCTOR)["zzvtitle"]
        unknowns.begin(case=self.case, by=self.w.people[Role.INSTRUCTOR])
        page = self.client_of(Role.INSTRUCTOR).get(reverse("cases:case", args=[self.case.pk]))
        assert "zzvtitle" not in page.content.decode()

    def test_an_administrator_who_reads_it_is_told_no_more_than_a_reader(self) -> None:
        unknowns.begin(case=self.case, by=self.w.people[Role.ADMINISTRATOR])
        client = self.client_of(Role.ADMINISTRATOR)
        told = client.get(reverse("api-annotations"), {"series": self.w.series.pk}).content.decode()
        assert "zzvdrawn" not in told

    def test_a_case_that_is_no_unknown_can_be_read_as_one(self) -> None:
        Case.objects.filter(pk=self.case.pk).update(unknown=False)
        self.case.refresh_from_db()
        assert self.seen(Role.STUDENT)["zzvtitle"]
        unknowns.begin(case=self.case, by=self.w.people[Role.STUDENT])
        assert not any(self.seen(Role.STUDENT).values())
