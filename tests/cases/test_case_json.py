"""Cases as JSON, written by hand, are what the fields of their serializers say."""

import pytest
from rest_framework.serializers import ModelSerializer

from cases.api.case_serializers import CaseDetailSerializer
from cases.api.serializers import CaseSerializer
from cases.models import Case
from cases.veil import covered
from medweb.accounts.models import Role
from tests.builders import held, rows

pytestmark = pytest.mark.django_db


def cases() -> list[Case]:
    author, reader = rows.instructor("ann"), rows.person(Role.STUDENT, name="kim")
    draft = rows.draft(author)
    full = rows.published(author, diagnosis_text="Granuloma", pearls="- one", language="de", licence="cc-by")
    full.authors.create(position=1, name="Ann Author")
    full.references.create(position=1, text="A paper", doi="10.1148/rg.230034")
    full.differentials.create(position=1, text="Scar", term=full.diagnosis)
    held.held(full)
    unknown = rows.published(author, unknown=True, diagnosis_text="Sarcoidosis")
    found = [Case.objects.get(pk=case.pk) for case in (draft, full, unknown)]
    return [*found, covered(Case.objects.get(pk=unknown.pk), reader)]


@pytest.mark.parametrize("kind", [CaseSerializer, CaseDetailSerializer])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai"])
def test_by_hand_as_by_the_fields(kind: type[CaseSerializer], zone: str, settings) -> None:
    settings.TIME_ZONE = zone
    for case in cases():
        by_hand = kind(case).data
        assert by_hand == ModelSerializer.to_representation(kind(), case)
        assert by_hand["title"]
