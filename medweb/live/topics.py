"""Topics a page can listen to, each with the rule who may. The stream is another read path."""

from collections.abc import Callable

from medweb.accounts.models import User

Rule = Callable[[User, str], bool]
_rules: dict[str, Rule] = {}


def topic(name: str) -> Callable[[Rule], Rule]:
    """Register the rule for topics ``name:<id>``."""

    def register(rule: Rule) -> Rule:
        _rules[name] = rule
        return rule

    return register


def allowed(user: User, names: list[str]) -> list[str]:
    """Those of ``names`` that ``user`` may hear now."""
    heard = []
    for full in names:
        head, _, ident = full.partition(":")
        rule = _rules.get(head)
        if rule is not None and rule(user, ident):
            heard.append(full)
    return heard


def known() -> frozenset[str]:
    return frozenset(_rules)
