"""The audit trail: written once, in the transaction of what it tells of, outliving what it names."""

import pytest
from django.db import models, transaction

from medweb.accounts.models import User
from medweb.audit.models import AuditEvent
from medweb.audit.services import record
from tests.analysis.building import a_case, person

pytestmark = pytest.mark.django_db


def test_an_event_names_who_did_what_to_which() -> None:
    ann, bob = person("ann"), person("bob")
    event = record("user.greet", bob, by=ann, times=3)
    event.refresh_from_db()
    assert (event.actor_id, event.verb, event.subject_type) == (ann.pk, "user.greet", "accounts.user")
    assert (event.subject_id, event.details) == (str(bob.pk), {"times": 3})
    assert record("system.act", bob, by=None).actor_id is None


def test_events_are_never_changed_or_deleted() -> None:
    event = record("user.greet", person("ann"), by=None)
    event.verb = "user.other"
    with pytest.raises(TypeError, match="never changed"):
        event.save()
    with pytest.raises(TypeError, match="never deleted"):
        event.delete()
    kept = AuditEvent.objects.get(pk=event.pk)
    assert kept.verb == "user.greet"
    with pytest.raises(TypeError, match="never changed"):
        kept.save(update_fields=["verb"])


@pytest.mark.parametrize(
    "act",
    [
        lambda rows: rows.update(verb="other"),
        lambda rows: rows.delete(),
        lambda rows: AuditEvent.objects.bulk_update(rows, ["verb"]),
    ],
)
def test_whole_sets_of_events_are_never_changed_or_deleted(act) -> None:  # type: ignore[no-untyped-def]
    record("user.greet", person("ann"), by=None)
    with pytest.raises(TypeError, match="never"), transaction.atomic():
        act(AuditEvent.objects.all())
    assert AuditEvent.objects.get().verb == "user.greet"


def test_events_outlive_people_and_cases() -> None:
    ann = person("ann", "instructor")
    case = a_case(ann)
    case_id, ann_id = case.pk, ann.pk
    record("case.greet", case, by=ann)
    case.delete()
    User.objects.filter(pk=ann_id).delete()
    event = AuditEvent.objects.get()
    assert (event.actor_id, event.subject_id) == (ann_id, str(case_id))


def test_nothing_ties_events_to_other_rows() -> None:
    assert not [field for field in AuditEvent._meta.get_fields() if isinstance(field, models.ForeignKey)]


def test_an_event_goes_with_its_transaction() -> None:
    ann = person("ann")
    with transaction.atomic():
        record("user.greet", ann, by=ann)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()
