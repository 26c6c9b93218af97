"""Full-text search beside the case table: FTS5 with triggers on SQLite, a generated column on PostgreSQL.

A side table with a foreign key to a Django table breaks TransactionTestCase on PostgreSQL, hence the column.
A later migration that remakes ``cases_case`` on SQLite drops the triggers and must call this again.
"""

from typing import Any

from django.db import migrations

COLUMNS = ("title", "history", "findings", "differential", "discussion", "management", "keywords")


def _sqlite() -> list[str]:
    names = ", ".join(COLUMNS)
    new = ", ".join(f"new.{name}" for name in COLUMNS)
    old = ", ".join(f"old.{name}" for name in COLUMNS)
    gone = f"INSERT INTO cases_case_search(cases_case_search, rowid, {names}) VALUES ('delete', old.id, {old})"
    come = f"INSERT INTO cases_case_search(rowid, {names}) VALUES (new.id, {new})"
    return [
        f"CREATE VIRTUAL TABLE cases_case_search USING fts5({names}, content='cases_case', content_rowid='id',"
        " tokenize='porter unicode61 remove_diacritics 2')",
        f"CREATE TRIGGER cases_case_search_insert AFTER INSERT ON cases_case BEGIN {come}; END",
        f"CREATE TRIGGER cases_case_search_delete AFTER DELETE ON cases_case BEGIN {gone}; END",
        f"CREATE TRIGGER cases_case_search_update AFTER UPDATE OF {names} ON cases_case BEGIN {gone}; {come}; END",
        "INSERT INTO cases_case_search(cases_case_search) VALUES ('rebuild')",
    ]


def _postgresql() -> list[str]:
    text = " || ' ' || ".join(f"coalesce({name}, '')" for name in COLUMNS)
    return [
        "ALTER TABLE cases_case ADD COLUMN search tsvector"
        f" GENERATED ALWAYS AS (to_tsvector('english', {text})) STORED",
        "CREATE INDEX cases_case_search_gin ON cases_case USING gin(search)",
    ]


def forwards(apps: Any, schema_editor: Any) -> None:
    statements = _postgresql() if schema_editor.connection.vendor == "postgresql" else _sqlite()
    for statement in statements:
        schema_editor.execute(statement)


def backwards(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE cases_case DROP COLUMN search")
        return
    for name in ("insert", "delete", "update"):
        schema_editor.execute(f"DROP TRIGGER cases_case_search_{name}")
    schema_editor.execute("DROP TABLE cases_case_search")


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
