"""Under which name a person sees the author of a layer."""

from django.utils.translation import gettext as _

from cases.models import Annotation
from medweb.accounts.models import Role, User


def letters(number: int) -> str:
    """Letters of a number from 0: A to Z, then AA, AB and so on.

    Examples
    --------
    >>> letters(0), letters(25), letters(26), letters(27 * 26)
    ('A', 'Z', 'AA', 'AAA')
    """
    made = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        made = chr(ord("A") + rest) + made
    return made


def author_shown(annotation: Annotation, user: User) -> str:
    """The name of who drew ``annotation``, as ``user`` may know it.

    While the reading is blinded only administrators know readers; the reference is the case author's for all.
    """
    if annotation.author_id == user.pk or annotation.is_reference or user.has_role(Role.ADMINISTRATOR):
        return str(annotation.author)
    if not hasattr(annotation, "blinded"):
        annotation = Annotation.objects.with_readers().select_related("author").get(pk=annotation.pk)
    if not annotation.blinded:  # type: ignore[attr-defined]
        return str(annotation.author)
    number = annotation.reader_number  # type: ignore[attr-defined]
    return _("Reader %(letter)s") % {"letter": letters(number)} if number is not None else _("Reader")
