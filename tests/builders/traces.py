"""Where an identity could have been left: every table, every stored file."""

import gzip
from pathlib import Path

from django.db import connection


def database() -> str:
    """Every value of every table as one text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [repr(row) for row in cursor.fetchall()]
    return "\n".join(found)


def files(folder: Path) -> list[Path]:
    """Every file below ``folder``."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def stored_bytes(folder: Path) -> bytes:
    """Names and contents of every file below ``folder``, packed ones unpacked."""
    found = []
    for path in files(folder):
        data = path.read_bytes()
        found += [str(path.relative_to(folder)).encode(), data]
        if data.startswith(b"\x1f\x8b"):
            found.append(gzip.decompress(data))
    return b"\n".join(found)
