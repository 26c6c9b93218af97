"""``@job``: declares what a worker can do. The function gets a :class:`~medweb.jobs.run.Run` and ids."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

if TYPE_CHECKING:
    from medweb.jobs.models import Job

QUEUES = ("import", "analysis", "train", "sample", "sweep")


@dataclass(frozen=True)
class Kind:
    name: str
    queue: str
    minutes: float
    title: str | Promise
    function: Callable[..., None]
    on_abandoned: "Callable[[Job, str], None] | None"
    may_run: "Callable[..., None] | None" = None


_kinds: dict[str, Kind] = {}


def job(
    name: str,
    *,
    queue: str,
    minutes: float,
    title: str | Promise,
    on_abandoned: "Callable[[Job, str], None] | None" = None,
    may_run: "Callable[..., None] | None" = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a job kind.

    Parameters
    ----------
    name : str
        Stable dotted name, stored in the row.
    queue : str
        One of :data:`QUEUES`.
    minutes : float
        Longest time one attempt may take.
    title : str
        What the jobs page calls it.
    on_abandoned : callable, optional
        Called inside the transaction that ends a job without a result (failed or cancelled), with the row
        and the sentence shown; puts the subject's own row into its matching state.
    may_run : callable, optional
        ``may_run(user, **params)`` raises PermissionDenied, or ValidationError when the subject is gone.
        Asked before the job is tried again: rights may have been lost since it was asked for.
    """
    if queue not in QUEUES:
        raise ValueError(f"Unknown queue {queue!r}; one of {', '.join(QUEUES)}.")

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if name in _kinds and _kinds[name].function is not function:
            raise ValueError(f"Two jobs are called {name}.")
        _kinds[name] = Kind(name, queue, minutes, title, function, on_abandoned, may_run)
        return function

    return register


def kind(name: str) -> Kind:
    """The registered kind; one that no code knows any more still has a name to show."""
    if name in _kinds:
        return _kinds[name]

    def missing(*_args: Any, **_kwargs: Any) -> None:
        from medweb.jobs.run import JobFailed

        raise JobFailed(f"This server no longer knows the job kind {name}.")

    return Kind(name, "analysis", 1, name, missing, None)


def kinds() -> dict[str, Kind]:
    return dict(_kinds)


_chores: list[Callable[[], None]] = []


def housekeeping(function: Callable[[], None]) -> Callable[[], None]:
    """Register a short chore that the scheduler runs every ten minutes."""
    _chores.append(function)
    return function


def chores() -> list[Callable[[], None]]:
    return list(_chores)


_warm_ups: list[tuple[str, Callable[[], None]]] = []


def warms_up(queue: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register what a new worker process that serves ``queue`` does before its first job; returns at once."""
    if queue not in QUEUES:
        raise ValueError(f"Unknown queue {queue!r}; one of {', '.join(QUEUES)}.")

    def register(function: Callable[[], None]) -> Callable[[], None]:
        _warm_ups.append((queue, function))
        return function

    return register


def warm_ups(queues: Iterable[str]) -> list[Callable[[], None]]:
    """What was registered for any of ``queues``."""
    served = set(queues)
    return [function for queue, function in _warm_ups if queue in served]
