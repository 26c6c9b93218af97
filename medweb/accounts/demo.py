"""Demo accounts: they exist only on a server that loaded the sample library."""

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
    """Make those that are missing; an account that exists is left as it is."""
    for username, display_name, roles in ACCOUNTS:
        if not User.objects.filter(username=username).exists():
            create_user(
                username=username, display_name=display_name, password=PASSWORD, roles=list(roles), by=None
            )


def shown() -> list[tuple[str, str]]:
    """User name and role words of the demo accounts that still have the printed password's account."""
    known = {name for name, _display, _roles in ACCOUNTS}
    present = set(User.objects.filter(username__in=known, is_active=True).values_list("username", flat=True))
    if not User.objects.filter(username=LIBRARIAN).exists():
        return []
    return [
        (name, ", ".join(str(Role(role).label) for role in roles))
        for name, _display, roles in ACCOUNTS
        if name in present
    ]
