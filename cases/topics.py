"""Who may listen to news about a case: who may see it."""

from cases.models import Case
from medweb.accounts.models import User
from medweb.live.topics import topic


@topic("case")
def case_topic(user: User, ident: str) -> bool:
    # More digits are no key: the database and int() both refuse them with an exception.
    known = ident.isdecimal() and len(ident) < 19
    return known and Case.objects.visible_to(user).filter(pk=int(ident)).exists()
