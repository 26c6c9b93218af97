"""Who takes the sweep: never only a process that may be at one long job."""

from types import SimpleNamespace

import pytest
import yaml

from medweb.jobs.registry import QUEUES
from medweb.launch.__main__ import Launch
from tests.support import ROOT


def in_compose() -> list[list[str]]:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return [service["command"] for service in services.values() if "-Q" in service.get("command", [])]


def on_one_computer() -> list[list[str]]:
    started = []
    launch = Launch.__new__(Launch)
    launch.port = 8000
    launch.supervisor = SimpleNamespace(add=started.append)
    launch.child = lambda name, *arguments: list(arguments)
    launch.wait_until_ready = lambda: None
    launch.start_services()
    return [command for command in started if "-Q" in command]


@pytest.mark.parametrize("commands", [in_compose, on_one_computer])
def test_two_workers_take_the_sweep_and_every_queue_is_taken(commands):
    taken = [set(command[command.index("-Q") + 1].split(",")) for command in commands()]
    assert sum("sweep" in queues for queues in taken) == 2
    assert set().union(*taken) == set(QUEUES)
