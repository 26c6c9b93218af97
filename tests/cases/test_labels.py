"""Labels of a case: what its author puts first, and their codes."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from cases.labels import labels_for
from cases.models import Annotation, CaseLabel, Term
from cases.services import annotations, labels
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(author):
    return rows.published(author, body_region="chest")


def arrange(case, *wanted, by=None):
    return labels.arrange(case=case, wanted=[labels.Wanted(*one) for one in wanted], by=by or case.author)


def test_labels_of_the_author_stand_first_with_colour_and_code(case):
    Term.objects.create(system="radlex", code="RID5350", display="Pneumonia")
    arrange(case, ("pneumonia", "#ff0000"), (" Own   words ", "#00FF00"), ("", "#000000"))
    offered = labels_for(case, [("Used", ""), ("own words", "snomed:27925004")])
    assert [(one["label"], one["color"]) for one in offered[:2]] == [
        ("pneumonia", "#ff0000"), ("Own words", "#00ff00"),
    ]  # fmt: skip
    assert [one["term"] for one in offered[:2]] == ["radlex:RID5350", "snomed:27925004"]
    assert offered[2]["label"] == "Used"
    assert "Nodule" in [one["label"] for one in offered]
    assert len({one["color"] for one in offered[:6]}) == 6
    event = AuditEvent.objects.get(verb="case.arrange-labels")
    assert event.details == {"labels": 2}
    arrange(case)
    assert not CaseLabel.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ([("A", "#000000")] * 2, "twice"),
        ([(str(n), "#000000") for n in range(10)], "At most nine"),
        ([("x" * 65, "#000000")], "at most 64"),
        ([("A", "red")], "colour is written"),
        ([("A\x07", "#000000")], "control character"),
    ],
)
def test_wrong_labels_change_nothing_and_say_why(case, wanted, sentence):
    arrange(case, ("Kept", "#123456"))
    with pytest.raises(ValidationError, match=sentence):
        arrange(case, *wanted)
    assert [one.label for one in case.labels.all()] == ["Kept"]


def test_only_its_author_arranges(case):
    with pytest.raises(PermissionDenied):
        arrange(case, ("A", "#000000"), by=rows.instructor())


def test_the_page_saves_rows_and_keeps_what_was_typed(case, client):
    client.force_login(case.author)
    address = reverse("cases:case-labels", args=[case.pk])
    assert address in client.get(reverse("cases:case-edit", args=[case.pk])).content.decode()
    page = client.get(address).content.decode()
    assert page.count('type="color"') == 9
    assert "Nodule" in page
    sent = {"label": ["Mass", "", "Cyst"], "colour": ["#111111", "#222222", "#333333"]}
    answer = client.post(address, sent, follow=True)
    assert "These labels stand first now." in answer.content.decode()
    assert [(one.key, one.label, one.colour) for one in case.labels.all()] == [
        (1, "Mass", "#111111"), (2, "Cyst", "#333333"),
    ]  # fmt: skip
    wrong = client.post(address, {"label": ["Mass", "mass"], "colour": ["#111111", "#222222"]})
    assert wrong.status_code == 422
    assert 'value="mass"' in wrong.content.decode()
    series = case.series.get()
    offered = client.get(reverse("api-series", args=[series.pk])).json()["labels"]
    assert [one["label"] for one in offered[:2]] == ["Mass", "Cyst"]
    assert set(offered[0]) == {"code", "label", "color", "term"}


def test_a_shape_keeps_the_code_of_its_label(case, client):
    series = case.series.get()
    student = rows.person()
    coded = {**rows.shape(label="Pneumonia"), "code": "radlex:RID5350"}
    annotations.start(series=series, shapes=[coded], by=student)
    assert Annotation.objects.get().shapes[0]["code"] == "radlex:RID5350"
    client.force_login(student)
    offered = client.get(reverse("api-series", args=[series.pk])).json()["labels"]
    assert {"label": "Pneumonia", "term": "radlex:RID5350"}.items() <= offered[0].items()


def test_terms_are_found_by_the_beginning_of_any_word(client):
    Term.objects.create(system="radlex", code="RID1", display="Lymph node")
    client.force_login(rows.person())
    for query in ("lym", "Node", "RID1"):
        (found,) = client.get(reverse("api-terms"), {"q": query}).json()["results"]
        assert found["display"] == "Lymph node"
    assert client.get(reverse("api-terms"), {"q": "ode"}).json()["results"] == []
