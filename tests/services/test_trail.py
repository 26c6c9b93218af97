"""Every service that writes leaves an audit event in its transaction, and tells pages names and ids only."""

import ast
import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

import analysis.services
import cases.services
from medweb.audit.models import AuditEvent
from medweb.jobs.models import State
from tests.services.library_scenarios import PARTS, SCENARIOS
from tests.services.scenarios import World
from tests.support import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]

EVENTS = {
    "job-changed", "case-changed", "uploads-changed", "annotations-changed", "analysis-changed",
    "models-changed", "notices-changed", "presence-changed", "talk-changed",
}  # fmt: skip
IDS = {"job", "case", "upload", "series", "collection", "annotation", "revision"}
TOPIC = re.compile(r"(case|job|jobs|training|user):(\d+|all)")


def services() -> set[str]:
    """Every public function that takes ``by``, the person who acts."""
    names = ["medweb.accounts.services", "medweb.jobs.services"]
    for package in (cases.services, analysis.services):
        names += [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]
    return {
        f"{name}.{function.__name__}"
        for name in names
        for function in vars(import_module(name)).values()
        if inspect.isfunction(function)
        and function.__module__ == name
        and not function.__name__.startswith("_")
        and "by" in inspect.signature(function).parameters
    }


def test_every_service_that_writes_has_a_scenario() -> None:
    assert services() == set(SCENARIOS) | PARTS
    assert PARTS.isdisjoint(SCENARIOS)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("service", sorted(SCENARIOS))
def test_an_act_leaves_its_event_and_names_only_ids(service: str, world: World, heard: Any) -> None:
    by, act = SCENARIOS[service](world)
    heard()
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    act()
    events = AuditEvent.objects.exclude(pk__in=before)
    assert events
    assert {event.actor_id for event in events} == {by.pk}
    for topic, message in heard():
        assert TOPIC.fullmatch(topic), topic
        assert message.pop("event") in EVENTS
        if "state" in message:
            assert message.pop("state") in State.values
        assert message.keys() <= IDS
        assert all(type(value) is int for value in message.values()), message


@pytest.mark.parametrize("service", sorted(SCENARIOS))
def test_an_act_that_is_rolled_back_leaves_nothing(service: str, world: World, heard: Any) -> None:
    _by, act = SCENARIOS[service](world)
    heard()
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    with transaction.atomic():
        act()
        assert AuditEvent.objects.exclude(pk__in=before).exists()
        transaction.set_rollback(True)
    assert set(AuditEvent.objects.values_list("pk", flat=True)) == before
    assert heard() == []


def test_no_line_of_code_publishes_more_than_ids() -> None:
    """The scenarios run services only; this reads every call, those in jobs included."""
    names, words = set(), set()
    for folder in ("medweb", "cases", "analysis"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "publish":
                    assert isinstance(node.args[1], ast.Constant), f"{path}:{node.lineno}"
                    names.add(node.args[1].value)
                    words.update(keyword.arg for keyword in node.keywords)
    assert names == EVENTS
    # "seldom" is how often, and stays here.
    assert words == IDS | {"state", "seldom"}
