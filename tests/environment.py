"""Environment of a test run, set before Django's settings are read.

Loaded with ``-p tests.environment``: pytest-django reads the settings before any ``conftest.py`` is imported,
so a ``conftest.py`` is too late to choose the data folder and the broker.
"""

import atexit
import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from tests import databases, support

_GIVEN = "MEDWEB_TEST_REDIS_URL"
_SLOTS_PER_PROCESS = 4
_REDIS_DATABASES = 16


def redis_url(slot: int = 0) -> str:
    """Broker address for this test process; every ``slot`` (0 to 3) has queues and keys of its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    number = int(worker) * _SLOTS_PER_PROCESS + slot if os.environ.get(_GIVEN) else slot
    if number >= _REDIS_DATABASES:
        most = _REDIS_DATABASES // _SLOTS_PER_PROCESS
        raise RuntimeError(f"One Redis server has databases for {most} test processes: use WORKERS={most}.")
    return support.with_database(_base_url, number)


def _prepare() -> str:
    folder = tempfile.mkdtemp(prefix="medweb-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["MEDWEB_DATA_DIR"] = folder
    # WhiteNoise warns when it is missing, and warnings are errors here.
    (Path(folder) / "static").mkdir()
    os.environ["MEDWEB_SAMPLE_LIBRARY"] = "0"
    os.environ.pop("MEDWEB_HOSTS", None)
    # A broker that the developer named is used; its address must reach pytest-xdist's processes unchanged.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ[_GIVEN] = os.environ.get("REDIS_URL", "")
        shelf = tempfile.mkdtemp(prefix="medweb-migrated-")
        os.environ[databases.SHELF] = shelf
        atexit.register(_forget, Path(shelf), os.getpid())
    given = os.environ[_GIVEN]
    if given:
        return given
    broker = support.start_broker()
    atexit.register(_stop, broker, os.getpid())
    return broker.url


def _stop(broker: support.EmbeddedBroker, owner: int) -> None:
    # A forked child that runs its parent's exit handlers must leave the broker alone.
    if os.getpid() == owner:
        with contextlib.suppress(ProcessLookupError):
            broker.stop()


def _forget(shelf: Path, owner: int) -> None:
    if os.getpid() == owner:
        databases.forget(shelf)
        shutil.rmtree(shelf, ignore_errors=True)


_base_url = _prepare()
os.environ["REDIS_URL"] = redis_url()
