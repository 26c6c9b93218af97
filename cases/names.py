"""Under which name a person sees the author of a layer."""

from cases.models import Annotation
from medweb.accounts.models import User


def author_shown(annotation: Annotation, user: User) -> str:
    """The name of who drew ``annotation``, as ``user`` may know it."""
    return str(annotation.author)
