"""What the tests stand on: a migrated database that is copied, and a shell that stays open."""

import contextlib
import sqlite3

import pytest

from tests import databases, environment, shell


def migrate(address: str) -> None:
    with contextlib.closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as made:
        made.execute("CREATE TABLE rows (number)")
        made.execute("INSERT INTO rows VALUES (3)")
        made.commit()


def rows_of(address: str) -> list[tuple[int]]:
    with contextlib.closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as made:
        return made.execute("SELECT number FROM rows").fetchall()


@pytest.mark.parametrize(("has_shelf", "times"), [(True, 1), (False, 2)])
def test_one_migrated_database_serves_a_test_run(tmp_path, monkeypatch, has_shelf, times):
    (tmp_path / "shelf").mkdir()
    if has_shelf:
        monkeypatch.setenv(databases.SHELF, str(tmp_path / "shelf"))
    else:
        monkeypatch.delenv(databases.SHELF, raising=False)
    migrated = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        with databases.scratch_database(None, tmp_path / name) as address:
            databases.fill(address, lambda address=address: migrated.append(migrate(address)))
            assert rows_of(address) == [(3,)]
            with contextlib.closing(sqlite3.connect(tmp_path / name / "live.sqlite3")) as mine:
                # What one of them writes is in none of the others.
                mine.execute("DELETE FROM rows")
                mine.commit()
    assert len(migrated) == times


def test_the_shell_tells_what_was_printed_and_what_went_wrong():
    assert shell._run("name = 1; print(name)") == ("1\n", "")
    printed, trouble = shell._run("print('so far'); name")
    assert printed == "so far\n"
    assert "NameError: name 'name' is not defined" in trouble
    assert "SystemExit: 3" in shell._run("raise SystemExit(3)")[1]


def test_a_redis_server_of_sixteen_databases_serves_four_processes(monkeypatch):
    monkeypatch.setenv("MEDWEB_TEST_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw3")
    assert environment.redis_url(3).endswith("/15")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw4")
    with pytest.raises(RuntimeError, match="WORKERS=4"):
        environment.redis_url()
