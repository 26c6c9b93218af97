"""How the window of an image maps, from its header to what the viewer is told."""

import pytest
from django.db import IntegrityError, transaction

from cases.models import Frame
from cases.services import intake
from tests.builders import pictures, rows

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_the_function_of_a_window_reaches_the_viewer(client, function):
    author = rows.instructor()
    case = rows.draft(author, images=0)
    with transaction.atomic():
        intake.attach(case, [intake.prepare(pictures.ct(2, VOILUTFunction=function))])
    client.force_login(author)
    series = case.series.get()
    (frame,) = client.get(f"/api/series/{series.pk}/").json()["frames"]
    assert frame["voi_function"] == function
    assert frame["window"] == {"center": -800, "width": 200}


def test_the_database_takes_no_other_function():
    author = rows.instructor()
    rows.draft(author)
    with pytest.raises(IntegrityError), transaction.atomic():
        Frame.objects.update(voi_function="CUBIC")
