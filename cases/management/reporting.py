"""What the import commands share: who does it, the bar, the table at the end."""

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from cases.services.datasets import Report
from medweb.accounts.models import Role, User


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--by", default="", help="User name of the instructor the cases will belong to")
    parser.add_argument("--json", action="store_true", help="Print the report as JSON and nothing else")


def add_pixels_checked(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--pixels-checked",
        action="store_true",
        help="Nobody is named in the pixels, says whom --by names; recorded, and no series waits at the desk",
    )


def person(username: str) -> User:
    """The named instructor, else the first one there is."""
    rows = User.objects.filter(
        is_active=True, role_grants__role__in=(Role.INSTRUCTOR, Role.ADMINISTRATOR)
    ).distinct()
    found = rows.filter(username=username).first() if username else rows.order_by("pk").first()
    if found is None:
        raise CommandError(
            f"There is no instructor {username!r}." if username else "There is no instructor account yet."
        )
    return found


class Bar:
    """One line that fills up; quiet when the output is for a program."""

    WIDTH = 30

    def __init__(self, stream: OutputWrapper, *, quiet: bool) -> None:
        self._stream, self._quiet, self._shown = stream, quiet, -1

    def __call__(self, done: int, total: int) -> None:
        if self._quiet:
            return
        percent = 100 * done // max(total, 1)
        if percent == self._shown:
            return
        self._shown = percent
        filled = self.WIDTH * done // max(total, 1)
        end = "\n" if done >= total else ""
        self._stream.write(f"\r[{'#' * filled:<{self.WIDTH}}] {done}/{total}", ending=end)
        self._stream.flush()


def write(stream: OutputWrapper, report: Report, *, as_json: bool) -> None:
    """The table of what was taken, known and refused, and why."""
    data: dict[str, Any] = report.as_dict()
    if as_json:
        stream.write(json.dumps(data))
        return
    for word in ("taken", "known", "refused", "regions"):
        stream.write(f"{word:<8} {data[word]:>7}")
    for reason, count in Counter(row.reason for row in report.rows if row.reason).most_common():
        stream.write(f"  {count} x {reason}")
    warned = [(row.row, text) for row in report.rows for text in row.warnings]
    for row, text in warned[:20]:
        stream.write(f"  row {row}: {text}")
    if len(warned) > 20:
        stream.write(f"  ... and {len(warned) - 20} more remarks")
