"""One running MedWeb for all doors."""

from collections.abc import Iterator

import pytest

from tests.doors.door import Door
from tests.support import LiveApp


@pytest.fixture(scope="module")
def door(live_app: LiveApp) -> Iterator[Door]:
    """The door as an instructor knocks on it; the module defines ``seed_live_app``."""
    opened = Door(live_app)
    yield opened
    opened.client.close()


@pytest.fixture(scope="module")
def other(live_app: LiveApp) -> Iterator[Door]:
    """The same door as another instructor knocks on it."""
    opened = Door(live_app, number=1)
    yield opened
    opened.client.close()
