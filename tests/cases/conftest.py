"""Tests of this app hand jobs to the real test broker and do them in this process with ``work``."""

from collections.abc import Callable
from pathlib import Path

import pytest

import medweb.celery  # noqa: F401  without the application, Celery talks to a broker of its own invention
from cases.imaging import children
from cases.models import Upload
from cases.services import cleaning, receiving
from medweb.jobs.run import work
from tests.builders import rows


@pytest.fixture
def stores(tmp_path: Path, settings) -> Path:
    """Blob store and quarantine of this test alone, so that it can say what lies in them."""
    settings.BLOB_DIR, settings.QUARANTINE_DIR = tmp_path / "blobs", tmp_path / "quarantine"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return tmp_path


@pytest.fixture
def judged() -> Callable[[Upload], Upload]:
    """``judged(upload)``: do its job here and now; returns the row as it is then."""

    def run(upload: Upload) -> Upload:
        work(rows.job_of(upload).pk)
        upload.refresh_from_db()
        return upload

    return run


@pytest.fixture
def author():
    return rows.instructor("ann")


@pytest.fixture
def student():
    return rows.person(name="sam")


@pytest.fixture
def case(author):
    return rows.draft(author, images=0)


@pytest.fixture
def send(case, author):
    """``send(data, ...)``: put files into quarantine; returns their rows."""

    def put(*files, batch=None):
        return [receiving.receive(case=case, chunks=[data], batch=batch, by=author) for data in files]

    return put


@pytest.fixture
def answered(monkeypatch):
    """``answered(act)``: call ``act(number)`` after each answer of a decoder, counted from 1."""

    def register(act):
        collect, count = cleaning.Work.collect, iter(range(1, 10**6))

        def counted(self, timeout):
            found = collect(self, timeout)
            for _answer in found:
                act(next(count))
            return found

        monkeypatch.setattr(cleaning.Work, "collect", counted)

    return register


@pytest.fixture
def poisoned(monkeypatch, tmp_path_factory, settings):
    """Children that die of certain words in a file: stand-ins for decoders with a defect, or a full disk."""
    settings.CLEANER_SECONDS = 30
    script = tmp_path_factory.mktemp("poisoned") / "poisoned.py"
    script.write_text(
        "import os, pathlib, signal, sys, time\n"
        "from cases.imaging import child, prepare\n"
        "real, unpack = prepare.prepare_file, child.unpack\n"
        "def prepare_file(path, **options):\n"
        "    data = path.read_bytes()\n"
        "    if b'SEGFAULT' in data: os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    if b'HANG' in data: time.sleep(600)\n"
        "    if b'MEMORY' in data: bytearray(1 << 40)\n"
        "    if b'DISKFULL' in data:\n"
        "        (options['folder'] / 'half').write_bytes(data)\n"
        "        raise OSError(28, 'full')\n"
        "    return real(path, **options)\n"
        "def fills(request, secret):\n"
        "    done = unpack(request, secret)\n"
        "    if b'NOROOM' in pathlib.Path(request['path']).read_bytes(): raise OSError(28, 'full')\n"
        "    return done\n"
        "prepare.prepare_file, child.WORK['unpack'] = prepare_file, fills\n"
        "sys.exit(child.main())\n"
    )
    monkeypatch.setattr(children, "COMMAND", ["-c", f"exec(open({str(script)!r}).read())"])
    cleaning.close()
    yield
    cleaning.close()
