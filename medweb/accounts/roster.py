"""A list of people as CSV: read line by line, with what is wrong on each."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from medweb.accounts.models import Role, User

COLUMNS = ("username", "display_name", "email", "roles")
MOST_PEOPLE = 500
MOST_CHARACTERS = 200_000
_valid_name = UnicodeUsernameValidator()


@dataclass
class Entry:
    """One line: a person who would be made, and why not."""

    line: int
    username: str
    display_name: str
    email: str
    roles: list[str]
    errors: list[str] = field(default_factory=list)


def decoded(data: bytes) -> str:
    """Text of a file; spreadsheets put a mark before it."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        told = _("The file is not UTF-8 text. Save it as “CSV UTF-8” and choose it again.")
        raise ValidationError(told) from None


def parse(text: str) -> list[Entry]:
    """People of a list, each with what is wrong.

    The first line names the columns: ``username``, and ``display_name``, ``email`` and ``roles`` when wanted;
    roles are separated by blanks, and whoever has none is a student. Commas, semicolons or tabs part cells.

    Raises
    ------
    ValidationError
        It is no such list at all.
    """
    if len(text) > MOST_CHARACTERS or "\0" in text:
        raise ValidationError(_("This is no list of people: it is too long, or no text."))
    lines = text.lstrip("\ufeff").strip("\r\n")
    head = lines.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(lines), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        found = [(rows.line_num, cells) for cells in rows if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise ValidationError(_("The list cannot be read: %(why)s.") % {"why": error}) from None
    if "username" not in names or not set(names) <= set(COLUMNS) or len(set(names)) != len(names):
        told = _(
            "The first line has to name the columns: username, and display_name, email and roles if wanted."
        )
        raise ValidationError(told)
    if not found:
        raise ValidationError(_("There is nobody in the list: put one person on each line below the first."))
    if len(found) > MOST_PEOPLE:
        raise ValidationError(
            _("At most %(n)d people can be made at once; divide the list.") % {"n": MOST_PEOPLE}
        )
    return _judged([_entry(line, cells, names) for line, cells in found])


def _entry(line: int, cells: list[str], names: list[str]) -> Entry:
    values = dict.fromkeys(COLUMNS, "") | dict(zip(names, (cell.strip() for cell in cells), strict=False))
    roles = values["roles"].replace(",", " ").replace(";", " ").lower().split() or [Role.STUDENT]
    entry = Entry(
        line, values["username"], values["display_name"], values["email"], list(dict.fromkeys(roles))
    )
    if len(cells) > len(names):
        entry.errors.append(_("There are more cells than columns."))
    return entry


def _judged(entries: list[Entry]) -> list[Entry]:
    asked = [entry.username.lower() for entry in entries]
    taken = set(
        User.objects.annotate(low=Lower("username")).filter(low__in=asked).values_list("low", flat=True)
    )
    seen: dict[str, int] = {}
    for entry in entries:
        low = entry.username.lower()
        if not entry.username:
            entry.errors.append(_("The user name is missing."))
        elif low in seen:
            entry.errors.append(_("Line %(n)d has the same user name.") % {"n": seen[low]})
        elif low in taken:
            entry.errors.append(_("Somebody has this user name already."))
        seen.setdefault(low, entry.line)
        if entry.username:
            _check(entry, _valid_name, entry.username)
        if len(entry.username) > 150 or len(entry.display_name) > 120:
            entry.errors.append(_("The name is too long."))
        if entry.email:
            _check(entry, validate_email, entry.email)
        if unknown := [role for role in entry.roles if role not in Role.values]:
            told = _("There is no role “%(role)s”; there are %(known)s.")
            entry.errors.append(told % {"role": unknown[0][:40], "known": ", ".join(Role.values)})
    return entries


def _check(entry: Entry, validate: Callable[[str], None], value: str) -> None:
    try:
        validate(value)
    except ValidationError as error:
        entry.errors += error.messages
