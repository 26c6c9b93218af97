"""Demo accounts: they exist only on a server that loaded the sample library."""

from functools import lru_cache

from django.contrib.auth.hashers import check_password
from django.db import transaction

from medweb.accounts.models import Role, User
from medweb.accounts.services import create_user

# Printed on the sign-in page of demo servers, by design.
PASSWORD = "reading-room"  # noqa: S105
ACCOUNTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("student", "Sam Student", (Role.STUDENT,)),
    ("instructor", "Ina Instructor", (Role.INSTRUCTOR,)),
    ("staff", "Stefan Staff", (Role.STAFF,)),
    ("admin", "Ada Administrator", (Role.ADMINISTRATOR,)),
)
LIBRARIAN = "sample-library"


@transaction.atomic
def create_accounts() -> None:
    """Make those that are missing, and the librarian who owns the sample sets and cannot sign in."""
    if not User.objects.filter(username=LIBRARIAN).exists():
        create_user(
            username=LIBRARIAN,
            display_name="Sample library",
            password=None,
            roles=[Role.INSTRUCTOR],
            by=None,
        )
    for username, display_name, roles in ACCOUNTS:
        if not User.objects.filter(username=username).exists():
            create_user(
                username=username, display_name=display_name, password=PASSWORD, roles=list(roles), by=None
            )


@lru_cache(maxsize=32)
def _still_printed(encoded: str) -> bool:
    """Whether a stored hash is that of the printed password; cached, because checking is slow on purpose."""
    return check_password(PASSWORD, encoded)


def shown() -> list[tuple[str, str]]:
    """User name and role words of the demo accounts whose password is still the printed one."""
    if not User.objects.filter(username=LIBRARIAN).exists():
        return []
    stored = dict(
        User.objects.filter(username__in=[name for name, _d, _r in ACCOUNTS], is_active=True).values_list(
            "username", "password"
        )
    )
    return [
        (name, ", ".join(str(Role(role).label) for role in roles))
        for name, _display, roles in ACCOUNTS
        if name in stored and _still_printed(stored[name])
    ]
