"""A file that comes in pieces, and what the quarantine has of it."""

from cases.models import Upload
from cases.services import quarantine, receiving
from tests.builders import pictures

DATA = pictures.png(3)
SIZE = len(DATA)


def begun(case, author, size=SIZE) -> Upload:
    return receiving.begin(case=case, batch=None, byte_count=size, by=author)


def stored(upload) -> bytes:
    return quarantine.path_of(upload.storage_key).read_bytes()
