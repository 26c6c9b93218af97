"""What every browser test finds on the server: people with tokens, and simulated cases with known truth."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support import LiveApp

KEYS_FILE = "keys.json"
RADIOGRAPHS = 24


def fill(app: "LiveApp") -> None:
    """Seed function of every module here: one running MedWeb serves them all."""
    printed = app.python("from tests.browser import seeds; seeds.make()")
    (app.folder / KEYS_FILE).write_text(printed.strip().splitlines()[-1])


def make() -> None:
    """Runs inside of ``manage.py shell``; prints the token of each person as JSON."""
    from cases.imaging.simulated.library import flagship_cases
    from cases.services import sample_library
    from medweb.accounts import demo
    from medweb.accounts.models import Role, User
    from medweb.accounts.services import create_token, create_user

    demo.create_accounts()
    for name in ("pia", "walt", "thea"):
        create_user(username=name, password=demo.PASSWORD, roles=[Role.STUDENT], by=None)
    wanted = {"sim-radiograph-lobar-pneumonia", "sim-breast-ultrasound-malignant"}
    for sample in flagship_cases():
        if sample.slug in wanted:
            sample_library.add_case(sample, by=sample_library.author())
            wanted.remove(sample.slug)
        if not wanted:
            break
    keys = {}
    for username, _display, _roles in demo.ACCOUNTS:
        user = User.objects.get(username=username)
        keys[username] = create_token(name="browser tests", days=None, by=user)[1]
    print(json.dumps(keys))


def make_collection() -> None:
    """A labelled, simulated collection that a model can be trained on within seconds."""
    from cases.imaging.simulated.library import teaching_sets
    from cases.services import sample_library

    radiographs = next(iter(teaching_sets(radiographs=RADIOGRAPHS, ultrasounds=6)))
    collection = sample_library.collection_for(radiographs)
    for sample in radiographs.cases:
        sample_library.add_case(sample, by=sample_library.librarian(), collection=collection)
    print(collection.pk)


def make_overlay(case: int) -> None:
    """A model in use that leans on one corner of a case's first image."""
    from cases.models import Case
    from cases.services import collections
    from medweb.accounts.models import User
    from tests.builders.world import overlay_of

    found, by = Case.objects.get(pk=case), User.objects.get(username="instructor")
    collection = collections.create(title="Leaning", by=by)
    collections.put(collection=collection, case=found, label="sick", by=by)
    overlay = overlay_of(collection, found, by)
    print(overlay.pk)
