"""The search index over words made here, not by the database: the same on both, and with pairs of Chinese signs.

It lies over a table of its own, so a migration that remakes ``cases_case`` on SQLite loses no trigger any more.
"""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

COLUMNS = ("title", "terms", "keywords", "text", "open")


def _sqlite() -> list[str]:
    names = ", ".join(COLUMNS)
    new = ", ".join(f"new.{name}" for name in COLUMNS)
    old = ", ".join(f"old.{name}" for name in COLUMNS)
    gone = f"INSERT INTO cases_search(cases_search, rowid, {names}) VALUES ('delete', old.case_id, {old})"
    come = f"INSERT INTO cases_search(rowid, {names}) VALUES (new.case_id, {new})"
    return [
        f"CREATE VIRTUAL TABLE cases_search USING fts5({names}, content='cases_searchtext',"
        " content_rowid='case_id', tokenize='ascii', detail=column, prefix='2 3 4')",
        f"CREATE TRIGGER cases_search_insert AFTER INSERT ON cases_searchtext BEGIN {come}; END",
        f"CREATE TRIGGER cases_search_delete AFTER DELETE ON cases_searchtext BEGIN {gone}; END",
        f"CREATE TRIGGER cases_search_update AFTER UPDATE ON cases_searchtext BEGIN {gone}; {come}; END",
    ]


def _postgresql() -> list[str]:
    def weighed(name: str, weight: str) -> str:
        return f"setweight(to_tsvector('simple', {name}), '{weight}')"

    whole = " || ".join(
        (weighed("title", "A"), weighed("terms", "A"), weighed("keywords", "B"), weighed('"text"', "D"))
    )
    return [
        f"ALTER TABLE cases_searchtext ADD COLUMN search tsvector GENERATED ALWAYS AS ({whole}) STORED,"
        " ADD COLUMN search_open tsvector GENERATED ALWAYS AS (to_tsvector('simple', \"open\")) STORED",
        "CREATE INDEX cases_searchtext_gin ON cases_searchtext USING gin(search)",
        "CREATE INDEX cases_searchtext_open_gin ON cases_searchtext USING gin(search_open)",
    ]


def forwards(apps: Any, schema_editor: Any) -> None:
    import_module("cases.migrations.0002_search").backwards(apps, schema_editor)
    statements = _postgresql() if schema_editor.connection.vendor == "postgresql" else _sqlite()
    for statement in statements:
        schema_editor.execute(statement)


def backwards(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        for name in ("insert", "delete", "update"):
            schema_editor.execute(f"DROP TRIGGER cases_search_{name}")
        schema_editor.execute("DROP TABLE cases_search")
    import_module("cases.migrations.0002_search").forwards(apps, schema_editor)


def fill(apps: Any, schema_editor: Any) -> None:
    """Index the cases that are there; later changes are indexed where they are saved."""
    from cases import words
    from cases.services import searching

    def model(name: str) -> Any:
        return apps.get_model("cases", name)

    for case in model("Case").objects.order_by("pk").iterator(chunk_size=200):
        said = searching.wordings([case.diagnosis_id or 0], model("Term"), model("TermWord"))
        terms = said.get(case.diagnosis_id or 0, [])
        model("SearchText").objects.create(case=case, **searching.values_of(case, terms))
        model("Spelling").objects.bulk_create(
            [
                model("Spelling")(word=word, letters=len(word))
                for word in sorted(words.spellings(searching.texts_of(case, terms)))
            ],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):
    dependencies = [("cases", "0018_readings")]
    operations = [
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                *((name, models.TextField(blank=True)) for name in COLUMNS),
            ],
        ),
        migrations.CreateModel(
            name="Spelling",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.CharField(max_length=40, unique=True)),
                ("letters", models.PositiveSmallIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["letters"], name="spelling_letters")]},
        ),
        *(
            migrations.RemoveIndex(model_name="case", name=f"case_{name}")
            for name in ("modality", "region", "level", "organ_system")
        ),
        *(
            migrations.AddIndex(
                model_name="case",
                index=models.Index(fields=[column, "-created_at", "-id"], name=f"newest_of_{name}"),
            )
            for column, name in (
                ("modality", "modality"),
                ("body_region", "region"),
                ("level", "level"),
                ("organ_system", "organ_system"),
            )
        ),
        migrations.AddIndex(
            model_name="case", index=models.Index(fields=["-created_at", "-id"], name="case_added")
        ),
        migrations.AddIndex(model_name="case", index=models.Index(fields=["title", "id"], name="case_title")),
        migrations.RunPython(forwards, backwards),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
