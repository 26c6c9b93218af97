"""Vendored browser files are what their lock says, and nothing else lies beside them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
LOCK = VENDOR / "vendor.lock.json"
KEYS = {"file", "package", "version", "path_in_package", "licence", "source", "sha256"}
FREE_LICENCES = {"0BSD", "MIT", "BSD-3-Clause", "BSD-2-Clause", "Apache-2.0", "ISC"}


def entries() -> list[dict[str, str]]:
    """Read the lock: one mapping per vendored file."""
    loaded: list[dict[str, str]] = json.loads(LOCK.read_text(encoding="utf-8"))
    return loaded


def mismatches(folder: Path, rows: list[dict[str, str]]) -> list[str]:
    """Name every file whose bytes are not the bytes that were locked."""
    return [
        row["file"]
        for row in rows
        if hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() != row["sha256"]
    ]


@pytest.mark.parametrize("row", entries(), ids=lambda row: row["file"])
def test_lock_entry_is_complete(row: dict[str, str]) -> None:
    assert set(row) == KEYS
    assert row["licence"] in FREE_LICENCES
    assert all(part.isdigit() for part in row["version"].split(".")), "pin one exact version"


def test_bytes_match_the_lock() -> None:
    assert mismatches(VENDOR, entries()) == []


def test_no_file_lies_beside_the_lock_unlisted() -> None:
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert found - {LOCK.name} == {row["file"] for row in entries()}


def test_the_check_fires_on_a_changed_byte(tmp_path: Path) -> None:
    row = entries()[0]
    (tmp_path / row["file"]).write_bytes((VENDOR / row["file"]).read_bytes() + b" ")
    assert mismatches(tmp_path, [row]) == [row["file"]]
