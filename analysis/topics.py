"""Who may listen to news about the models of a collection: who may look at them."""

from analysis.querysets import collections_with_models_for
from medweb.accounts.models import User
from medweb.live.topics import topic


@topic("training")
def training_topic(user: User, ident: str) -> bool:
    # More digits are no key: the database and int() both refuse them with an exception.
    known = ident.isdecimal() and len(ident) < 19
    return known and collections_with_models_for(user).filter(pk=int(ident)).exists()
