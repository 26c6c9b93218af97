"""Faults that a reviewer proved: each must not come back."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from cases.enums import Visibility
from cases.models import Annotation, Case, Term
from cases.services import annotations, cases, collections, intake
from cases.services.terms import local_term, term_for
from tests.builders import pictures, rows

pytestmark = pytest.mark.django_db


def test_putting_a_closed_case_elsewhere_opens_it_to_nobody() -> None:
    owner, guest = rows.instructor("owner"), rows.instructor("guest")
    student = rows.person("student")
    case = rows.published(owner)
    closed = rows.club(owner, guest)
    collections.put(collection=closed, case=case, by=owner)
    own = collections.create(title="Open", by=guest)
    collections.put(collection=own, case=case, by=guest)
    assert not Case.objects.visible_to(student).filter(pk=case.pk).exists()
    assert Case.objects.visible_to(guest).filter(pk=case.pk).exists()


def test_a_closed_collection_with_cases_of_others_is_not_opened_deleted_or_emptied() -> None:
    owner, other = rows.instructor("owner"), rows.instructor("other")
    administrator = rows.person("administrator")
    case = rows.published(other)
    closed = rows.club(owner, other)
    collections.put(collection=closed, case=case, by=administrator)
    for act in (
        lambda: collections.update(collection=closed, fields={"visibility": Visibility.EVERYONE}, by=owner),
        lambda: collections.delete(collection=closed, by=owner),
        lambda: collections.take_out(collection=closed, case=case, by=owner),
    ):
        with pytest.raises(ValidationError, match="other authors"):
            act()
    collections.take_out(collection=closed, case=case, by=other)
    assert not closed.items.exists()


def test_drawings_stay_on_their_slice_when_earlier_slices_arrive() -> None:
    author = rows.instructor("author")
    case = rows.draft(author, images=0)
    late = [intake.prepare(pictures.ct(n, z=float(n), series="1.2.3.9")) for n in (5, 6)]
    intake.attach(case, late)
    series = case.series.get()
    drawn = annotations.start(series=series, shapes=[rows.shape(frame=1)], by=author)
    early = [intake.prepare(pictures.ct(n, z=float(n), series="1.2.3.9")) for n in (1, 2, 3)]
    intake.attach(case, early)
    stored = Annotation.objects.get(pk=drawn.pk)
    frame = series.frames.get(index=stored.shapes[0]["frame"])
    assert frame.instance.number == 6
    assert stored.revision == drawn.revision + 1
    assert {r.shapes[0]["frame"] for r in stored.revisions.all()} == {4}


@pytest.mark.parametrize(("one", "other"), [("HER2+ carcinoma", "HER2- carcinoma"), ("結核", "肺炎")])
def test_different_wordings_are_different_terms(one: str, other: str) -> None:
    assert local_term(one) != local_term(other)
    assert local_term(one) == local_term(one.lower())
    assert term_for("  ") is None


def test_who_may_not_write_makes_no_term() -> None:
    with pytest.raises(PermissionDenied):
        cases.create(fields={"title": "Mine", "diagnosis_text": "Zebra"}, by=rows.person("student"))
    assert not Term.objects.filter(display="Zebra").exists()


def test_one_archive_with_the_same_image_twice_takes_it_once() -> None:
    case = rows.draft(rows.instructor("author"), images=0)
    item = intake.prepare(pictures.ct(1, z=1.0, series="1.2.3.9"))
    outcome = intake.attach(case, [item, item])
    assert (outcome.taken, outcome.doubled) == (1, 1)
