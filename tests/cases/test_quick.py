"""Questions whose SQL is built once answer as the querysets do, for everybody and every time."""

import pytest

from cases.models import Annotation, Case, Frame, Series
from cases.quick import Asker, frame_digests, sees_annotation, sees_case
from cases.services import annotations
from medweb.accounts.models import Role, User
from tests.builders import held, rows

pytestmark = pytest.mark.django_db


def a_school(name: str) -> list[User]:
    """People of all roles and of two at once, and what they may and may not see of one another."""
    people = [rows.person(role, name=f"{name}-{role}") for role in Role.values]
    both = rows.person(Role.INSTRUCTOR, Role.STAFF, name=f"{name}-both")
    student, author = people[0], people[1]
    rows.draft(author, title=f"{name} draft")
    hidden = rows.published(author, title=f"{name} hidden")
    rows.club(author, student, cases=(hidden,), title=f"{name} club")
    shown = rows.published(both, title=f"{name} shown")
    held.held(rows.draft(author, images=0, title=f"{name} unseen"))
    for case, by in ((hidden, student), (hidden, author), (shown, student)):
        layer = annotations.start(series=case.series.get(), shapes=[rows.shape()], by=by)
        if by is author:
            annotations.submit(annotation=layer, revision=1, by=by)
    gone = rows.person(Role.ADMINISTRATOR, name=f"{name}-gone")
    gone.is_active = False
    gone.save()
    return [*people, both, gone]


def test_everybody_sees_what_the_querysets_say() -> None:
    everyone = [*a_school("north"), *a_school("south")]
    seen: set[tuple[bool, ...]] = set()
    for _again in range(2):
        for user in everyone:
            person = User.objects.get(pk=user.pk)
            cases = {pk for (pk,) in Case.objects.visible_to(person).values_list("pk")}
            layers = {pk for (pk,) in Annotation.objects.visible_to(person).values_list("pk")}
            frames = Frame.objects.filter(series__in=Series.objects.visible_to(person).cleared())
            shown = {
                pk: (pixels, preview)
                for pk, pixels, preview in frames.values_list("pk", "digest", "preview_digest")
            }
            answers = [
                *(sees_case(person, pk) is (pk in cases) for pk in Case.objects.values_list("pk", flat=True)),
                *(
                    sees_annotation(person, pk) is (pk in layers)
                    for pk in Annotation.objects.values_list("pk", flat=True)
                ),
                *(
                    frame_digests(person, pk) == shown.get(pk)
                    for pk in Frame.objects.values_list("pk", flat=True)
                ),
            ]
            assert all(answers), person
            seen.add((len(cases) > 0, len(layers) > 0, len(shown) > 0))
    assert {(False, False, False), (True, True, True)} <= seen


def test_a_role_that_is_taken_away_counts_no_longer() -> None:
    author = rows.instructor("ann")
    other = rows.person(Role.ADMINISTRATOR, name="eve")
    draft = rows.draft(author)
    assert sees_case(User.objects.get(pk=other.pk), draft.pk)
    other.role_grants.all().delete()
    assert not sees_case(User.objects.get(pk=other.pk), draft.pk)
    assert sees_case(User.objects.get(pk=author.pk), draft.pk)


@pytest.mark.parametrize("pk", [0, -1, 2**63, 10**30])
def test_a_number_that_is_no_key_is_nothing(pk: int) -> None:
    author = rows.instructor("ann")
    assert not sees_case(author, pk)
    assert frame_digests(author, pk) is None


def test_a_rule_that_asks_for_more_of_a_person_fails() -> None:
    """Kept for the next person, an answer about this one would be another one's."""
    with pytest.raises(AttributeError):
        _ = Asker(frozenset()).pk
